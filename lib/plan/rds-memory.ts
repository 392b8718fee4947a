/** GiB of `micro` to `large` in the burstable families: https://aws.amazon.com/rds/instance-types/ */
const BURSTABLE: Readonly<Record<string, number>> = { micro: 1, small: 2, medium: 4, large: 8 };

/** GiB of `large` in the families that do not burst, by their first letter. */
const LARGE: Readonly<Record<string, number>> = { m: 8, r: 16 };

/** MiB of a class of database instances; undefined where the family is another. */
export function rdsMemory(instanceType: string): number | undefined {
  const [family = '', size = ''] = instanceType.split('.');
  const large = /^t\d/.test(family) ? BURSTABLE.large : LARGE[family[0] ?? ''];
  const times = size === 'large' ? 1 : size === 'xlarge' ? 2 : 2 * Number(/^(\d+)xlarge$/.exec(size)?.[1]);
  const gibibytes = /^t\d/.test(family) && Object.hasOwn(BURSTABLE, size) ? BURSTABLE[size]! : large && large * times;
  return gibibytes ? gibibytes * 1024 : undefined;
}
