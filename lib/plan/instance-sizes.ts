/**
 * What one EC2 instance size offers: the numbers that workers and memory are planned from.
 *
 * @see https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/burstable-credits-baseline-concepts.html
 */
export interface InstanceSizeFacts {
  /** Instance type, for example `t3.small`. */
  readonly instanceType: string;
  /** CPU architecture in the words of EC2: `x86_64` or `arm64`. */
  readonly architecture: string;
  /** Number of virtual CPUs. */
  readonly vcpus: number;
  /** Memory in MiB. */
  readonly memoryMiB: number;
  /** Share of each vCPU, in percent, that can be used for ever without spending CPU credits. */
  readonly baselinePercent: number;
  /** CPU credits earned in an hour; one credit is one vCPU-minute. */
  readonly creditsPerHour: number;
}

/** size, vCPUs, MiB, baseline per vCPU, credits per hour: equal in t3, t3a and t4g (EC2 user guide, burstable baseline table). */
const BURSTABLE: ReadonlyArray<readonly [string, number, number, number, number]> = [
  ['nano', 2, 512, 5, 6],
  ['micro', 2, 1024, 10, 12],
  ['small', 2, 2048, 20, 24],
  ['medium', 2, 4096, 20, 24],
  ['large', 2, 8192, 30, 36],
  ['xlarge', 4, 16384, 40, 96],
  ['2xlarge', 8, 32768, 40, 192],
];

const FAMILIES: ReadonlyArray<readonly [string, string]> = [
  ['t3', 'x86_64'],
  ['t3a', 'x86_64'],
  ['t4g', 'arm64'],
];

export const INSTANCE_SIZES: readonly InstanceSizeFacts[] = FAMILIES.flatMap(([family, architecture]) =>
  BURSTABLE.map(([size, vcpus, memoryMiB, baselinePercent, creditsPerHour]) => ({
    instanceType: `${family}.${size}`,
    architecture,
    vcpus,
    memoryMiB,
    baselinePercent,
    creditsPerHour,
  })),
);

/** The facts of an instance type, or undefined where the table does not know it. */
export function instanceSize(instanceType: string): InstanceSizeFacts | undefined {
  return INSTANCE_SIZES.find((size) => size.instanceType === instanceType);
}
