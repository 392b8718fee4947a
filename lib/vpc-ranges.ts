import * as ec2 from 'aws-cdk-lib/aws-ec2';

/** The address ranges of a VPC, those that were associated in this app too; undefined where it does not know its own. */
export function rangesOf(vpc: ec2.IVpc): string[] | undefined {
  let primary: string;
  try {
    primary = vpc.vpcCidrBlock;
  } catch {
    // imported without: it throws
    return undefined;
  }
  const associated = vpc.node.root.node
    .findAll()
    .filter((one) => one instanceof ec2.CfnVPCCidrBlock)
    .filter(({ vpcId }) => vpcId === vpc.vpcId)
    .map(({ cidrBlock }) => cidrBlock)
    .filter((range) => range !== undefined);
  return [primary, ...associated];
}
