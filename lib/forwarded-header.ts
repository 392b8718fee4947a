import { Stack } from 'aws-cdk-lib';
import * as elbv2 from 'aws-cdk-lib/aws-elasticloadbalancingv2';

const MODE = 'routing.http.xff_header_processing.mode';

/**
 * What is wrong with a load balancer of this app that does not write its client's address behind `X-Forwarded-For`: the last one would be
 * its client's to invent, or nobody's.
 */
export function forwardedProblems(
  loadBalancer: elbv2.IApplicationLoadBalancer | undefined,
  listener: elbv2.IApplicationListener | undefined,
): string[] {
  const given = loadBalancer ?? (listener instanceof elbv2.ApplicationListener ? listener.loadBalancer : undefined);
  const resource = given?.node.defaultChild;
  if (!(resource instanceof elbv2.CfnLoadBalancer)) return [];
  const attributes: unknown = Stack.of(resource).resolve(resource.loadBalancerAttributes) ?? [];
  const mode = (attributes as elbv2.CfnLoadBalancer.LoadBalancerAttributeProperty[]).find(({ key }) => key === MODE);
  if (mode === undefined || mode.value === 'append') return [];
  return [
    `${loadBalancer ? 'loadBalancer' : 'the load balancer of listener'} has ${MODE} ${JSON.stringify(mode.value)}, so that nobody knows who asks: set it to append, its default`,
  ];
}
