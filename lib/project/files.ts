/** The files of a project as they go up: nothing else is known of it at synthesis. */
export class ProjectFiles {
  private readonly folders = new Set<string>(['']);
  private readonly known: ReadonlySet<string>;

  /**
   * @param paths of all files, relative to the directory, with slashes
   * @param text what is in one of them
   */
  constructor(
    public readonly paths: readonly string[],
    private readonly text: (path: string) => string,
  ) {
    this.known = new Set(paths);
    for (const path of paths) {
      for (let folder = folderOf(path); folder !== ''; folder = folderOf(folder)) this.folders.add(folder);
    }
  }

  public has(path: string): boolean {
    return this.known.has(path);
  }

  public hasFolder(path: string): boolean {
    return this.folders.has(path);
  }

  /** What is in a file; nothing where it is not there. */
  public read(path: string): string {
    return this.has(path) ? this.text(path) : '';
  }

  /** Names of what is in a folder. */
  public in(folder: string): string[] {
    const entries = [...this.known, ...this.folders].filter((path) => path !== '' && folderOf(path) === folder);
    return entries.map((path) => path.slice(folder === '' ? 0 : folder.length + 1)).sort();
  }
}

export function folderOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf('/')));
}

export function inFolder(folder: string, name: string): string {
  return folder === '' ? name : `${folder}/${name}`;
}

/** A path as a file in the folder names it. One that leads out of the directory is that of no file. */
export function resolved(folder: string, path: string): string {
  const parts: string[] = [];
  for (const part of inFolder(folder, path).split('/')) {
    if (part === '..' && parts.length > 0 && parts.at(-1) !== '..') parts.pop();
    else if (part !== '.' && part !== '') parts.push(part);
  }
  return parts.join('/');
}
