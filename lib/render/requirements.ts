/** Where packages are named, the first that there is; runtime/plumbline_requirements.py reads them. */
export const REQUIREMENTS_FILES = [
  'uv.lock',
  'pylock.toml',
  'poetry.lock',
  'Pipfile.lock',
  'requirements.txt',
  'requirements/production.txt',
  'requirements/prod.txt',
  'requirements/base.txt',
  'requirements/requirements.txt',
  'pyproject.toml',
  'setup.py',
  'setup.cfg',
] as const;

/** What is said of a path that is none of the application. */
export const REQUIREMENTS_PATH =
  'must be a path in the application of letters, digits and - _ . /, for example requirements/production.txt';

/** What is said of a name that no tool takes for a group. */
export const GROUP_NAME = 'must be the name of a group: letters, digits and - _ .';

/** What is said of a name that no tool takes for an extra. */
export const EXTRA_NAME = 'must be the name of an extra: letters, digits and - _ .';

export function isRequirementsPath(path: string): boolean {
  return /^[\w.-]+(\/[\w.-]+)*$/.test(path) && !path.startsWith('-') && !path.split('/').includes('..');
}

/** PEP 735, and PEP 685 for extras: as the names of packages. */
export function isGroupName(name: string): boolean {
  return /^[A-Za-z0-9]([\w.-]*[A-Za-z0-9])?$/.test(name);
}

/** A package of apt or dnf, without a version. */
export function isSystemPackage(name: string): boolean {
  return /^[A-Za-z0-9][A-Za-z0-9.+_-]*$/.test(name);
}
