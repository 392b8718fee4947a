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
