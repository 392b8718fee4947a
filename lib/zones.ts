import * as ec2 from 'aws-cdk-lib/aws-ec2';
import { isKnown, told } from './known';
import type { FrontDoorProps } from './load-balancing-props';

/*
 * Zones of subnets. They are told apart and never compared with a name: of an app that is not bound to a region each is a token, and two
 * subnets have the same one where they are in the same zone.
 */

/** Why subnets are in too few zones for what is in them; nothing where they are not known. */
export function zoneProblems(
  vpc: ec2.IVpc,
  prop: string,
  selection: ec2.SubnetSelection | undefined,
  what: string,
): string[] {
  const subnets = subnetsOf(vpc, selection);
  if (!subnets || new Set(zonesOf(subnets)).size >= 2) return [];
  const zone = zonesOf(subnets).find(isKnown);
  return [
    `${prop} has subnets of one zone${zone ? ` (${zone})` : ''}, and ${what} needs two: give subnets of two zones, or a VPC with maxAzs of 2 or more`,
  ];
}

/** Why a load balancer cannot be in its subnets, whatever its type. */
export function placeOfLoadBalancerProblems(
  vpc: ec2.IVpc,
  { loadBalancerSubnets: given, internetFacing = true }: Pick<FrontDoorProps, 'loadBalancerSubnets' | 'internetFacing'>,
): string[] {
  const problems: string[] = [];
  const subnets = subnetsOf(vpc, given ?? defaultSubnets(internetFacing)) ?? [];
  const closed = [...vpc.privateSubnets, ...vpc.isolatedSubnets];
  if (internetFacing && given && subnets.length > 0 && subnets.every((subnet) => closed.includes(subnet))) {
    problems.push(
      'loadBalancerSubnets are private, and internetFacing is true: give public subnets, or internetFacing: false',
    );
  }
  if (internetFacing && !given && vpc.publicSubnets.length === 0) {
    problems.push(
      'vpc has no public subnets, and internetFacing is true: give internetFacing: false, or a VPC with public subnets',
    );
  }
  const zones = zonesOf(subnets);
  const distinct = new Set(zones).size;
  if (distinct < zones.length) {
    problems.push(
      `the load balancer would be in ${zones.length} subnets of ${distinct} ${distinct === 1 ? 'zone' : 'zones'}, and takes one of each: give loadBalancerSubnets with onePerAz, or with the name of one group (subnetGroupName)`,
    );
  }
  return problems;
}

/** Where aws-cdk-lib puts a load balancer. */
export function defaultSubnets(internetFacing: boolean): ec2.SubnetSelection | undefined {
  return internetFacing ? { subnetType: ec2.SubnetType.PUBLIC } : undefined;
}

/** The subnets of a selection; undefined where there is none, or it is not known yet which: the VPC says so itself. */
export function subnetsOf(vpc: ec2.IVpc, selection: ec2.SubnetSelection | undefined): ec2.ISubnet[] | undefined {
  const subnets = told(() => vpc.selectSubnets(selection).subnets);
  return subnets && subnets.length > 0 ? subnets : undefined;
}

/** The zone of each subnet; one that does not say it has one of its own. */
function zonesOf(subnets: readonly ec2.ISubnet[]): Array<string | undefined> {
  return subnets.map((subnet) => told(() => subnet.availabilityZone) ?? subnet.node.path);
}
