import type * as elbv2 from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import { attributeOf, loadBalancerOf } from './load-balancer-attributes';

const MODE = 'routing.http.xff_header_processing.mode';

/**
 * What is wrong with a load balancer of this app that does not write its client's address behind `X-Forwarded-For`: the last one would be
 * its client's to invent, or nobody's.
 */
export function forwardedProblems(
  loadBalancer: elbv2.IApplicationLoadBalancer | undefined,
  listener: elbv2.IApplicationListener | undefined,
): string[] {
  const given = loadBalancer ?? loadBalancerOf(listener);
  const mode = given && attributeOf(given, MODE, 'append');
  if (mode === undefined || mode === 'append') return [];
  return [
    `${loadBalancer ? 'loadBalancer' : 'the load balancer of listener'} has ${MODE} ${JSON.stringify(mode)}, so that nobody knows who asks: set it to append, its default`,
  ];
}
