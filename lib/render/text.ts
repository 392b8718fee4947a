/** A CDK token in a string: it becomes text only at deployment, so it can neither be checked nor escaped. */
const TOKEN = /\$\{Token\[[^\]]*\]\}/g;

/** The text without its tokens: the part that can be checked. */
export function withoutTokens(text: string): string {
  return text.replace(TOKEN, '');
}

/** The text for a message: what a token, of a list (`#`) too, is called there says nothing to anybody. */
export function withTokensNamed(text: string): string {
  return text.replace(/[$#]\{Token\[[^\]]*\]\}/g, '<token>');
}

/** Replaces in the parts of a text that are known already. */
export function outsideTokens(text: string, pattern: RegExp, replacement: string): string {
  return text
    .split(new RegExp(`(${TOKEN.source})`))
    .map((part, index) => (index % 2 === 1 ? part : part.replace(pattern, replacement)))
    .join('');
}

/** Lines, some of which may be absent. */
export type Lines = string | false | undefined | readonly Lines[];

/** Joins lines and leaves out what is absent; the result ends with a newline. */
export function lines(...parts: readonly Lines[]): string {
  return parts
    .map((part) => {
      if (part === false || part === undefined) return '';
      return typeof part === 'string' ? `${part}\n` : lines(...part);
    })
    .join('');
}

/** The directory of a file on the machine. */
export function directoryOf(path: string): string {
  return path.slice(0, path.lastIndexOf('/'));
}

/** Quotes a word for the shell. */
export function shellQuote(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}

/** A command that writes a file as it is: nothing in the text is expanded. */
export function heredoc(path: string, text: string): string {
  const delimiter = 'EOF';
  if (text.split('\n').includes(delimiter)) {
    throw new Error(`${path} holds a line ${JSON.stringify(delimiter)}, which would end it early: remove that line`);
  }
  return `cat >${path} <<'${delimiter}'\n${text}${text.endsWith('\n') ? '' : '\n'}${delimiter}`;
}

/** A Python literal for numbers, strings, booleans, null, lists and objects. */
export function pythonLiteral(value: unknown): string {
  if (value === null || value === undefined) return 'None';
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  if (typeof value === 'number' && Number.isFinite(value)) return String(value);
  // Every escape that JSON writes means the same in a Python string.
  if (typeof value === 'string') return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(pythonLiteral).join(', ')}]`;
  if (typeof value === 'object') {
    const entries = Object.entries(value).map(([key, item]) => `${JSON.stringify(key)}: ${pythonLiteral(item)}`);
    return `{${entries.join(', ')}}`;
  }
  throw new Error(
    `a ${typeof value === 'number' ? 'number that is not finite' : typeof value} cannot be written in Python: use a number, string, boolean, list or object`,
  );
}

/** A line of a file for `EnvironmentFile=`, quoted so that systemd gives back exactly the value. */
export function environmentLine(name: string, value: string): string {
  const quoted = value.includes("'") ? `"${outsideTokens(value, /[\\"$`]/g, '\\$&')}"` : `'${value}'`;
  return `${name}=${/^[\w@%+:,./-]*$/.test(value) ? value : quoted}`;
}

/** Whether the text holds control characters: no configuration value needs them. */
export function hasControls(text: string): boolean {
  return /\p{Cc}/u.test(text);
}
