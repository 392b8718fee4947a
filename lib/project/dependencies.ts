import { inFolder, type ProjectFiles } from './files';

/** Files that name the packages to install, the first that is there counts. */
export const DEPENDENCY_FILES = [
  'uv.lock',
  'pylock.toml',
  'poetry.lock',
  'Pipfile.lock',
  'requirements.txt',
  'requirements/production.txt',
  'requirements/prod.txt',
  'requirements/base.txt',
  'pyproject.toml',
] as const;

/** Whether a file names the packages of a project in one of the folders. */
export function namesPackages(files: ProjectFiles, folders: readonly string[]): boolean {
  return folders.some((folder) => DEPENDENCY_FILES.some((name) => files.has(inFolder(folder, name))));
}

/** Where such a file is in another folder of the directory, if anywhere. */
export function packagesNamedElsewhere(files: ProjectFiles): string[] {
  return files.paths.filter((path) => DEPENDENCY_FILES.some((name) => path.split('/').slice(1).join('/') === name));
}

/** Texts that may name a package, without comments. */
function requirements(files: ProjectFiles): string {
  return files.paths
    .filter(
      (path) =>
        /(^|\/)([\w.-]*(requirements|constraints)[\w.-]*\.(txt|in)|requirements\/[^/]+\.(txt|in))$/.test(path) ||
        /(^|\/)(pyproject\.toml|setup\.(py|cfg)|Pipfile(\.lock)?|poetry\.lock|uv\.lock|pylock\.toml|environment\.ya?ml)$/.test(
          path,
        ),
    )
    .map((path) => files.read(path).replace(/(^|\s)#.*$/gm, ''))
    .join('\n');
}

/** A package is often named after its module, with something before or behind; what is short is in many names by chance. */
function holds(word: string, name: string): boolean {
  const bare = (text: string) => text.replace(/[-_.]/g, '');
  return bare(word) === bare(name) || (name.length > 4 && bare(word).includes(bare(name)));
}

/** Whether a module that is not in the directory may come with a package. */
export function mayBeInstalled(files: ProjectFiles, module: string): boolean {
  const text = requirements(files);
  // what a path or a repository installs is not named after it
  const nameless =
    /^\s*(-e|--editable|--find-links|-f|\.{1,2}\/|git\+|file:|[\w.+-]+\.whl)|@\s*(git\+|file:|https?:)|\bpath\s*=|\bgit\s*=/m.test(
      text,
    );
  const name = module.toLowerCase();
  const words = text.toLowerCase().match(/[\w.-]+/g) ?? [];
  return nameless || words.some((word) => word.split(/[-_.]/).includes(name) || holds(word, name));
}

/** Whether Django is among the packages of a project by its own name. */
export function wantsDjango(files: ProjectFiles): boolean {
  return /(^|["'\s])django\s*(\[[^\]]*\])?\s*(["']|[=<>~!^;,@]|$)/im.test(requirements(files));
}
