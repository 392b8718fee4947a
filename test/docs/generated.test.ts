import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { drawLadder, LADDER_PLAN } from '../../scripts/ladder';
import { withTables } from '../../scripts/readme-tables';

const read = (path: string) => readFileSync(resolve(__dirname, '../..', path), 'utf8');

test('the picture of the ladder is current: npx tsx scripts/ladder.ts > docs/ladder.svg', () => {
  expect(read('docs/ladder.svg')).toBe(drawLadder(LADDER_PLAN));
});

test('the tables of the README are current: npx tsx scripts/readme-tables.ts', () => {
  const readme = read('README.md');
  expect(readme).toBe(withTables(readme));
});

test('fails on a README that has lost a generated part', () => {
  expect(() => withTables('# empty')).toThrow(
    'README.md has no part between <!-- generated: plan --> and <!-- end: plan -->',
  );
});
