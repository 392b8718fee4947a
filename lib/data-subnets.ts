import * as ec2 from 'aws-cdk-lib/aws-ec2';

/**
 * Where databases and caches are: without a way to the internet if there is such a place, and never with a way from it.
 *
 * @throws when the VPC has public subnets alone
 */
export function dataSubnets(vpc: ec2.IVpc, prop: string, given: ec2.SubnetSelection | undefined): ec2.SubnetSelection {
  if (given) return given;
  if (vpc.isolatedSubnets.length > 0) return { subnetType: ec2.SubnetType.PRIVATE_ISOLATED };
  if (vpc.privateSubnets.length > 0) return { subnetType: ec2.SubnetType.PRIVATE_WITH_EGRESS };
  throw new Error(
    `the VPC has neither isolated nor private subnets, and a database or a cache is not put into public ones: give ${prop}, or a VPC with isolated subnets`,
  );
}
