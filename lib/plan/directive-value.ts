/**
 * A word as nginx reads it: in quotes, or without; `\` takes the meaning from whatever stands behind it. But `\n` and `\r` become a new line,
 * and in the value of a header that is the next header.
 */
const WORD = /"(?:[^"\\]|\\[^nr])*"|'(?:[^'\\]|\\[^nr])*'|(?:[^ "'\\]|\\[^nr])+/.source;

const WORDS = new RegExp(`^ *(?:${WORD})(?: +(?:${WORD}))* *$`);

/** Ends of a directive, a block or a line, beginnings of a comment, and what no value needs. */
const ENDS = /[;{}#\p{Cc}]/u;

/**
 * Whether nginx reads the text as the arguments of one directive and of no other. An open quote, or a `\` at the end,
 * would make the `;` and the lines behind it a part of the value. nginx lets a quote within a word stand for itself;
 * here it needs a `\`, so that a forgotten one is never taken for a character.
 */
export function isDirectiveValue(text: string): boolean {
  return !ENDS.test(text) && WORDS.test(text);
}

/** What isDirectiveValue asks for, in the words of an error. */
export const DIRECTIVE_VALUE = 'a value with each quote closed, without ; { } # or a new line, and no \\ at its end';
