import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { environmentLine, heredoc, lines, pythonLiteral, shellQuote } from '../../lib/render/text';

const printable = fc.array(fc.string({ unit: 'grapheme-ascii', maxLength: 30 }), { minLength: 20, maxLength: 20 });

test('lines end with a newline, and absent ones leave none', () => {
  expect(lines('a', false, ['b', undefined, ['', 'c']])).toBe('a\nb\n\nc\n');
});

test('every word that is quoted comes out of a shell as it went in', () => {
  const words = [...fc.sample(printable, 5).flat(), '', "it's", '$HOME `id` \\', 'a\nb'];
  const command = `printf '%s\\0' ${words.map(shellQuote).join(' ')}`;
  expect(execFileSync('bash', ['-c', command], { encoding: 'utf8' }).split('\0').slice(0, -1)).toEqual(words);
});

test('a here-document writes its text as it is', () => {
  const text = '$HOME `id` \\ "quoted"\n\n  EOF indented\n';
  const command = `{ ${heredoc('/dev/stdout', text)}\n} | cat`;
  expect(execFileSync('bash', ['-c', command], { encoding: 'utf8' })).toBe(text);
});

test('fails on a text that would end its here-document', () => {
  expect(() => heredoc('/etc/motd', 'a\nEOF\nrm -rf /\n')).toThrow(
    '/etc/motd holds a line "EOF", which would end it early: remove that line',
  );
});

test('every JSON value comes out of Python as it went in', () => {
  const values = [
    ...fc.sample(fc.jsonValue({ noUnicodeString: false }), 100),
    -0.5,
    'é\n"\\😀',
    null,
    { a: [true, false] },
  ];
  const program = `import json\nfor value in ${pythonLiteral(values)}: print(json.dumps(value))`;
  const printed = execFileSync('python3', ['-'], { input: program, encoding: 'utf8' }).trimEnd().split('\n');
  expect(printed.map((line) => JSON.parse(line) as unknown)).toEqual(JSON.parse(JSON.stringify(values)));
});

test.each([
  [NaN, 'a number that is not finite'],
  [() => 1, 'a function'],
  [10n, 'a bigint'],
])('fails on %p as a Python value', (value, what) => {
  expect(() => pythonLiteral(value)).toThrow(
    `${what} cannot be written in Python: use a number, string, boolean, list or object`,
  );
});

test('plain values of the environment stand as they are, others are quoted as systemd reads them', () => {
  expect(environmentLine('A', 'postgres://u@h:5432/d')).toBe('A=postgres://u@h:5432/d');
  expect(environmentLine('A', 'two words; $HOME')).toBe("A='two words; $HOME'");
  expect(environmentLine('A', `it's "$HOME" \\ \``)).toBe('A="it\'s \\"\\$HOME\\" \\\\ \\`"');
});

test('a token in a quoted value stays a token', () => {
  expect(environmentLine('A', "it's ${Token[Name.12]} $")).toBe('A="it\'s ${Token[Name.12]} \\$"');
});
