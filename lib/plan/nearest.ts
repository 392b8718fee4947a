/** The name that was probably meant: the only one that goes on where this one ends, or one that is few letters away. */
export function nearest(name: string, names: readonly string[]): string | undefined {
  const wanted = words(name);
  const longer = names.filter((one) => words(one).startsWith(`${wanted}_`));
  if (longer.length === 1) return longer[0];
  const [best] = names
    .map((one) => ({ one, far: distance(wanted, words(one)) }))
    .filter(({ far }) => far <= Math.min(3, Math.floor(wanted.length / 3)))
    .sort((a, b) => a.far - b.far);
  return best?.one;
}

/** The name that is the same but for a slip of the pen: a letter or two, or how its words are parted. */
export function misspelt(name: string, names: readonly string[]): string | undefined {
  const slips = Math.min(2, Math.floor(name.length / 4));
  return names.find((one) => distance(words(name), words(one)) <= slips);
}

/** A name in whichever way it is written, with underscores. */
function words(name: string): string {
  return name
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .replaceAll('-', '_')
    .toLowerCase();
}

/** Letters to change, leave out or put in (Levenshtein). */
function distance(one: string, other: string): number {
  let row = Array.from({ length: other.length + 1 }, (_, index) => index);
  for (const [i, letter] of [...one].entries()) {
    const next = [i + 1];
    for (const [j, another] of [...other].entries()) {
      next.push(Math.min(next[j]! + 1, row[j + 1]! + 1, row[j]! + (letter === another ? 0 : 1)));
    }
    row = next;
  }
  return row[other.length]!;
}
