import { dirname, join } from 'node:path';
import { filesUnder, textOf } from '../support/repository';

function importsOf(file: string): string[] {
  return [...textOf(file).matchAll(/\b(?:from|import|require\()\s*'([^']+)'/g)].map(([, path = '']) =>
    path.startsWith('.') ? join(dirname(file), path) : path,
  );
}

// One direction: numbers, then text from numbers, then constructs from both.
describe.each([
  ['lib/plan', ['lib/plan']],
  ['lib/render', ['lib/render', 'lib/plan']],
  ['lib/project', ['lib/project', 'lib/render', 'lib/plan']],
])('%s', (layer, allowed) => {
  test.each(filesUnder(layer, '.ts'))('%s imports only what stands before it', (file) => {
    const beyond = importsOf(file).filter((path) => !allowed.some((folder) => `${path}/`.startsWith(`${folder}/`)));
    expect(beyond).toEqual([]);
  });
});

/** Files of a folder that lead back to themselves by what they import, types too: the first circle. */
function circleIn(folder: string): string[] {
  const files = new Set(filesUnder(folder, '.ts'));
  const done = new Set<string>();
  const walk = (file: string, path: readonly string[]): string[] => {
    if (path.includes(file)) return [...path.slice(path.indexOf(file)), file];
    if (done.has(file)) return [];
    for (const imported of importsOf(file).map((name) =>
      files.has(`${name}.ts`) ? `${name}.ts` : `${name}/index.ts`,
    )) {
      const circle = files.has(imported) ? walk(imported, [...path, file]) : [];
      if (circle.length > 0) return circle;
    }
    done.add(file);
    return [];
  };
  return [...files].map((file) => walk(file, [])).find((circle) => circle.length > 0) ?? [];
}

test('no file of the library leads back to itself', () => {
  expect(circleIn('lib')).toEqual([]);
});

test('fails on a circle, which is told from end to end', () => {
  expect(circleIn('test/support/circle')).toEqual(
    ['one', 'two', 'one'].map((name) => join('test/support/circle', `${name}.ts`)),
  );
});
