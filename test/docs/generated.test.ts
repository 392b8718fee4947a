import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { drawLadder, LADDER_PLAN } from '../../scripts/ladder';
import { PAGES, withPart } from '../../scripts/generated-pages';

const read = (path: string) => readFileSync(resolve(__dirname, '../..', path), 'utf8');

test('the picture of the ladder is current: npx tsx scripts/ladder.ts > docs/ladder.svg', () => {
  expect(read('docs/ladder.svg')).toBe(drawLadder(LADDER_PLAN));
});

test.each(Object.keys(PAGES))('the table of %s is current: npx tsx scripts/generated-pages.ts', (page) => {
  expect(read(page)).toBe(withPart(page, read(page)));
});

test('fails on a page that has lost its generated part', () => {
  expect(() => withPart('README.md', '# empty')).toThrow(
    'README.md has no part between <!-- generated: ladder --> and <!-- end: ladder -->',
  );
});
