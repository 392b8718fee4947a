import { SizeRoundingBehavior, Token, type Duration, type Size } from 'aws-cdk-lib';

const unknown = (prop: string) =>
  new Error(
    `${prop} is a token and its value is not known at synthesis: every other number is derived from it, so give a literal value`,
  );

/** Seconds of a prop, undefined where it is absent. @throws when its value is not known at synthesis */
export function secondsOf(prop: string, duration: Duration | undefined): number | undefined {
  if (duration?.isUnresolved()) throw unknown(prop);
  return duration && duration.toMilliseconds({ integral: false }) / 1000;
}

/** MiB of a prop, undefined where it is absent. @throws when its value is not known at synthesis */
export function mebibytesOf(prop: string, size: Size | undefined): number | undefined {
  if (size?.isUnresolved()) throw unknown(prop);
  return size && size.toKibibytes({ rounding: SizeRoundingBehavior.NONE }) / 1024;
}

/** A number or name of a prop. @throws when its value is not known at synthesis */
export function literal<T extends number | string | undefined>(prop: string, value: T): T {
  if (value !== undefined && Token.isUnresolved(value)) throw unknown(prop);
  return value;
}
