import * as ec2 from 'aws-cdk-lib/aws-ec2';
import { refuse } from './plan/refuse';
import { vpcProblems, vpcsOfSubnets } from './vpcs';
import { zoneProblems } from './zones';

/** Where databases and caches are to be. */
export interface DataSubnets {
  readonly vpc: ec2.IVpc;
  /** The prop that says where. */
  readonly prop: string;
  readonly given?: ec2.SubnetSelection;
  /** What needs two zones; undefined where one is enough. */
  readonly inTwoZones?: string;
}

/**
 * Where databases and caches are: without a way to the internet if there is such a place, and never with a way from it.
 *
 * @throws when the VPC has public subnets alone, or subnets are of another VPC or of too few zones
 */
export function dataSubnets({ vpc, prop, given, inTwoZones }: DataSubnets): ec2.SubnetSelection {
  const subnets = given ?? closedSubnets(vpc, prop);
  const problems = vpcProblems(vpc, { [prop]: vpcsOfSubnets(given) }, 'the instances reach only what is in theirs');
  if (problems.length === 0 && inTwoZones) {
    problems.push(...zoneProblems(vpc, given ? prop : 'vpc', subnets, inTwoZones));
  }
  refuse(problems);
  return subnets;
}

function closedSubnets(vpc: ec2.IVpc, prop: string): ec2.SubnetSelection {
  if (vpc.isolatedSubnets.length > 0) return { subnetType: ec2.SubnetType.PRIVATE_ISOLATED };
  if (vpc.privateSubnets.length > 0) return { subnetType: ec2.SubnetType.PRIVATE_WITH_EGRESS };
  throw new Error(
    `the VPC has neither isolated nor private subnets, and a database or a cache is not put into public ones: give ${prop}, or a VPC with isolated subnets`,
  );
}
