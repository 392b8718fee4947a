import { execFileSync } from 'node:child_process';
import { filesUnder, ROOT, textOf } from '../support/repository';

const sources = filesUnder('lib', '.ts');

/** The submodules of aws-cdk-lib that a new node process has loaded after these imports. */
function loadedBy(...modules: string[]): string[] {
  const script = `
    for (const name of ${JSON.stringify(modules)}) require(name);
    const files = Object.keys(require.cache).map((file) => file.match(/aws-cdk-lib\\/(aws-[^/]+)\\//)?.[1]);
    console.log(JSON.stringify([...new Set(files)].filter(Boolean).sort()));`;
  return JSON.parse(
    execFileSync(process.execPath, ['--import', 'tsx', '--eval', script], { cwd: ROOT, encoding: 'utf8' }),
  ) as string[];
}

describe('importing the package', () => {
  test('loads the submodules of aws-cdk-lib that it names, and what those need, and no other', () => {
    const named = new Set(sources.flatMap((file) => textOf(file).match(/(?<=from ')aws-cdk-lib\/[^']+/g) ?? []));
    const needed = loadedBy('aws-cdk-lib', ...named);
    expect(loadedBy('./lib').filter((submodule) => !needed.includes(submodule))).toEqual([]);
  });

  test('names each submodule by its own path', () => {
    expect(sources.filter((file) => /import[^;]*\baws_\w+[^;]*from 'aws-cdk-lib'/.test(textOf(file)))).toEqual([]);
  });
});
