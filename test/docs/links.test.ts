import { existsSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { filesUnder, ROOT, textOf } from '../support/repository';

const PAGES = [
  'README.md',
  'CONTRIBUTING.md',
  'CHANGELOG.md',
  ...filesUnder('docs', '.md'),
  ...filesUnder('bench', '.md'),
];

/** As GitHub names the headings of a page. */
const anchorsOf = (text: string) =>
  [...text.matchAll(/^#+ (.*)$/gm)].map(([, heading]) =>
    heading!
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );

/** The links of a page that lead nowhere. */
function deadLinks(page: string): string[] {
  const text = textOf(page).replace(/```[\s\S]*?```|`[^`\n]*`/g, '');
  const links = [...text.matchAll(/\]\(([^)\s]+)\)/g), ...text.matchAll(/^\[[^\]]+\]: (\S+)$/gm)].map(([, to]) => to!);
  return links.filter((link) => {
    if (/^(https?|mailto):/.test(link)) return false;
    const [path, anchor] = link.split('#');
    const file = path === '' ? page : normalize(join(dirname(page), path!));
    if (!existsSync(join(ROOT, file))) return true;
    return anchor !== undefined && !anchorsOf(textOf(file)).includes(anchor);
  });
}

test.each(PAGES)('each link of %s leads somewhere', (page) => {
  expect(deadLinks(page)).toEqual([]);
});

test('README.md leads to each guide and each page of reference', () => {
  const reached = new Set<string>(['README.md']);
  for (const page of reached) {
    for (const [, link] of textOf(page).matchAll(/\]\(([^)#\s]+\.md)/g)) {
      const file = normalize(join(dirname(page), link!));
      if (!link!.includes('://') && existsSync(join(ROOT, file))) reached.add(file);
    }
  }
  expect(
    [...filesUnder('docs/guide', '.md'), ...filesUnder('docs/reference', '.md')].filter((page) => !reached.has(page)),
  ).toEqual([]);
});
