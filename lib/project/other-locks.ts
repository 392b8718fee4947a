import { REQUIREMENTS_FILES } from '../render/requirements';
import { inFolder, type ProjectFiles } from './files';
import { REINCLUDE } from './ignored';
import type { ProjectWarning } from './project-warning';

/** Names packages, and does not say of which version. */
const NOT_LOCKED = /(^|\/)(pyproject\.toml|setup\.(py|cfg))$/;

/** Locks of tools that are not known here, and how one is made that is. */
const OTHERS = {
  'pdm.lock': 'pdm export --prod -o requirements.txt writes a list of the same',
  'requirements.lock': 'uv lock locks the same project',
  'pixi.lock': 'uv lock locks the packages of PyPI of the same project',
};
const CONDA = ['environment.yml', 'environment.yaml', 'conda-lock.yml'];
const KNOWN = ['uv.lock', 'pylock.toml', 'poetry.lock', 'Pipfile.lock'];

/** What says which packages a project wants, and is passed over for the file that was found. */
export function passedOverLocks(files: ProjectFiles, folders: readonly string[], found: string): ProjectWarning[] {
  const newest = `, so that the newest packages are installed that ${found} allows`;
  const messages = folders.flatMap((folder) => {
    const here = (name: string) => inFolder(folder, name);
    return [
      ...Object.entries(OTHERS)
        .filter(([name]) => NOT_LOCKED.test(found) && files.has(here(name)))
        .map(([name, instead]) => `${here(name)} is passed over${newest}: ${instead}`),
      ...KNOWN.filter((name) => NOT_LOCKED.test(found) && files.isAtHome(here(name))).map(
        (name) => `${here(name)} stays at home${newest}: ${REINCLUDE}`,
      ),
      ...CONDA.filter((name) => files.has(here(name))).map(
        (name) => `${here(name)} is passed over for ${found}, which must name all that the application imports`,
      ),
    ];
  });
  return messages.map((message) => ({ id: 'packagesPassedOver', message }));
}

/** What is there instead, where none of the files is found that are known. */
export function otherPackageFiles(files: ProjectFiles, folders: readonly string[]): string[] {
  return folders.flatMap((folder) => {
    const here = (name: string) => inFolder(folder, name);
    return [
      ...(files.has(here('Pipfile')) ? [`${here('Pipfile')} has no Pipfile.lock: run pipenv lock`] : []),
      ...CONDA.filter((name) => files.has(here(name))).map(
        (name) => `${here(name)} is of conda: write what it has of PyPI into requirements.txt`,
      ),
      ...Object.entries(OTHERS)
        .filter(([name]) => files.has(here(name)))
        .map(([name, instead]) => `${here(name)} is not known here: ${instead}`),
      ...REQUIREMENTS_FILES.filter((name) => files.isAtHome(here(name))).map(
        (name) => `${here(name)} stays at home: ${REINCLUDE}`,
      ),
    ];
  });
}
