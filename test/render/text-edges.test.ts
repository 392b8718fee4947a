import {
  directoryOf,
  environmentLine,
  hasControls,
  heredoc,
  lines,
  outsideTokens,
  pythonLiteral,
  shellQuote,
  withoutTokens,
} from '../../lib/render/text';

const TOKEN = '${Token[Some.Value.12]}';

test.each([
  ['', ''],
  [TOKEN, ''],
  [`a${TOKEN}b${TOKEN}c`, 'abc'],
  ['${Token[]}', ''],
  ['${Token[a', '${Token[a'],
  ['Token[a]', 'Token[a]'],
  ['${Tok[a]}', '${Tok[a]}'],
  ['${Token[a]', '${Token[a]'],
  ['${Token[a}]}', ''],
])('%j without tokens is %j', (text, expected) => expect(withoutTokens(text)).toBe(expected));

test.each([
  ['a.b', 'a-b'],
  [TOKEN, TOKEN],
  [`.${TOKEN}.`, `-${TOKEN}-`],
  [`${TOKEN}${TOKEN}..`, `${TOKEN}${TOKEN}--`],
  ['', ''],
])('outside tokens every dot of %j becomes a hyphen: %j', (text, expected) => {
  expect(outsideTokens(text, /\./g, '-')).toBe(expected);
});

test('no lines are no text, and an empty line is a line', () => {
  expect(lines()).toBe('');
  expect(lines(false, undefined, [], [false])).toBe('');
  expect(lines('')).toBe('\n');
  expect(lines(['a', ['b', false, ['c']]], 'd')).toBe('a\nb\nc\nd\n');
});

test.each([
  ['/etc/nginx/nginx.conf', '/etc/nginx'],
  ['etc/motd', 'etc'],
])('the directory of %s is %s', (path, expected) => expect(directoryOf(path)).toBe(expected));

test.each(['a', 'A_0', 'user@host', '50%', 'a+b', 'a=b', 'a:b', 'a,b', './-a'])(
  'the word %s stays as it is',
  (word) => {
    expect(shellQuote(word)).toBe(word);
  },
);

test.each([
  ['', "''"],
  ['a b', "'a b'"],
  ['a;', "'a;'"],
  [';a', "';a'"],
  ['~', "'~'"],
  ['ü', "'ü'"],
  ["it's 'it'", "'it'\\''s '\\''it'\\'''"],
])('the word %j is quoted: %s', (word, expected) => expect(shellQuote(word)).toBe(expected));

test('a here-document has one newline before its end, whether its text has one or not', () => {
  const expected = "cat >/etc/motd <<'EOF'\na\nEOF";
  expect(heredoc('/etc/motd', 'a')).toBe(expected);
  expect(heredoc('/etc/motd', 'a\n')).toBe(expected);
  expect(heredoc('/etc/motd', ' EOF\nEOFS')).toBe("cat >/etc/motd <<'EOF'\n EOF\nEOFS\nEOF");
});

test.each(['EOF', 'EOF\na', 'a\nEOF'])('fails on a here-document with the text %j', (text) => {
  expect(() => heredoc('/etc/motd', text)).toThrow('/etc/motd holds a line "EOF"');
});

test.each([
  [undefined, 'None'],
  [null, 'None'],
  [true, 'True'],
  [false, 'False'],
  [0, '0'],
  [-1.5, '-1.5'],
  ['', '""'],
  ['a"\n', '"a\\"\\n"'],
  [[], '[]'],
  [[1, 'a', [null]], '[1, "a", [None]]'],
  [{}, '{}'],
  [{ a: 1, 'b c': { d: false } }, '{"a": 1, "b c": {"d": False}}'],
])('%j is %s in Python', (value, expected) => expect(pythonLiteral(value)).toBe(expected));

test.each([Infinity, -Infinity, NaN])('fails on %d as a Python value', (value) => {
  expect(() => pythonLiteral([value])).toThrow(
    'a number that is not finite cannot be written in Python: use a number, string, boolean, list or object',
  );
});

test.each([
  ['', 'A='],
  ['a_0@%+:,./-', 'A=a_0@%+:,./-'],
  ['a b', "A='a b'"],
  ['a;', "A='a;'"],
  [';a', "A=';a'"],
  ['a=b', "A='a=b'"],
  ['$', "A='$'"],
  ['"', `A='"'`],
  ["'", `A="'"`],
  [`'"$\\\`'`, `A="'\\"\\$\\\\\\\`'"`],
])('the value %j of the environment is written %s', (value, expected) => {
  expect(environmentLine('A', value)).toBe(expected);
});

test.each([
  ['', false],
  ['a ü 😀 \u00a0', false],
  ['a\n', true],
  ['\u0000', true],
  ['\u001f', true],
  ['\u007f', true],
  ['\u0085', true],
])('%j holds control characters: %p', (text, expected) => expect(hasControls(text)).toBe(expected));
