import { filesUnder, textOf } from '../support/repository';

const warningIds = (text: string) => [...new Set(text.match(/\bcdk-plumbline:[A-Z]\w*\.\w+/g))].sort();

test('the guides list the warnings that the constructs give, and no other', () => {
  const sources = filesUnder('lib', '.ts').map(textOf).join('\n');
  const pages = ['README.md', ...filesUnder('docs/guide', '.md'), ...filesUnder('docs/reference', '.md')];
  const listed = warningIds(pages.map(textOf).join('\n'));
  expect(warningIds(sources).filter((id) => !listed.includes(id))).toEqual([]);
  // of some the last part alone stands in the sources
  expect(listed.filter((id) => !sources.includes(id) && !sources.includes(`'${id.split('.')[1]!}'`))).toEqual([]);
});
