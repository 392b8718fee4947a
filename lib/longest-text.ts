/**
 * The longest values of CloudFormation's pseudo parameters: region `ap-northeast-1` and its like, partition `aws-iso-b`,
 * suffix `amazonaws.com.cn`; names of stacks end at 128 characters.
 */
const PSEUDO_PARAMETERS: Readonly<Record<string, number>> = {
  'AWS::AccountId': 12,
  'AWS::NoValue': 0,
  'AWS::Partition': 10,
  'AWS::Region': 16,
  'AWS::StackId': 256,
  'AWS::StackName': 128,
  'AWS::URLSuffix': 16,
};

/** Attributes of resources: a load balancer's name ends at 32 characters, its DNS name adds a number, region and suffix. */
const ATTRIBUTES: Readonly<Record<string, number>> = { CidrBlock: 18, DNSName: 96 };

/** What any other token may become: longer than the ARN of a generated secret, and than a DNS name (255). */
const OTHER_TOKEN = 256;

/** The most bytes that a resolved text of literals and CloudFormation functions can have. */
export function longestBytes(text: unknown): number {
  if (typeof text === 'string') return Buffer.byteLength(text);
  const [[name, value] = ['', undefined]] = Object.entries(text as Record<string, unknown>);
  if (name === 'Ref') return PSEUDO_PARAMETERS[value as string] ?? OTHER_TOKEN;
  if (name === 'Fn::GetAtt') return ATTRIBUTES[(value as string[])[1]!] ?? OTHER_TOKEN;
  if (name === 'Fn::Join') {
    const [separator, parts] = value as [string, unknown[]];
    return parts
      .map(longestBytes)
      .reduce((sum, bytes) => sum + bytes, (parts.length - 1) * Buffer.byteLength(separator));
  }
  if (name === 'Fn::Sub' && typeof value === 'string') {
    return value
      .split(/(\$\{[^}]+\})/)
      .map((part) => (/^\$\{/.test(part) ? longestBytes({ Ref: part.slice(2, -1) }) : Buffer.byteLength(part)))
      .reduce((sum, bytes) => sum + bytes, 0);
  }
  return OTHER_TOKEN;
}
