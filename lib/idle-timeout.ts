import type * as elbv2 from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import { attributeOf, loadBalancerOf } from './load-balancer-attributes';
import type { RequestPathPlan } from './request-path-plan';

/** What Elastic Load Balancing has where nobody set it: https://docs.aws.amazon.com/elasticloadbalancing/latest/application/edit-load-balancer-attributes.html */
const DEFAULT = '60';

const KEY = 'idle_timeout.timeout_seconds';

/**
 * Whether a load balancer of this app has the idle timeout that a plan counts on. To be asked at synthesis, when its attributes are all set.
 */
export function idleTimeoutProblems(
  { loadBalancer, listener }: { loadBalancer?: elbv2.IApplicationLoadBalancer; listener?: elbv2.IApplicationListener },
  plan: RequestPathPlan,
): string[] {
  const given = loadBalancer ?? loadBalancerOf(listener);
  const actual = given && attributeOf(given, KEY, DEFAULT);
  const planned = plan.loadBalancer.idleTimeout;
  if (!given || actual === undefined || Number(actual) === planned) return [];
  return [
    `loadBalancerIdleTimeout of the plan (${planned} s) is not that of the load balancer ${given.node.path} (${actual} s${actual === DEFAULT ? ', the default' : ''}): ` +
      `state it as it is, or set idleTimeout of the load balancer to ${planned} s`,
  ];
}
