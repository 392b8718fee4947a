import { SizeRoundingBehavior, Token, type Duration, type Size } from 'aws-cdk-lib';

/** Sizes of disks: whole GiB. */
export interface SizeRange {
  readonly from: number;
  readonly to: number;
  /** Why it may be no smaller, where that is not the service's own limit. */
  readonly since?: string;
}

/** GiB of gp3: https://docs.aws.amazon.com/ebs/latest/userguide/general-purpose.html */
const LARGEST_GP3 = 64 * 1024;

export const DATA_VOLUME: SizeRange = { from: 1, to: LARGEST_GP3 };

/** The images of the vendors have 8 GiB, and a volume is no smaller than its image. */
export const ROOT_VOLUME: SizeRange = { from: 8, to: LARGEST_GP3, since: 'the image has 8 GiB' };

/** https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/CHAP_Storage.html */
export const RDS_STORAGE: SizeRange = { from: 20, to: LARGEST_GP3 };

/** Why a size is none of a disk. */
export function sizeProblems(prop: string, size: Size | undefined, { from, to, since }: SizeRange): string[] {
  if (!size) return [];
  if (size.isUnresolved()) {
    return [`${prop} is a token, and aws-cdk-lib checks the size of a volume at synthesis: give a literal value`];
  }
  const gibibytes = size.toGibibytes({ rounding: SizeRoundingBehavior.NONE });
  if (Number.isInteger(gibibytes) && gibibytes >= from && gibibytes <= to) return [];
  return [
    `${prop} (${gibibytes} GiB) must be whole GiB, from ${from} GiB to ${to / 1024} TiB${since ? `: ${since}` : ''}`,
  ];
}

/** The longest that CloudFormation waits for a signal: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-attribute-creationpolicy.html */
const LONGEST_WAIT = 12 * 60 * 60;

/** No machine boots and installs its packages in less. */
const SHORTEST_WAIT = 60;

/** Why CloudFormation cannot wait as long. */
export function waitProblems(prop: string, duration: Duration | undefined): string[] {
  if (!duration) return [];
  if (duration.isUnresolved()) return [`${prop} is a token, and CloudFormation waits for a literal time: give one`];
  const seconds = duration.toSeconds({ integral: false });
  if (Number.isInteger(seconds) && seconds >= SHORTEST_WAIT && seconds <= LONGEST_WAIT) return [];
  return [
    `${prop} (${seconds} s) must be whole seconds, from ${SHORTEST_WAIT} s, in which no machine serves, to ${LONGEST_WAIT} s (12 hours), the longest that CloudFormation waits`,
  ];
}

/** Why a number is none of a port; one that is known when it is deployed may be. */
export function portProblems(prop: string, port: number | undefined): string[] {
  if (port === undefined || Token.isUnresolved(port)) return [];
  return Number.isInteger(port) && port >= 1 && port <= 65_535
    ? []
    : [`${prop} (${port}) must be a whole number from 1 to 65535`];
}

/** Why a text is no name of a server; one that is known when it is deployed may be. */
export function hostProblems(prop: string, host: string): string[] {
  if (Token.isUnresolved(host) || /^[A-Za-z0-9._-]+$/.test(host)) return [];
  const shown = /[@/]/.test(host) ? 'a URL' : JSON.stringify(host);
  return [`${prop} (${shown}) must be the name or IPv4 address of a server alone, without scheme, user, port or path`];
}
