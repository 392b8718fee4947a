const UNITS: ReadonlyMap<string, number> = new Map([
  ['ms', 0.001],
  ['s', 1],
  ['m', 60],
  ['h', 3600],
  ['d', 86400],
  ['w', 604800],
]);

const BYTES: ReadonlyMap<string, number> = new Map([
  ['', 1],
  ['k', 1024],
  ['m', 1024 ** 2],
  ['g', 1024 ** 3],
]);

/** Seconds of an nginx time such as `75s`, `5m`, `1h30m`, `500ms` or `60`; undefined where it is none. */
export function nginxSeconds(text: string): number | undefined {
  const compact = text.replace(/\s+/g, '');
  if (/^\d+$/.test(compact)) return Number(compact);
  if (!/^(\d+(ms|[smhdw]))+$/.test(compact)) return undefined;
  const parts = [...compact.matchAll(/(\d+)(ms|[smhdw])/g)].map(([, digits, unit]) => {
    const seconds = UNITS.get(unit ?? '') ?? NaN;
    return { seconds, value: Number(digits) * seconds };
  });
  // larger units come first: `75s 60s` are two arguments
  if (parts.some(({ seconds }, index) => index > 0 && seconds >= parts[index - 1]!.seconds)) return undefined;
  return parts.reduce((sum, { value }) => sum + value, 0);
}

/** MiB of an nginx size such as `10m`, `512k`, `1g` or `1048576`; undefined where it is none. */
export function nginxMebibytes(text: string): number | undefined {
  const match = /^(\d+)([kmg]?)$/.exec(text.trim().toLowerCase());
  if (!match) return undefined;
  return (Number(match[1]) * (BYTES.get(match[2] ?? '') ?? NaN)) / 1024 ** 2;
}
