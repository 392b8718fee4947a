import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

const root = join(__dirname, '../..');
const pure = ['lib/plan', 'lib/render'].flatMap((folder) =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => join(folder, file)),
);

describe('the layers', () => {
  test.each(pure)('%s imports neither aws-cdk-lib nor constructs', (file) => {
    expect(readFileSync(join(root, file), 'utf8')).not.toMatch(
      /(from|import|require\()\s*['"](aws-cdk-lib|constructs)/,
    );
  });
});
