import { mayBeInstalled } from './dependencies';
import { folderOf, inFolder, type ProjectFiles } from './files';
import { fileOf } from './layout';
import { definedIn } from './python-source';

/** Something that is named by its module, as the user has named it. */
export interface Named {
  /** Prop, for example `wsgi`. */
  readonly prop: string;
  /** `module:attribute` or, of Celery, a module. */
  readonly value: string;
}

/** Names that applications have. */
const USUAL = /^(application|app|create_app|make_app|get_app|celery|celery_app|api|server|asgi|wsgi)$/;

/** What can be said of a name by looking at the files: nothing where it is there, or where they cannot tell. */
export function problemOf(
  files: ProjectFiles,
  roots: readonly string[],
  { prop, value }: Named,
  requirements?: string,
): string | undefined {
  const [, module, attribute = ''] = /^([^:]*)(?::(\w*))?/.exec(value) as unknown as [string, string, string?];
  const quoted = `${prop} ${JSON.stringify(value)}`;
  const file = roots.map((root) => fileOf(files, root, module)).find((found) => found !== undefined);
  if (file === undefined) {
    if (!canTell(files, roots, module, requirements)) return undefined;
    const path = module.replaceAll('.', '/');
    return `${quoted} names no module of the application, which has neither ${path}.py nor ${path}/__init__.py: ${advice(files, roots, module, attribute)}`;
  }
  if (attribute === '') return undefined;
  if (files.hasFolder(file)) {
    if (!canTell(files, roots, module, requirements)) return undefined;
    return `${quoted} names nothing: ${file}/ has no __init__.py that could define it, ${advice(files, roots, module, attribute)}`;
  }
  if (!file.endsWith('.py')) return undefined;
  const defined = definedIn(files.read(file));
  if (defined.may(attribute)) return undefined;
  if (file.endsWith('/__init__.py') && fileOf(files, folderOf(file), attribute) !== undefined) return undefined;
  const usual = [...new Set(defined.names.filter((name) => USUAL.test(name)))];
  const instead = usual.length > 0 ? `it has ${usual.join(', ')}` : 'define it there, or name another';
  return `${quoted} names nothing that ${file} defines: ${instead}`;
}

/** Whether no package that is installed can have the module. */
function canTell(files: ProjectFiles, roots: readonly string[], module: string, requirements?: string): boolean {
  const parts = module.split('.');
  for (const root of roots) {
    for (let length = parts.length - 1; length > 0; length -= 1) {
      const init = `${inFolder(root, parts.slice(0, length).join('/'))}/__init__.py`;
      // a package with an __init__.py is all in one place, unless that says otherwise
      if (files.has(init)) return !/__path__|__import__|sys\.modules/.test(files.read(init));
    }
  }
  return !mayBeInstalled(files, parts[0]!, requirements);
}

function advice(files: ProjectFiles, roots: readonly string[], module: string, attribute: string): string {
  const path = module.replaceAll('.', '/');
  const elsewhere = files.paths
    .filter((file) => file.endsWith(`/${path}.py`) || file.endsWith(`/${path}/__init__.py`))
    .map((file) => file.slice(0, file.lastIndexOf(`/${path}`)))
    .filter((folder) => !roots.includes(folder));
  if (elsewhere.length > 0) {
    const [folder] = elsewhere.sort((one, other) => one.split('/').length - other.split('/').length);
    return `${folder} has it, so give workingDirectory or pythonPath: "${folder}"`;
  }
  const others = roots.flatMap((root) => alike(files, root, module, attribute));
  if (others.length > 0) return `there is ${[...new Set(others)].slice(0, 3).join(', ')}`;
  return 'name one that is there, or the package that brings it among the requirements';
}

/** Modules of the same last name, and those that define the attribute at the top or in a package of the top. */
function alike(files: ProjectFiles, root: string, module: string, attribute: string): string[] {
  const prefix = root === '' ? '' : `${root}/`;
  const last = module.split('.').pop()!;
  const inside = files.paths
    .filter((file) => file.startsWith(prefix) && file.endsWith('.py') && !/(^|\/)(tests?|migrations)\//.test(file))
    .map((file) => file.slice(prefix.length))
    .filter((file) => file.split('/').length <= 3);
  const name = (file: string) => file.replace(/(\/__init__)?\.py$/, '').replaceAll('/', '.');
  const full = (file: string) => (attribute === '' ? name(file) : `${name(file)}:${attribute}`);
  const same = inside.filter((file) => name(file).split('.').pop() === last);
  if (same.length > 0) return same.map(full);
  return inside
    .filter((file) => /^(\w+\/)?(wsgi|asgi|app|main|application|celery|__init__)\.py$/.test(file))
    .filter((file) => attribute !== '' && definedIn(files.read(prefix + file)).names.includes(attribute))
    .map(full);
}

/** Of Celery, whose application is looked for in the module, and in a module `celery` of a package. */
export function problemOfCelery(
  files: ProjectFiles,
  roots: readonly string[],
  app: string,
  requirements?: string,
): string | undefined {
  const prop = 'BackgroundWorker app';
  const problem = problemOf(files, roots, { prop, value: app }, requirements);
  // `celery -A app.celery` is the name `celery` of the module `app`, too (kombu.utils.imports.symbol_by_name)
  const asName = app.replace(/\.(\w+)$/, ':$1');
  if (problem !== undefined && !app.includes(':') && asName !== app) {
    if (problemOf(files, roots, { prop, value: asName }, requirements) === undefined) return undefined;
  }
  if (problem !== undefined || app.includes(':')) return problem;
  const file = roots.map((root) => fileOf(files, root, app)).find((found) => found !== undefined);
  if (!file?.endsWith('/__init__.py') || fileOf(files, folderOf(file), 'celery') !== undefined) return undefined;
  if (files.read(file).replace(/#.*/g, '').trim() !== '') return undefined;
  return `BackgroundWorker app ${JSON.stringify(app)} names no application of Celery: ${file} is empty, and there is no ${folderOf(file)}/celery.py`;
}
