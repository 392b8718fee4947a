import fc from 'fast-check';
import { planRequestPath } from '../../lib/plan';
import { isDirectiveValue } from '../../lib/plan/directive-value';

/**
 * The words of a text up to the end of its first directive, and what is left; undefined where nginx would refuse it.
 * This is ngx_conf_read_token of nginx 1.30 (src/core/ngx_conf_file.c), without its line numbers and its limits.
 */
function readDirective(text: string): { words: string[]; rest: string } | undefined {
  const words: string[] = [];
  let at = 0;
  for (;;) {
    while (/[ \t\r\n]/.test(text.charAt(at))) at += 1;
    const first = text.charAt(at);
    if (first === ';') return { words, rest: text.slice(at + 1) };
    if (first === '' || first === '{' || first === '}') return undefined;
    if (first === '#') {
      while (at < text.length && text.charAt(at) !== '\n') at += 1;
      continue;
    }
    const quote = first === '"' || first === "'" ? first : undefined;
    if (quote) at += 1;
    const start = at;
    const ends = (character: string) =>
      quote ? character === quote : /[ \t\r\n;]/.test(character) || (character === '{' && text.charAt(at - 1) !== '$');
    while (at < text.length && !ends(text.charAt(at))) at += text.charAt(at) === '\\' ? 2 : 1;
    if (at >= text.length) return undefined;
    words.push(text.slice(start, at));
    if (!quote) continue;
    at += 1;
    if (!/[ \t\r\n;]/.test(text.charAt(at))) return undefined;
  }
}

/** Texts made of what has a meaning for nginx, and of little else. */
const risky = fc.string({ unit: fc.constantFrom(...'"\'\\; {}#$a \n\t\r\0'), maxLength: 12 });
const rest = '\n  keepalive_timeout 75s; # keepaliveTimeout\n  add_header X "b";\n  add_header Y \'c\';\n';

test('whatever is accepted is the arguments of one directive, and the lines behind it stay as they are', () => {
  fc.assert(
    fc.property(risky.filter(isDirectiveValue), (value) => {
      expect(readDirective(`gzip_types ${value};${rest}`)).toEqual({ words: expect.any(Array) as unknown, rest });
      expect(readDirective(`gzip_types ${value};${rest}`)!.words.length).toBeGreaterThan(1);
    }),
    { numRuns: 500 },
  );
});

test('whatever would swallow the lines behind it is refused, in the plan', () => {
  const swallows = risky.filter((value) => readDirective(`gzip_types ${value};${rest}`)?.rest !== rest);
  fc.assert(
    fc.property(swallows, (value) => {
      const { violations } = planRequestPath({ instanceType: 't3.small', nginxDirectives: { gzip_types: value } });
      expect(violations.map(({ rule }) => rule)).toEqual(['V1']);
    }),
    { numRuns: 300 },
  );
});

test.each(['X "1\\r\\nX-Real-IP: 6.6.6.6"', "X '\\n'", 'X a\\nb'])(
  'a new line that is written out is refused too, since in a header it begins the next one: %s',
  (value) => expect(isDirectiveValue(value)).toBe(false),
);

test('whatever words there are, they are accepted in either kind of quotes', () => {
  const word = fc.string({ unit: 'grapheme' }).filter((text) => !/[$\p{Cc}]/u.test(text));
  const quoted = fc
    .tuple(word, fc.constantFrom('"', "'"))
    .map(([text, quote]) => `${quote}${text.replace(/["'\\]/g, '\\$&')}${quote}`);
  fc.assert(
    fc.property(fc.array(quoted, { minLength: 1, maxLength: 4 }), (words) => {
      expect(isDirectiveValue(words.join(' '))).toBe(true);
      expect(isDirectiveValue(` ${words.join('  ')} `)).toBe(true);
    }),
  );
});

test.each([
  'on',
  '60s',
  'text/css application/json',
  '"max-age=31536000, immutable"',
  '"max-age=31536000; includeSubDomains; preload" always',
  `Content-Security-Policy "default-src 'self'; img-src *" always`,
  `'{"group": "default"} # all'`,
  '"https://${host}/"',
  "X-Frame-Options 'DENY'",
  String.raw`~*\.(png|jpe?g)$`,
  '$host$request_uri',
  String.raw`a\"b`,
  String.raw`a\ `,
  String.raw`a\\`,
  '""',
  `"it's"`,
])('the value %s is accepted', (value) => expect(isDirectiveValue(value)).toBe(true));

test.each([
  '',
  ' ',
  'a;',
  'a{',
  'a}',
  'a # b',
  '"${host"',
  '"a ${}"',
  'a\nb',
  'a\rb',
  'a\tb',
  'a\0',
  'a\u0085b',
  '"a',
  'a"',
  "'a",
  "a'",
  '"a\'',
  '"a"b',
  'a"b"',
  '"a" "b',
  'a\\',
  '"a\\"',
  'a\\\\\\',
])('fails on the value %j', (value) => expect(isDirectiveValue(value)).toBe(false));
