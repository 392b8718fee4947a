import { Stack } from 'aws-cdk-lib';
import * as elbv2 from 'aws-cdk-lib/aws-elasticloadbalancingv2';

/** The load balancer of a listener that is made in this app. */
export function loadBalancerOf(
  listener: elbv2.IApplicationListener | undefined,
): elbv2.IApplicationLoadBalancer | undefined {
  return listener && 'loadBalancer' in listener ? (listener.loadBalancer as elbv2.IApplicationLoadBalancer) : undefined;
}

/**
 * An attribute of a load balancer as text; undefined where it is made elsewhere, or known only when it is deployed.
 *
 * @param unset what Elastic Load Balancing has where nobody set it
 */
export function attributeOf({ node }: elbv2.IApplicationLoadBalancer, key: string, unset: string): string | undefined {
  const made = node.defaultChild;
  if (!(made instanceof elbv2.CfnLoadBalancer)) return undefined;
  // with whatever was written over it by an escape hatch
  const template = Stack.of(made).resolve(made._toCloudFormation()) as Template;
  const [resource] = Object.values(template.Resources);
  const attributes = resource?.Properties?.LoadBalancerAttributes ?? [];
  if (!Array.isArray(attributes)) return undefined;
  const value = (attributes as Array<{ Key?: unknown; Value?: unknown }>)
    .filter(({ Key }) => Key === key)
    .at(-1)?.Value;
  if (value === undefined) return unset;
  return typeof value === 'string' || typeof value === 'number' ? String(value) : undefined;
}

interface Template {
  readonly Resources: Readonly<Record<string, { readonly Properties?: { readonly LoadBalancerAttributes?: unknown } }>>;
}
