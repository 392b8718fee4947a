/** What a Python file defines, as far as a look at its text can tell. */
export interface Defined {
  /** Names of functions, classes and assignments at the level of the module. */
  readonly names: readonly string[];
  /** Whether the file may define a name. */
  may(name: string): boolean;
}

/** Code that defines names which the text does not show. */
const OPEN =
  /\bimport\s+\*|\bimport\s*\(\s*\*|\b(globals|vars|locals|exec|eval|setattr|__getattr__)\b|\bsys\.modules\b/;

/** What a function does to the module that it is in. */
const OPEN_FROM_WITHIN = /\b(globals|exec)\s*\(|\bsys\.modules\b/;

/** Reads a file. It errs on one side: a name that occurs anywhere outside of functions and classes may be defined. */
export function definedIn(text: string): Defined {
  const { lines, whole } = logicalLines(text);
  const names: string[] = [];
  const level: string[] = [];
  let body: number | undefined;
  for (const line of lines) {
    const indent = /^\s*/.exec(line)![0].length;
    if (body !== undefined && indent > body) {
      const shared = /^\s*global\s+(.*)/.exec(line);
      if (shared) names.push(...shared[1]!.split(',').map((name) => name.trim()));
      continue;
    }
    body = undefined;
    const definition = /^\s*(?:async\s+)?(?:def|class)\s+(\w+)/.exec(line);
    if (definition) {
      names.push(definition[1]!);
      body = indent;
    } else {
      level.push(line);
      const assigned = /^\s*(\w+)\s*(?::[^=]*)?=(?!=)/.exec(line);
      if (assigned) names.push(assigned[1]!);
    }
  }
  const code = level.join('\n');
  const open = !whole || OPEN.test(code) || OPEN_FROM_WITHIN.test(lines.join('\n')) || names.includes('__getattr__');
  return {
    names,
    may: (name) => open || names.includes(name) || new RegExp(`(?<![\\w.])${name}(?!\\w)`).test(code),
  };
}

/** The statements of a file, each on one line with its indentation, without comments. */
export function statementsOf(text: string): string[] {
  return logicalLines(text, (literal) => literal.replace(/\s+/g, ' ')).lines;
}

/** The lines that Python sees: without comments and, unless it is asked for, the content of strings, and each statement on one. */
export function logicalLines(
  text: string,
  show: (literal: string) => string = () => '""',
): { lines: string[]; whole: boolean } {
  const token =
    /#[^\n]*|("""|''')(?:\\[\s\S]|(?!\1)[^\\])*\1|"(?:\\[\s\S]|[^"\\\n])*"|'(?:\\[\s\S]|[^'\\\n])*'|\\\r?\n|["']|[([{]|[)\]}]|\r?\n|[^#"'\\()[\]{}\r\n]+|[\s\S]/g;
  let code = '';
  let depth = 0;
  let whole = true;
  for (const [part] of text.matchAll(token)) {
    if (part.startsWith('#') || /^\\\r?\n$/.test(part)) code += part.startsWith('#') ? '' : ' ';
    else if (part === '"' || part === "'") whole = false;
    else if (/^["']/.test(part)) code += show(part);
    else if (/^\r?\n$/.test(part)) code += depth > 0 ? ' ' : '\n';
    else {
      if (/^[([{]$/.test(part)) depth += 1;
      if (/^[)\]}]$/.test(part)) depth -= 1;
      code += part;
    }
  }
  return { lines: code.split('\n').filter((line) => line.trim() !== ''), whole: whole && depth === 0 };
}
