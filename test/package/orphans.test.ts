import { basename } from 'node:path';
import { filesUnder, textOf } from '../support/repository';

// A test that its runner does not find passes for ever.
describe('every test is found by its runner', () => {
  test('TypeScript under test is a .test.ts, or support, or an app that a machine boots', () => {
    const orphans = filesUnder('test', '.ts').filter((file) => !file.endsWith('.test.ts'));
    expect(orphans.filter((file) => !/^test\/(support|machine\/apps)\//.test(file))).toEqual([]);
  });

  test('no .test.ts lies outside test', () => {
    const elsewhere = ['lib', 'bin', 'examples', 'bench', 'runtime'];
    expect(elsewhere.flatMap((folder) => filesUnder(folder, '.test.ts'))).toEqual([]);
  });

  test('Python that defines tests is a test_*.py', () => {
    const definesTests = ['runtime', 'test/machine', 'bench']
      .flatMap((folder) => filesUnder(folder, '.py'))
      .filter((file) => /^\s*(async )?def test_/m.test(textOf(file)));
    expect(definesTests.filter((file) => !basename(file).startsWith('test_'))).toEqual([]);
  });
});
