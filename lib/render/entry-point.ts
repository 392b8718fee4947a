import { hasControls } from './text';

const MODULE_AND_NAME = /^[A-Za-z_]\w*(\.[A-Za-z_]\w*)*:[A-Za-z_]\w*/;

/**
 * What is wrong with the way that an application is named; undefined where gunicorn takes it: `module:attribute`, or the call of a factory
 * with literals (https://docs.gunicorn.org/en/stable/run.html#gunicorn).
 */
export function entryPointProblem(prop: string, value: string): string | undefined {
  const name = MODULE_AND_NAME.exec(value)?.[0];
  const rest = value.slice(name?.length ?? 0);
  const example = `mysite.${prop}:application`;
  if (name === undefined || hasControls(value) || !/^(\(.*\))?$/.test(rest)) {
    return `must be module:attribute, for example ${example}`;
  }
  if (rest === '' || areLiterals(rest.slice(1, -1))) return undefined;
  return `must call with literals alone, for example mysite:create_app("production", debug=False): assign what the call makes to a name in a module, and give that as ${example}`;
}

/** Stands for a literal that has been read: no control character is left in the text. */
const READ = '\0';
const LIST = `(?:${READ}(?:,${READ})*,?)?`;

/** Whether a text is a list of arguments that are literals of Python. Each turn reads the innermost ones. */
function areLiterals(text: string): boolean {
  let rest = text
    .replace(/(?<!\w)(?:"(?:[^"\\]|\\["'\\nrt])*"|'(?:[^'\\]|\\["'\\nrt])*')/g, READ)
    .replace(/(?<![\w.])(?:-?(?:0|[1-9]\d*)(?:\.\d+)?|True|False|None)(?![\w.])/g, READ)
    .replace(/ *([[\](){},:=]) */g, '$1')
    .trim();
  const container = new RegExp(
    `\\[${LIST}\\]|(?<!\\w)\\((?:${READ},${LIST}|)\\)|\\{(?:${READ}:${READ}(?:,(?=${READ}))?)*\\}`,
    'g',
  );
  for (let before = ''; before !== rest;) {
    before = rest;
    rest = rest.replace(container, READ);
  }
  const names = [...rest.matchAll(/(\w+)=/g)].map(([, name]) => name);
  const argument = `(?:${READ}|[A-Za-z_]\\w*=${READ})`;
  return (
    new RegExp(`^(?:${argument}(?:,${argument})*,?)?$`).test(rest) &&
    !new RegExp(`=.*,${READ}`).test(rest) &&
    new Set(names).size === names.length
  );
}
