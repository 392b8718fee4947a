import { Reference, Tokenization, type IResolvable } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import type * as elbv2 from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import type { IConstruct } from 'constructs';
import type { DataAccess } from './data-access';
import { isKnown, told } from './known';

/** What is in another VPC than it has to be, one message for each prop. `why` says why it has to be in the same. */
export function vpcProblems(
  vpc: ec2.IVpc | undefined,
  given: Readonly<Record<string, readonly (string | undefined)[]>>,
  why: string,
): string[] {
  if (!vpc) return [];
  return Object.entries(given).flatMap(([prop, ids]) => {
    const other = ids.find((id) => areDifferent(id, vpc.vpcId));
    return other === undefined
      ? []
      : [`${prop} is in the VPC ${nameOf(other)}, and vpc is ${nameOf(vpc.vpcId)}: ${why}, so give both the same VPC`];
  });
}

/** The VPCs of subnets that were chosen one by one. */
export function vpcsOfSubnets(selection: ec2.SubnetSelection | undefined): Array<string | undefined> {
  return (selection?.subnets ?? []).map(({ node }) => {
    const made = node.defaultChild;
    return made instanceof ec2.CfnSubnet ? made.vpcId : vpcIdOf(node.scope);
  });
}

/** The VPCs of security groups that are made in this app: of others nothing tells. */
export function vpcsOfGroups(groups: readonly ec2.ISecurityGroup[]): Array<string | undefined> {
  return groups.map(({ node }) =>
    node.defaultChild instanceof ec2.CfnSecurityGroup ? node.defaultChild.vpcId : undefined,
  );
}

/** What connects VPCs, where it is made in this app. */
const isBridge = (one: IConstruct) =>
  one instanceof ec2.CfnVPCPeeringConnection ||
  one instanceof ec2.CfnTransitGatewayAttachment ||
  one instanceof ec2.CfnTransitGatewayVpcAttachment;

/** Databases and caches that the machines of a VPC do not reach, unless something connects the two VPCs. */
export function reachProblems(vpc: ec2.IVpc, { _access }: { readonly _access: readonly DataAccess[] }): string[] {
  const ids = _access.flatMap(({ connections }) => vpcsOfGroups(connections?.securityGroups ?? []));
  const problems = vpcProblems(vpc, { 'the database or cache': ids }, 'nothing in this app connects the two');
  return problems.length > 0 && vpc.node.root.node.findAll().some(isBridge) ? [] : problems;
}

/** The VPC of a target group, which keeps it in a member that is not public. */
export function vpcsOfTargetGroup(targetGroup: elbv2.ITargetGroup): Array<string | undefined> {
  return [(targetGroup as { vpc?: ec2.IVpc }).vpc?.vpcId];
}

/** The VPC of a load balancer: one that was imported says it where it was told, and by its security groups. */
export function vpcsOfLoadBalancer(loadBalancer: elbv2.IApplicationLoadBalancer): Array<string | undefined> {
  return [told(() => loadBalancer.vpc?.vpcId), ...vpcsOfGroups(loadBalancer.connections.securityGroups)];
}

function vpcIdOf(construct: IConstruct | undefined): string | undefined {
  return construct && 'vpcId' in construct ? (construct.vpcId as string) : undefined;
}

/** Whether two are known to be two: by their ids, or because both are made in this app. */
function areDifferent(one: string | undefined, other: string): boolean {
  if (isKnown(one) && isKnown(other)) return one !== other;
  const [made, madeToo] = [vpcMadeAs(one), vpcMadeAs(other)];
  return made !== undefined && madeToo !== undefined && made !== madeToo;
}

/** The VPC that a reference is to, where it is made in this app. */
function vpcMadeAs(id: string | undefined): ec2.CfnVPC | undefined {
  const token: IResolvable | undefined = id === undefined ? undefined : Tokenization.reverseString(id).firstToken;
  const target = token && Reference.isReference(token) ? token.target : undefined;
  return target instanceof ec2.CfnVPC ? target : undefined;
}

/** Its id, or where it is made. */
function nameOf(id: string): string {
  const made = vpcMadeAs(id);
  return made ? (made.node.scope ?? made).node.path : id;
}
