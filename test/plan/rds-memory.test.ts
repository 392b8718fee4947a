import { rdsMemory } from '../../lib/plan';

test.each([
  ['t3.micro', 1],
  ['t4g.small', 2],
  ['t3.medium', 4],
  ['t2.large', 8],
  ['t3.xlarge', 16],
  ['t3.2xlarge', 32],
  ['m5.large', 8],
  ['m6g.xlarge', 16],
  ['m5.2xlarge', 32],
  ['m5.24xlarge', 384],
  ['r6g.large', 16],
  ['r5.xlarge', 32],
  ['r5.12xlarge', 384],
])('the class db.%s has %i GiB', (instanceType, gibibytes) => {
  expect(rdsMemory(instanceType)).toBe(gibibytes * 1024);
});

test.each([
  'x2g.large',
  'c5.large',
  'm5.micro',
  'm5.metal',
  'm5.xxlarge',
  'm5.a2xlarge',
  'm5.2xlarges',
  'trn1.micro',
  't3.constructor',
])('the class db.%s is not known', (instanceType) => {
  expect(rdsMemory(instanceType)).toBeUndefined();
});

test.each(['at3.micro', 'at3.large', 'xm5.large', 't3', 'm5', 'm5.', '.large', ''])(
  '%j is no class',
  (instanceType) => {
    expect(rdsMemory(instanceType)).toBeUndefined();
  },
);
