import { REQUIREMENTS_FILES } from '../render/requirements';
import { folderOf, inFolder, resolved, type ProjectFiles } from './files';
import { REINCLUDE } from './ignored';
import { otherPackageFiles } from './other-locks';

/** The file that names the packages of a project: in the first of the folders that has one. */
export function requirementsOf(files: ProjectFiles, folders: readonly string[]): string | undefined {
  return folders
    .flatMap((folder) => REQUIREMENTS_FILES.map((name) => inFolder(folder, name)))
    .find((path) => files.has(path) && namesPackages(files, path));
}

/** Two of them may hold nothing but the settings of tools. */
function namesPackages(files: ProjectFiles, path: string): boolean {
  if (path.endsWith('setup.cfg')) return files.read(path).includes('install_requires');
  return !path.endsWith('pyproject.toml') || /^\s*\[(project|tool\.poetry)\b|^\s*project\./m.test(files.read(path));
}

/** What is wrong with it: nothing is found, or not where it is said to be. */
export function requirementsProblem(
  files: ProjectFiles,
  folders: readonly string[],
  directory: string,
  given: string | undefined,
): string | undefined {
  const quoted = `application directory ${JSON.stringify(directory)}`;
  if (given !== undefined) {
    if (files.has(given)) return undefined;
    const hint = files.isAtHome(given) ? `, where it stays at home: ${REINCLUDE}` : '';
    return `requirements ${JSON.stringify(given)} is not in ${quoted}${hint}`;
  }
  if (requirementsOf(files, folders) !== undefined) return undefined;
  const elsewhere = files.paths.filter((path) =>
    REQUIREMENTS_FILES.some((name) => path.split('/').slice(1).join('/') === name),
  );
  const tools = folders.map((folder) => inFolder(folder, 'pyproject.toml')).find((path) => files.has(path));
  const hints = [
    ...(tools === undefined ? [] : [`${tools} has neither [project] nor [tool.poetry]`]),
    ...(elsewhere.length > 0 ? [`${elsewhere.slice(0, 3).join(', ')} is in a folder of it`] : []),
    ...otherPackageFiles(files, folders),
  ];
  const hint = hints.length > 0 ? ` (${hints.join('; ')})` : '';
  return `${quoted} has none of ${REQUIREMENTS_FILES.join(', ')}: give requirements with the file that names the packages to install${hint}`;
}

const NAMES_PACKAGES = [
  /(^|\/)[\w.-]*(requirements|constraints)[\w.-]*\.(txt|in)$/,
  /(^|\/)requirements\/[^/]+\.(txt|in)$/,
  /(^|\/)(pyproject\.toml|setup\.(py|cfg)|Pipfile(\.lock)?|poetry\.lock|uv\.lock|pylock\.toml|environment\.ya?ml)$/,
];

/** Texts that may name a package, without comments: a list that others include may have any name. */
function requirements(files: ProjectFiles, given?: string): string {
  const found = files.paths.filter((path) => path === given || NAMES_PACKAGES.some((pattern) => pattern.test(path)));
  const texts: string[] = [];
  for (const path of found) {
    const text = files.read(path).replace(/(^|\s)#.*$/gm, '');
    texts.push(text);
    for (const [, name] of text.matchAll(/^\s*(?:-r|--requirement)[\s=]*(\S+)/gm)) {
      const included = resolved(folderOf(path), name!);
      if (files.has(included) && !found.includes(included)) found.push(included);
    }
  }
  return texts.join('\n');
}

/** A package is often named after its module, with something before or behind; what is short is in many names by chance. */
function holds(word: string, name: string): boolean {
  const bare = (text: string) => text.replace(/[-_.]/g, '');
  return bare(word) === bare(name) || (name.length > 4 && bare(word).includes(bare(name)));
}

/** Whether a module that is not in the directory may come with a package. */
export function mayBeInstalled(files: ProjectFiles, module: string, given?: string): boolean {
  const text = requirements(files, given);
  // what a path or a repository installs is not named after it, nor are the packages that a project has in a folder of its own
  const nameless =
    /^\s*(-e|--editable|--find-links|-f|\.{1,2}\/|git\+|file:|[\w.+-]+\.whl)|@\s*(git\+|file:|https?:)|\b(path|git|where|from|package[-_]dir)\s*=/m.test(
      text,
    );
  const name = module.toLowerCase();
  const words = text.toLowerCase().match(/[\w.-]+/g) ?? [];
  return nameless || words.some((word) => word.split(/[-_.]/).includes(name) || holds(word, name));
}

/** Whether Django is among the packages of a project by its own name: as a line, as a string of a list, as a key, or in a lock. */
export function wantsDjango(files: ProjectFiles): boolean {
  const forms = [
    /^\s*django\s*(\[[^\]]*\]\s*)?([<>=!~]=?[\s\d]|[;,@]|$)/im,
    /["']django\s*(\[[^\]]*\]\s*)?([<>=!~;,@][^"']*)?["']\s*[,\]:]/i,
    /^\s*django\s*=\s*["'{]/im,
    /^name\s*=\s*["']django["']\s*$/im,
  ];
  // an extra of another package is named alike in locks
  const text = requirements(files).replace(/^\[package\.(extras|optional-dependencies)\](?:(?!^\[)[\s\S])*/gm, '');
  return forms.some((form) => form.test(text));
}
