import { filesUnder, textOf } from '../support/repository';

const warningIds = (text: string) => [...new Set(text.match(/\bcdk-plumbline:[A-Z]\w*\.\w+/g))].sort();

test('the README lists the warnings that the constructs give, and no other', () => {
  const sources = filesUnder('lib', '.ts').map(textOf).join('\n');
  expect(warningIds(textOf('README.md'))).toEqual(warningIds(sources));
});
