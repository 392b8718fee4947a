import { inFolder, type ProjectFiles } from './files';

/** Why folders of a project cannot be kept over its releases, as far as its files show it, one message each. */
export function linkedDirsWithCode(files: ProjectFiles, folders: readonly string[]): string[] {
  return folders.flatMap((folder) => {
    const name = `linkedDirs ${JSON.stringify(folder)}`;
    if (files.has(folder)) return [`${name} is a file: give the folder that it is in`];
    const code = files.paths.find((path) => path.startsWith(inFolder(folder, '')) && path.endsWith('.py'));
    if (code === undefined) return [];
    return [
      `${name} holds code (${code}), which would stay that of the first release: give a folder that holds data alone`,
    ];
  });
}
