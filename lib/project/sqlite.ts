import { folderOf, inFolder, type ProjectFiles } from './files';
import { fileOf } from './layout';
import { statementsOf } from './python-source';
import type { ProjectWarning } from './project-warning';

/** A place that the environment decides, or that is not in the release. */
const ELSEWHERE = /environ|getenv|\benv\b|\bconfig\(|secret|url|\bhome\b|expanduser|temp|["']\/|:memory:/i;
/** Names of what a path in the release is made of. */
const IN_RELEASE =
  /^(os|path|join|str|Path|pathlib|dirname|abspath|realpath|resolve|parent|parents|as_posix|__file__|\w*(BASE|ROOT|PROJECT|HERE|CURRENT)\w*)$/i;
/** What may give a module names that its text does not show. */
const OPEN = /\b(globals|vars|locals|exec|setattr)\b|\bsys\.modules\b/;
const DEEPEST = 3;

/** Where Django's default database is known to be a file of the release: it could be read there at most. */
export function djangoInRelease(files: ProjectFiles, roots: readonly string[], module: string): ProjectWarning[] {
  const file = settingsWithDatabases(files, roots, module, DEEPEST);
  if (file === undefined || !isInRelease(statementsOf(files.read(file)))) return [];
  return [
    {
      id: 'sqliteInRelease',
      message: `${file} has the default database in a file of SQLite in the release, which nobody may write to on a machine: give database, for example Database.sqliteOnInstance(), which takes its place`,
    },
  ];
}

/** The file of settings that says where the databases are: the one that is named, or one that it takes all names from. */
function settingsWithDatabases(
  files: ProjectFiles,
  roots: readonly string[],
  module: string,
  deepest: number,
): string | undefined {
  const file = roots.map((root) => fileOf(files, root, module)).find((found) => found?.endsWith('.py'));
  if (file === undefined || deepest === 0) return undefined;
  const text = statementsOf(files.read(file)).join('\n');
  if (OPEN.test(text)) return undefined;
  if (/\bDATABASES\b/.test(text)) return file;
  const from = [...text.matchAll(/^from\s+(\.*)([\w.]*)\s+import\s+\*/gm)].map(([, dots, name]) => {
    if (dots === '') return name!;
    const package_ = (file.endsWith('/__init__.py') ? `${module}.x` : module).split('.').slice(0, -dots!.length);
    return [...package_, ...(name ? [name] : [])].join('.');
  });
  const found = from.flatMap((one) => settingsWithDatabases(files, roots, one, deepest - 1) ?? []);
  return found.length === 1 ? found[0] : undefined;
}

/** Of one assignment, and nothing else that could change it. */
function isInRelease(statements: readonly string[]): boolean {
  const index = statements.findIndex((line) => /\bDATABASES\b/.test(line));
  const [own, ...later] = statements.slice(index);
  if (later.some((line) => /\bDATABASES\b|\bimport\s+\*/.test(line))) return false;
  const [, database] =
    /^DATABASES\s*(?::[^=]+)?=\s*\{\s*["']default["']\s*:\s*\{((?:[^{}]|\{[^{}]*\})*)\}/.exec(own!) ?? [];
  if (database === undefined || ELSEWHERE.test(database)) return false;
  if (!/["']ENGINE["']\s*:\s*["'][^"']*(sqlite3|spatialite)["']/.test(database)) return false;
  const [, place] = /["']NAME["']\s*:\s*([^,]*(?:\([^)]*\))?[^,]*)/.exec(database) ?? [];
  const names = place?.replace(/(["']).*?\1/g, '').match(/[A-Za-z_]\w*/g) ?? [];
  return place !== undefined && names.every((name) => IN_RELEASE.test(name));
}

/** The module of settings that the files name, as the machine finds it: the application's, then manage.py's. */
export function settingsModule(files: ProjectFiles, named: readonly string[]): string | undefined {
  const assigned = /DJANGO_SETTINGS_MODULE["'\]]+\s*[,=]\s*["']([\w.]+)["']/;
  return named.map((file) => assigned.exec(files.read(file))?.[1]).find((module) => module !== undefined);
}

/** Code that is not the application's. */
const OTHERS =
  /(^|\/)(tests?|testing|migrations|alembic|docs?|examples?|scripts?|tools|bin|node_modules)(\/|\.py$)|(^|\/)(test_|conftest|setup|manage)[^/]*$/;
/** Settings that come from the environment, in the ways that there are, or another database to choose. */
const CHOSEN =
  /postgres|mysql|BaseSettings|dynaconf|environs|decouple|from_prefixed_env|from_envvar|(environ|getenv|\benv\b|\bconfig\()[^\n]*(DATABASE|DB|SQL)/i;
/** A file of SQLite at a path that is not absolute. */
const FILES = [
  /["']sqlite(\+\w+)?:\/\/\/(?!\/|:memory:)[^"']*["']/,
  /\bsqlite3\.connect\(\s*["'](?!\/|:memory:|file:)[^"']+["']/,
  /\binstance_path\b[^\n]*\.(db|sqlite3?)\b/,
];

/** Where an application without Django is known to keep a file of SQLite in the release. */
export function othersInRelease(files: ProjectFiles): ProjectWarning[] {
  const found = files.paths.filter((path) => {
    if (!path.endsWith('.py') || OTHERS.test(path) || files.has(inFolder(folderOf(path), 'pyvenv.cfg'))) return false;
    const text = files.read(path);
    if (!/sqlite|instance_path/.test(text) || CHOSEN.test(text)) return false;
    return statementsOf(text).some(
      (line) => FILES.some((file) => file.test(line)) && !/environ|getenv|expanduser/.test(line),
    );
  });
  if (found.length === 0) return [];
  return [
    {
      id: 'sqliteInRelease',
      message: `${found.slice(0, 3).join(', ')} has a file of SQLite in the release, which nobody may write to on a machine: read the place from DATABASE_URL, which is there with a database, for example Database.sqliteOnInstance()`,
    },
  ];
}
