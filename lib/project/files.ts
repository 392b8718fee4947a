/** What is asked of a disk besides the text of files. */
export interface Disk {
  /** Bytes of a file. */
  size(path: string): number;
  /** At most so many bytes of its beginning, as text. */
  head(path: string, most: number): string;
  /** Whether there is such a file or folder, of those that stay at home too. */
  exists(path: string): boolean;
}

/** The files of a project as they go up: nothing else is known of it at synthesis. */
export class ProjectFiles {
  public readonly folders = new Set<string>(['']);
  private readonly known: ReadonlySet<string>;

  /**
   * @param paths of all files, relative to the directory, with slashes
   * @param text what is in one of them
   * @param disk where they are
   */
  constructor(
    public readonly paths: readonly string[],
    private readonly text: (path: string) => string,
    private readonly disk: Disk = {
      size: (path) => text(path).length,
      head: (path, most) => text(path).slice(0, most),
      exists: () => false,
    },
  ) {
    this.known = new Set(paths);
    for (const path of paths) {
      // those above one that is known are known too
      for (let folder = folderOf(path); !this.folders.has(folder); folder = folderOf(folder)) this.folders.add(folder);
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

  /** Its beginning: some files are larger than what a text can be. */
  public head(path: string): string {
    return this.disk.head(path, HEAD);
  }

  /** Bytes of a file. */
  public size(path: string): number {
    return this.disk.size(path);
  }

  /** Whether the directory has it, and it does not go up. */
  public isAtHome(path: string): boolean {
    return !this.has(path) && !this.hasFolder(path) && this.disk.exists(path);
  }

  /** Names of what is in a folder. */
  public in(folder: string): string[] {
    const entries = [...this.known, ...this.folders].filter((path) => path !== '' && folderOf(path) === folder);
    return entries.map((path) => path.slice(folder === '' ? 0 : folder.length + 1)).sort();
  }
}

/** A key is in the first lines of a file, and a few KiB long. */
const HEAD = 16384;

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
