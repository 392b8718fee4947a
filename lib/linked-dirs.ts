import { covers } from './plan/locations';
import { FOLDER, FOLDER_RULE } from './render';

/** What is wrong with the names of folders that are kept, one message each. */
export function linkedDirsProblems(folders: readonly string[]): string[] {
  return folders.flatMap((folder, index) => {
    const name = `linkedDirs ${JSON.stringify(folder)}`;
    if (!FOLDER.test(folder)) return [`${name} ${FOLDER_RULE}`];
    if (folder.startsWith('.')) {
      return [`${name} begins with a dot, as folders do that the machine makes: use another name`];
    }
    const before = folders.slice(0, index).find((other) => covers(other, folder) || covers(folder, other));
    return before === undefined
      ? []
      : [`${name} and ${JSON.stringify(before)} are one in the other: give the outer one`];
  });
}
