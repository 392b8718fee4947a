/** A version as numbers: `[3, 13, 5]`. */
export type Version = readonly number[];

export const versionOf = (text: string): Version => text.split('.').map(Number);

/** Compares as PEP 440 does: what is not there is zero. */
export function compare(one: Version, other: Version): number {
  for (let index = 0; index < Math.max(one.length, other.length); index += 1) {
    const difference = (one[index] ?? 0) - (other[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

const startsWith = (version: Version, prefix: Version) => prefix.every((part, index) => version[index] === part);

/** The first version above all that start as this one does. */
const next = (prefix: Version): Version => [...prefix.slice(0, -1), prefix[prefix.length - 1]! + 1];

/**
 * Whether a version fits what a project asks for, in the words of PEP 440 (`>=3.11,<3.14`, `~=3.12`, `==3.12.*`) or Poetry (`^3.11`,
 * `~3.12`, `>=3.9 <4.0`, `||`). Undefined where the words are others.
 */
export function fits(version: Version, specifier: string): boolean | undefined {
  const alternatives = specifier.split(/\|\|?/).map((one) => all(version, one));
  if (alternatives.includes(true)) return true;
  return alternatives.includes(undefined) ? undefined : false;
}

function all(version: Version, specifier: string): boolean | undefined {
  const clauses = specifier
    .replace(/([<>=!~^])\s+/g, '$1')
    .split(/[\s,]+/)
    .filter((clause) => clause !== '');
  const answers = clauses.map((clause) => one(version, clause));
  if (answers.includes(undefined)) return undefined;
  return answers.every((answer) => answer);
}

/** A clause, whose version may be one before or after a release: those have the same fixes of the line. */
const PARTS = /^(={1,3}|!=|<=|>=|~=|[<>^~])?v?(\d+(?:\.\d+)*)(?:[._-]?(?:a|b|rc|dev|post)\d*)*(\.\*)?$/;

function one(version: Version, clause: string): boolean | undefined {
  if (clause === '*') return true;
  const parts = PARTS.exec(clause);
  if (!parts) return undefined;
  const [, operator = '==', digits, wildcard] = parts;
  const asked = versionOf(digits!);
  const atLeast = compare(version, asked) >= 0;
  switch (operator) {
    case '>=':
      return atLeast;
    case '>':
      return compare(version, asked) > 0;
    case '<=':
      return compare(version, asked) <= 0;
    case '<':
      return !atLeast;
    case '!=':
      return wildcard ? !startsWith(version, asked) : compare(version, asked) !== 0;
    case '~=':
      return atLeast && startsWith(version, asked.slice(0, -1));
    case '^':
      return atLeast && compare(version, next(asked.slice(0, 1))) < 0;
    case '~':
      return atLeast && compare(version, next(asked.slice(0, 2))) < 0;
    default:
      // Poetry's bare 3.12 means that line of versions; so does a pin that names no patch
      return wildcard || asked.length < 3 ? startsWith(version, asked) : compare(version, asked) === 0;
  }
}
