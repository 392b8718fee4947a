import { Token } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';

/** Where a load balancer may speak from whose VPC does not know its own ranges, RFC 1918. */
export const PRIVATE_RANGES: readonly string[] = ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16'];

/**
 * The address ranges of a VPC: its own, those that were associated in this app, and those of its subnets that lie outside of them, as far
 * as it knows them.
 */
export function rangesOf(vpc: ec2.IVpc): string[] {
  const own = known(() => vpc.vpcCidrBlock);
  const associated = vpc.node.root.node
    .findAll()
    .filter((one) => one instanceof ec2.CfnVPCCidrBlock)
    .filter(({ vpcId }) => vpcId === vpc.vpcId)
    .map(({ cidrBlock }) => cidrBlock)
    .filter((range) => range !== undefined);
  const ranges = [...(own === undefined ? PRIVATE_RANGES : [own]), ...associated];
  // subnets of a VPC of this app lie in its ranges, which are tokens
  if (Token.isUnresolved(own)) return ranges;
  for (const subnet of [...vpc.publicSubnets, ...vpc.privateSubnets, ...vpc.isolatedSubnets]) {
    const range = known(() => subnet.ipv4CidrBlock);
    if (range !== undefined && !ranges.some((wider) => lies(range, wider))) ranges.push(range);
  }
  return ranges;
}

/** What is imported throws where it does not know. */
function known(range: () => string): string | undefined {
  try {
    return range();
  } catch {
    return undefined;
  }
}

/** Whether a range lies within another, of IPv4. */
function lies(range: string, within: string): boolean {
  if (Token.isUnresolved(range) || Token.isUnresolved(within)) return range === within;
  const [from, length] = parsed(range);
  const [start, shorter] = parsed(within);
  const hosts = 2 ** (32 - shorter);
  return length >= shorter && Math.floor(from / hosts) === Math.floor(start / hosts);
}

function parsed(range: string): [address: number, length: number] {
  const [address, length] = range.split('/');
  return [address!.split('.').reduce((sum, byte) => sum * 256 + Number(byte), 0), Number(length ?? 32)];
}
