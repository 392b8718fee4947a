import { longestBytes } from '../../lib/longest-text';

// Distinct lengths, so that no two tokens can be taken for each other.
test.each([
  ['plain text', 10, 'plain text'],
  ['text outside ASCII in bytes', 3, '€'],
  ['a region', 16, { Ref: 'AWS::Region' }],
  ['an account', 12, { Ref: 'AWS::AccountId' }],
  ['a stack name', 128, { Ref: 'AWS::StackName' }],
  ['a DNS name of a load balancer', 96, { 'Fn::GetAtt': ['LoadBalancer', 'DNSName'] }],
  ['an address range', 18, { 'Fn::GetAtt': ['Vpc', 'CidrBlock'] }],
  ['another resource', 256, { Ref: 'Secret' }],
  ['another function', 256, { 'Fn::ImportValue': 'Name' }],
  ['a text with variables', 3 + 12 + 1 + 16, { 'Fn::Sub': 'cdk${AWS::AccountId}-${AWS::Region}' }],
  ['a text that is joined', 1 + 2 + 16 + 2 + 1, { 'Fn::Join': ['--', ['a', { Ref: 'AWS::Region' }, 'b']] }],
])('%s takes at most %d bytes', (_, bytes, text) => {
  expect(longestBytes(text)).toBe(bytes);
});
