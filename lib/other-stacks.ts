import { Names, Resource, Stack, Token, type IResource, type ResourceEnvironment } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as elbv2 from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import * as iam from 'aws-cdk-lib/aws-iam';
import type { Construct, IConstruct } from 'constructs';
import { isKnown } from './known';

/*
 * What is made in another stack, as it is seen from this one. Methods of a construct write rules, listeners and policies into the stack
 * of that construct, and what they write names what is made here: the other stack would need this one, which needs the other. So a
 * stand-in is imported here, and everything is written here.
 */

/** Whether a construct belongs to another stack. */
export function isElsewhere(scope: IConstruct, construct: IConstruct): boolean {
  return Stack.of(scope) !== Stack.of(construct);
}

/** What may be reached, with rules that are written here. */
export function connectionsHere(scope: IConstruct, { connections }: ec2.IConnectable): ec2.Connections {
  const { securityGroups, defaultPort } = connections;
  if (!securityGroups.some((group) => isElsewhere(scope, group))) return connections;
  return new ec2.Connections({
    securityGroups: securityGroups.map((group) => securityGroupHere(scope, group)),
    defaultPort,
  });
}

/** A security group, with rules that are written here. */
export function securityGroupHere(scope: IConstruct, group: ec2.ISecurityGroup): ec2.ISecurityGroup {
  const stack = Stack.of(scope);
  return standIn(stack, group, (id) =>
    ec2.SecurityGroup.fromSecurityGroupId(stack, id, group.securityGroupId, {
      allowAllOutbound: group.allowAllOutbound,
      mutable: !isImmutable(group),
    }),
  );
}

/** A role, with policies that are written here. */
export function roleHere(scope: Construct, role: iam.IRole): iam.IRole {
  return standIn(scope, role, (id) => {
    const options = {
      mutable: !isImmutable(role),
      // of the ids of this stack alone: another stack that is given the same role would overwrite the policy
      defaultPolicyName: Names.uniqueResourceName(scope, { maxLength: 128 }),
    };
    return Token.isUnresolved(role.roleArn)
      ? iam.Role.fromRoleName(scope, id, role.roleName, options)
      : iam.Role.fromRoleArn(scope, id, role.roleArn, options);
  });
}

/** Whoever is granted something: a role is granted it here. */
export function principalHere(scope: Construct, { grantPrincipal }: iam.IGrantable): iam.IGrantable {
  return 'roleArn' in grantPrincipal ? roleHere(scope, grantPrincipal as iam.IRole) : grantPrincipal;
}

/** An Application Load Balancer, with rules that are written here. */
export function loadBalancerHere(
  scope: Construct,
  loadBalancer: elbv2.IApplicationLoadBalancer,
): elbv2.IApplicationLoadBalancer {
  const [group] = loadBalancer.connections.securityGroups;
  if (!group) return loadBalancer;
  const stack = Stack.of(scope);
  return standIn(stack, loadBalancer, (id) =>
    elbv2.ApplicationLoadBalancer.fromApplicationLoadBalancerAttributes(stack, id, {
      loadBalancerArn: loadBalancer.loadBalancerArn,
      securityGroupId: group.securityGroupId,
      securityGroupAllowsAllOutbound: group.allowAllOutbound,
      vpc: loadBalancer.vpc,
    }),
  );
}

/** A listener, with rules that are written here. */
export function listenerHere(scope: Construct, listener: elbv2.IApplicationListener): elbv2.IApplicationListener {
  const [group] = listener.connections.securityGroups;
  if (!group) return listener;
  return standIn(scope, listener, (id) =>
    elbv2.ApplicationListener.fromApplicationListenerAttributes(scope, id, {
      listenerArn: listener.listenerArn,
      securityGroup: securityGroupHere(scope, group),
    }),
  );
}

/**
 * One stand-in for each construct; none for what belongs here. Whatever has rules has one in the whole stack, so that two services
 * which share it write a rule once: EC2 does not take it twice.
 */
function standIn<T extends IConstruct>(scope: Construct, construct: T, make: (id: string) => T): T {
  if (!isElsewhere(scope, construct)) return construct;
  const id = `Elsewhere${construct.node.addr}`;
  return (scope.node.tryFindChild(id) as T | undefined) ?? make(id);
}

/** Whether it was imported with `mutable: false`, of which nothing but the name of its class tells. */
function isImmutable(construct: IConstruct): boolean {
  return construct.constructor.name.startsWith('Immutable');
}

/** What cannot be used where `scope` is deployed, one message each. */
export function otherEnvironments(scope: Construct, given: Readonly<Record<string, IResource | undefined>>): string[] {
  const here = Stack.of(scope);
  return Object.entries(given).flatMap(([prop, resource]) => {
    if (!resource) return [];
    const there = Stack.of(resource);
    if (Resource.isOwnedResource(resource) && there.environment !== here.environment) {
      return `${prop} is made for ${there.environment} and used in ${here.environment}: give both stacks the same env`;
    }
    if (isLookedUpLater(resource)) return [];
    return otherParts(here, prop, resource, partsThatMatter(resource));
  });
}

/** Whether a bucket that is written to is another account's, whose policy would have to allow it: it is nobody's here to write. */
export function otherAccount(scope: Construct, prop: string, bucket: IResource | undefined): string[] {
  return bucket ? otherParts(Stack.of(scope), prop, bucket, ['account']) : [];
}

type Part = 'region' | 'account';

function otherParts(here: Stack, prop: string, resource: IResource, parts: readonly Part[]): string[] {
  const env = environmentOf(resource);
  return parts
    .filter((part) => differ(env[part], here[part]))
    .map((part) => `${prop} is in ${part} ${env[part]} and used in ${here[part]}: give one of ${here[part]}`);
}

/** Whether the CLI has still to look it up: until then it has another account and region. */
function isLookedUpLater(resource: IResource): boolean {
  const arn =
    'loadBalancerArn' in resource ? resource.loadBalancerArn : 'listenerArn' in resource && resource.listenerArn;
  return typeof arn === 'string' && !Token.isUnresolved(arn) && !isKnown(arn);
}

/** A role is of an account alone, and what is allowed in a bucket or with a key is for its owner to say. */
function partsThatMatter(resource: IResource): Part[] {
  if ('roleArn' in resource) return ['account'];
  return 'bucketArn' in resource || 'keyArn' in resource ? ['region'] : ['region', 'account'];
}

/** An imported certificate says that it is where it was imported, and its ARN where it is. */
function environmentOf(resource: IResource): Pick<ResourceEnvironment, Part> {
  const arn = 'certificateArn' in resource ? (resource.certificateArn as string) : '';
  const [, region, account] = /^arn:[^:]+:acm:([^:]+):([^:]+):/.exec(arn) ?? [];
  return Token.isUnresolved(arn) || !region || !account ? resource.env : { region, account };
}

function differ(one: string, other: string): boolean {
  return !Token.isUnresolved(one) && !Token.isUnresolved(other) && one !== other;
}
