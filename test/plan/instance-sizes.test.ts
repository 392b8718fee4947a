import { INSTANCE_SIZES, instanceSize } from '../../lib/plan';

test('the sizes are those of t3, t3a and t4g, the smallest first, of which t4g alone is ARM', () => {
  const sizes = ['nano', 'micro', 'small', 'medium', 'large', 'xlarge', '2xlarge'];
  const of = (family: string, architecture: string) => sizes.map((size) => `${family}.${size} ${architecture}`);
  expect(INSTANCE_SIZES.map(({ instanceType, architecture }) => `${instanceType} ${architecture}`)).toEqual([
    ...of('t3', 'x86_64'),
    ...of('t3a', 'x86_64'),
    ...of('t4g', 'arm64'),
  ]);
});

test('a size of another family offers the same', () => {
  expect(instanceSize('t4g.xlarge')).toEqual({
    instanceType: 't4g.xlarge',
    architecture: 'arm64',
    vcpus: 4,
    memoryMiB: 16384,
    baselinePercent: 40,
    creditsPerHour: 96,
  });
  expect(instanceSize('t3a.xlarge')).toEqual({
    ...instanceSize('t4g.xlarge'),
    instanceType: 't3a.xlarge',
    architecture: 'x86_64',
  });
});
