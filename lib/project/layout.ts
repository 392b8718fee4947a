import { folderOf, inFolder, type ProjectFiles } from './files';

/** Where the files of a project are: what was said of it, or what was found. */
export interface Layout {
  /** Folder of the project in the directory: '' is the directory itself. */
  readonly workingDirectory: string;
  /** Folders of the directory that modules are imported from besides: '' is the directory itself. */
  readonly pythonPath: readonly string[];
  readonly problems: readonly string[];
}

/** What was said of it. */
export interface LayoutOptions {
  readonly workingDirectory?: string;
  readonly pythonPath?: readonly string[];
}

/** The deepest that a project is looked for: `apps/shop/manage.py`, `services/web/src/manage.py`. */
const DEEPEST = 3;

/** Folders whose projects are not the one that is deployed. */
const OTHERS = /(^|\/)(tests?|testing|docs?|examples?|samples?|templates|\..*)(\/|$)/;

/** Finds a project: `modules` are those of its WSGI and ASGI applications. */
export function layoutOf(files: ProjectFiles, modules: readonly string[], options: LayoutOptions): Layout {
  const problems: string[] = [];
  const isThere = (folder: string) => folder === '' || files.hasFolder(folder);
  const managed = managedFolders(files);
  let workingDirectory = options.workingDirectory;
  if (workingDirectory === undefined) {
    const found = foundFolder(files, modules, managed);
    if (found.length > 1) {
      problems.push(
        `${found.map((folder) => `${folder}/manage.py`).join(' and ')} are projects that have ${modules.join(' and ')}: choose one with workingDirectory`,
      );
    }
    workingDirectory = found[0]!;
  } else if (!isThere(workingDirectory)) {
    const hint = managed.length > 0 ? `; manage.py is in ${managed.map(named).join(' and ')}` : '';
    problems.push(
      `workingDirectory ${JSON.stringify(workingDirectory)} is no folder of the application directory${hint}`,
    );
  }
  for (const folder of options.pythonPath ?? []) {
    if (!isThere(folder)) {
      problems.push(`pythonPath ${JSON.stringify(folder)} is no folder of the application directory`);
    }
  }
  const pythonPath = options.pythonPath ?? foundPath(files, modules, workingDirectory);
  return { workingDirectory, pythonPath, problems };
}

/** Where a manage.py is: the nearest first. */
export function managedFolders(files: ProjectFiles): string[] {
  return files.paths
    .filter((path) => path === 'manage.py' || path.endsWith('/manage.py'))
    .map(folderOf)
    .filter((folder) => folder.split('/').length <= DEEPEST && !OTHERS.test(folder))
    .sort((one, other) => one.split('/').length - other.split('/').length || one.localeCompare(other));
}

/** The file of a module in a folder, as Python looks for it: of a package its `__init__.py`, or its folder where it has none. */
export function fileOf(files: ProjectFiles, folder: string, module: string): string | undefined {
  const path = inFolder(folder, module.replaceAll('.', '/'));
  if (files.has(`${path}/__init__.py`)) return `${path}/__init__.py`;
  if (files.has(`${path}.py`)) return `${path}.py`;
  // compiled: app.cpython-313-x86_64-linux-gnu.so, app.abi3.so, app.so
  const compiled = new RegExp(`^${module.split('.').pop()}\\.([\\w-]+\\.)?(so|pyd|pyc)$`);
  const binary = files.in(folderOf(path)).find((name) => compiled.test(name));
  if (binary !== undefined) return inFolder(folderOf(path), binary);
  // a folder of templates alone is none of modules
  return files.paths.some((file) => file.startsWith(`${path}/`) && /\.(py|so)$/.test(file)) ? path : undefined;
}

export const named = (folder: string) => (folder === '' ? 'the directory itself' : `${folder}/`);

function foundFolder(files: ProjectFiles, modules: readonly string[], managed: readonly string[]): string[] {
  const holdsAll = (folder: string) => modules.every((module) => fileOf(files, folder, module) !== undefined);
  if (managed.includes('')) return [''];
  const holding = managed.filter(holdsAll);
  if (holding.length > 0) return holding;
  if (holdsAll('') || holdsAll('src') || managed.length !== 1) return [''];
  return [managed[0]!];
}

/** Where what is not in the folder of the project is, and the packages of a src layout. */
function foundPath(files: ProjectFiles, modules: readonly string[], workingDirectory: string): string[] {
  const elsewhere = modules.filter((module) => fileOf(files, workingDirectory, module) === undefined);
  const src = inFolder(workingDirectory, 'src');
  if (elsewhere.length > 0) {
    const holds = (folder: string) => elsewhere.every((module) => fileOf(files, folder, module) !== undefined);
    return [src, '', 'src'].filter((folder) => folder !== workingDirectory && holds(folder)).slice(0, 1);
  }
  return isSourceFolder(files, src) && !modules.some((module) => /^src(\.|$)/.test(module)) ? [src] : [];
}

/** A folder `src` of packages, as build systems know it. Bare modules in it might be named as modules of Python are. */
function isSourceFolder(files: ProjectFiles, folder: string): boolean {
  const builds = ['pyproject.toml', 'setup.py', 'setup.cfg'].some((name) =>
    files.has(inFolder(folderOf(folder), name)),
  );
  const packages = files.in(folder).filter((name) => files.has(`${folder}/${name}/__init__.py`));
  return builds && packages.length > 0 && !files.has(`${folder}/__init__.py`);
}
