import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ProjectFiles } from '../../lib/project/files';
import { literally, patternsIn } from '../../lib/project/ignored';
import { problemOf } from '../../lib/project/modules';
import { definedIn } from '../../lib/project/python-source';
import { uploadedFiles } from '../../lib/uploaded-files';

test('a name beside a function is one of the module, and a name in it is not', () => {
  const { names } = definedIn('if DEBUG:\n    def make():\n        inner = 1\n    app = make()\nother = 2\n');
  expect(names).toEqual(['make', 'app', 'other']);
});

test('modules are proposed from as deep as people put them, and no deeper', () => {
  const paths = ['requirements.txt', 'a/b/wsgi.py', 'a/b/c/wsgi.py', 'a/other.py'];
  const files = new ProjectFiles(paths, (path) => (path.endsWith('.py') ? 'application = 1' : ''));
  expect(problemOf(files, [''], { prop: 'wsgi', value: 'shop.wsgi:application' })).toMatch(
    /: there is a\.b\.wsgi:application$/,
  );
});

describe('a line of an ignore file in a folder', () => {
  test.each([
    ['dist/', '/web/**/dist/'],
    ['dist/  ', '/web/**/dist/  '],
    ['/dist ', '/web/dist '],
    ['a/b', '/web/a/b'],
    ['!keep', '!/web/**/keep'],
  ])('%j is %j', (line, pattern) => {
    expect(patternsIn('web', line)).toEqual([pattern]);
  });

  test('names its folder literally', () => {
    expect(patternsIn('my [a] ', 'x')).toEqual(['/my\\ \\[a\\]\\ /**/x']);
    expect(literally('#a !?*\\ ')).toBe('/\\#a\\ \\!\\?\\*\\\\\\ ');
  });
});

test('what its owner may run is an executable on the machine, and what others may run is not', () => {
  const directory = mkdtempSync(join(tmpdir(), 'small-'));
  try {
    const modes = { owner: 0o744, others: 0o655, nobody: 0o644 };
    for (const [name, mode] of Object.entries(modes)) {
      writeFileSync(join(directory, name), '');
      chmodSync(join(directory, name), mode);
    }
    expect(uploadedFiles(directory, []).executables).toEqual(['owner']);
  } finally {
    rmSync(directory, { recursive: true });
  }
});
