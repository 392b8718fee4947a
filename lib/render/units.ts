/** A size in MiB as nginx reads it: a whole number. */
export function nginxSize(mebibytes: number): string {
  if (Number.isInteger(mebibytes)) return mebibytes === 0 ? '0' : `${mebibytes}m`;
  return `${Math.ceil(mebibytes * 1024)}k`;
}

/** A time in seconds as nginx reads it: a whole number. */
export function nginxTime(seconds: number): string {
  return Number.isInteger(seconds) ? `${seconds}s` : `${Math.ceil(seconds * 1000)}ms`;
}
