import { Resource, Stack, Token } from 'aws-cdk-lib';
import * as elbv2 from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import type { Construct, IConstruct } from 'constructs';
import { isElsewhere } from './other-stacks';

/** How clients reach a listener. */
export interface ListenerEndpoint {
  readonly secure: boolean;
  readonly port: number;
}

/** The protocol and port of a listener that is made elsewhere; undefined where nothing here tells it. */
export function endpointOf(listener: elbv2.IApplicationListener): ListenerEndpoint | undefined {
  const made = listener.node.defaultChild;
  if (made instanceof elbv2.CfnListener) {
    const { port, protocol } = made;
    if (port === undefined || Token.isUnresolved(port) || Token.isUnresolved(protocol)) return undefined;
    return { secure: protocol === 'HTTPS', port };
  }
  const { fromPort: port } = (listener.connections.defaultPort?.toRuleJson() ?? {}) as { fromPort?: number };
  // an imported one says its port at most; of these two everybody knows what is spoken there
  return port === 443 || port === 80 ? { secure: port === 443, port } : undefined;
}

/** Listeners whose default action forwards to a service, with its path. */
const taken = new WeakMap<elbv2.IApplicationListener, string>();

/** Forwards to a target group what no rule of the listener is for. */
export function forwardByDefault(
  scope: Construct,
  listener: elbv2.IApplicationListener,
  targetGroups: elbv2.ApplicationTargetGroup[],
): void {
  taken.set(listener, scope.node.path);
  listener.addTargetGroups('Default', { targetGroups });
}

/** Why a listener cannot forward everything to the one that asks. */
export function defaultProblems(scope: Construct, listener: elbv2.IApplicationListener): string[] {
  const before = taken.get(listener);
  const why = !Resource.isOwnedResource(listener)
    ? 'is imported'
    : isElsewhere(scope, listener)
      ? `is made in the stack ${Stack.of(listener).node.path}`
      : before !== undefined && `forwards to ${before} by default`;
  return why
    ? [`listener ${why}, so its default action cannot be set here: give listenerConditions and listenerPriority`]
    : [];
}

/** Other listeners of the load balancer in this app that have one of these ports. */
export function portProblems(loadBalancer: elbv2.IApplicationLoadBalancer, ports: readonly number[]): string[] {
  const listeners = constructsBeside(loadBalancer).filter((one) => one instanceof elbv2.CfnListener);
  return listeners
    .filter((one) => one.loadBalancerArn === loadBalancer.loadBalancerArn && ports.includes(one.port ?? -1))
    .map(
      ({ port, node }) =>
        `loadBalancer already has a listener at port ${port} (${node.scope!.node.path}): give that as listener, with listenerConditions and listenerPriority`,
    );
}

/** https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateRule.html */
const LAST_PRIORITY = 50_000;

/** Values of all conditions of a rule, which cannot be raised: https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-limits.html */
const CONDITION_VALUES = 5;

/** Why a rule cannot be made as it is asked for. */
export function ruleProblems(conditions: readonly elbv2.ListenerCondition[], priority: number): string[] {
  const problems: string[] = [];
  if (!Token.isUnresolved(priority) && !(Number.isInteger(priority) && priority >= 1 && priority <= LAST_PRIORITY)) {
    problems.push(`listenerPriority (${priority}) must be a whole number from 1 to ${LAST_PRIORITY}`);
  }
  if (conditions.length === 0) {
    problems.push(
      'listenerConditions must have at least one condition: leave out both it and listenerPriority for all requests',
    );
  }
  const values = conditions.map((condition) => valuesOf(condition.renderRawCondition())).reduce((sum, n) => sum + n, 0);
  if (values > CONDITION_VALUES) {
    problems.push(
      `listenerConditions have ${values} values, and a rule of a listener has at most ${CONDITION_VALUES}: give the rest to a rule of your own, or use a wildcard`,
    );
  }
  return problems;
}

/** How many values a condition has: each kind keeps them in a member of its own. */
function valuesOf(condition: unknown): number {
  return Object.values(condition as Record<string, unknown>).flatMap((config) => {
    const values = (config as { values?: unknown } | undefined)?.values;
    return Array.isArray(values) ? (values as unknown[]) : [];
  }).length;
}

/** Other rules of the listener in this app that have the same place. */
export function priorityProblems(
  listener: elbv2.IApplicationListener,
  priority: number | undefined,
  own?: IConstruct,
): string[] {
  const rules = constructsBeside(listener).filter((one) => one instanceof elbv2.CfnListenerRule);
  return rules
    .filter((one) => one.node.scope !== own && one.listenerArn === listener.listenerArn && one.priority === priority)
    .map(
      ({ node }) =>
        `listenerPriority (${priority}) is that of ${node.scope!.node.path} already: each rule of a listener needs its own`,
    );
}

const constructsBeside = (construct: IConstruct) => construct.node.root.node.findAll();
