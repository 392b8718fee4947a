/**
 * A word as nginx reads it: in quotes, or without; `\` takes the meaning from whatever stands behind it. But `\n` and `\r` become a new line,
 * and in the value of a header that is the next header.
 */
const WORD = /"(?:[^"\\]|\\[^nr])*"|'(?:[^'\\]|\\[^nr])*'|(?:[^ "'\\;{}#]|\\[^nr;{}#])+/.source;

const WORDS = new RegExp(`^ *(?:${WORD})(?: +(?:${WORD}))* *$`);

/** Ends of a line, and what no value needs; within quotes those too that end a directive or a block, or begin a comment, stand for themselves. */
const CONTROLS = /\p{Cc}/u;

/** A variable in braces whose name does not end. */
const OPEN_VARIABLE = /\$\{(?!\w+\})/;

/**
 * Whether nginx reads the text as the arguments of one directive and of no other. An open quote, or a `\` at the end,
 * would make the `;` and the lines behind it a part of the value. nginx lets a quote within a word stand for itself;
 * here it needs a `\`, so that a forgotten one is never taken for a character.
 */
export function isDirectiveValue(text: string): boolean {
  return !CONTROLS.test(text) && !OPEN_VARIABLE.test(text) && WORDS.test(text);
}

/** What isDirectiveValue asks for, in the words of an error. */
export const DIRECTIVE_VALUE =
  'a value with each quote closed, without a new line, without ; { } # outside of quotes, and no \\ at its end';

/** The words of a value, as they are written. */
export function directiveWords(text: string): string[] {
  return text.match(new RegExp(WORD, 'g')) ?? [];
}

/** A word without its quotes. */
export function unquoted(word: string): string {
  return /^(["']).*\1$/.test(word) ? word.slice(1, -1) : word;
}
