import { Stack } from 'aws-cdk-lib';
import * as elbv2 from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import type { RequestPathPlan } from './request-path-plan';

/** What Elastic Load Balancing has where nobody set it: https://docs.aws.amazon.com/elasticloadbalancing/latest/application/edit-load-balancer-attributes.html */
const DEFAULT = 60;

const KEY = 'idle_timeout.timeout_seconds';

/**
 * Whether a load balancer of this app has the idle timeout that a plan counts on. To be asked at synthesis, when its attributes are all set.
 */
export function idleTimeoutProblems(
  { loadBalancer, listener }: { loadBalancer?: elbv2.IApplicationLoadBalancer; listener?: elbv2.IApplicationListener },
  plan: RequestPathPlan,
): string[] {
  const given = loadBalancer ?? loadBalancerOf(listener);
  const actual = given && idleTimeoutOf(given);
  const planned = plan.loadBalancer.idleTimeout;
  if (!given || actual === undefined || actual === planned) return [];
  return [
    `loadBalancerIdleTimeout of the plan (${planned} s) is not that of the load balancer ${given.node.path} (${actual} s${actual === DEFAULT ? ', the default' : ''}): ` +
      `state it as it is, or set idleTimeout of the load balancer to ${planned} s`,
  ];
}

/** The load balancer of a listener that is made in this app. */
export function loadBalancerOf(
  listener: elbv2.IApplicationListener | undefined,
): elbv2.IApplicationLoadBalancer | undefined {
  return listener && 'loadBalancer' in listener ? (listener.loadBalancer as elbv2.IApplicationLoadBalancer) : undefined;
}

/** Seconds; undefined where it is made elsewhere, or known only when it is deployed. */
function idleTimeoutOf({ node }: elbv2.IApplicationLoadBalancer): number | undefined {
  const made = node.defaultChild;
  if (!(made instanceof elbv2.CfnLoadBalancer)) return undefined;
  // with whatever was written over it by an escape hatch
  const template = Stack.of(made).resolve(made._toCloudFormation()) as Template;
  const [resource] = Object.values(template.Resources);
  const attributes = resource?.Properties?.LoadBalancerAttributes ?? [];
  if (!Array.isArray(attributes)) return undefined;
  const value = (attributes as Array<{ Key?: unknown; Value?: unknown }>)
    .filter(({ Key }) => Key === KEY)
    .at(-1)?.Value;
  if (value === undefined) return DEFAULT;
  return typeof value === 'string' || typeof value === 'number' ? Number(value) : undefined;
}

interface Template {
  readonly Resources: Readonly<Record<string, { readonly Properties?: { readonly LoadBalancerAttributes?: unknown } }>>;
}
