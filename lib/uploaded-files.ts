import { existsSync, lstatSync, readdirSync, readFileSync, readlinkSync, realpathSync, statSync } from 'node:fs';
import { isAbsolute, join, resolve, sep } from 'node:path';
import { IgnoreStrategy } from 'aws-cdk-lib';
import { literally, NEVER_GOES_UP, OWN_IGNORE_FILE, patternsIn, STAYS_AT_HOME } from './project/ignored';
import { inFolder, ProjectFiles } from './project/files';

/** What goes up of a directory. */
export interface UploadedFiles {
  readonly files: ProjectFiles;
  /** Patterns for what stays at home: each is one file or folder. */
  readonly exclude: string[];
  /** Paths of files that may be executed. */
  readonly executables: readonly string[];
  readonly problems: readonly string[];
}

/** Decides what goes up: the `.gitignore` files of the directory, then its `.plumblineignore`, then `exclude`. */
export function uploadedFiles(directory: string, exclude: readonly string[]): UploadedFiles {
  const root = realpathSync(directory);
  const last = [...patternsOf(root, '', OWN_IGNORE_FILE), ...exclude, ...NEVER_GOES_UP];
  const walk = new Walk(root, last);
  walk.into('', STAYS_AT_HOME);
  walk.checkLinks();
  const { paths, excluded, executables, problems } = walk;
  const files = new ProjectFiles(paths.sort(), (path) => readFileSync(join(root, path), 'utf8'));
  return { files, exclude: excluded.sort(), executables: executables.sort(), problems };
}

/** All files of a directory: what a build has made is what goes up. */
export function allFiles(directory: string): ProjectFiles {
  const paths = readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name).slice(resolve(directory).length + 1));
  return new ProjectFiles(paths.map((path) => path.split(sep).join('/')).sort(), (path) =>
    readFileSync(join(directory, path), 'utf8'),
  );
}

function patternsOf(root: string, folder: string, name: string): string[] {
  const file = join(root, folder, name);
  return existsSync(file) && statSync(file).isFile() ? patternsIn(folder, readFileSync(file, 'utf8')) : [];
}

class Walk {
  public readonly paths: string[] = [];
  public readonly excluded: string[] = [];
  public readonly executables: string[] = [];
  public readonly problems: string[] = [];
  private readonly links: string[] = [];

  constructor(
    private readonly root: string,
    private readonly last: readonly string[],
  ) {}

  /** Walks a folder with the patterns of those above it. */
  public into(folder: string, above: readonly string[], inherited?: IgnoreStrategy): void {
    const own = patternsOf(this.root, folder, '.gitignore');
    const patterns = [...above, ...own];
    const strategy =
      own.length === 0 && inherited ? inherited : IgnoreStrategy.git(this.root, [...patterns, ...this.last]);
    for (const entry of readdirSync(join(this.root, folder), { withFileTypes: true })) {
      const path = inFolder(folder, entry.name);
      const full = join(this.root, path);
      // whatever its name, a virtual environment has a pyvenv.cfg (PEP 405), and works on the machine that made it alone
      const foreign = entry.isDirectory() && existsSync(join(full, 'pyvenv.cfg'));
      if (foreign || (entry.isDirectory() ? strategy.completelyIgnores(full) : strategy.ignores(full))) {
        this.excluded.push(literally(path) + (entry.isDirectory() ? '/' : ''));
      } else if (entry.isDirectory()) {
        this.into(path, patterns, strategy);
      } else if (entry.isSymbolicLink()) {
        this.links.push(path);
      } else if (entry.isFile()) {
        this.paths.push(path);
        if (lstatSync(full).mode & 0o100) this.executables.push(path);
      } else {
        this.excluded.push(literally(path)); // a socket or a pipe of something that runs here
      }
    }
  }

  /** A link within the directory stays one; what one beyond it points to goes up in its place; one to what stays at home stays too. */
  public checkLinks(): void {
    const own = [...this.paths];
    for (const path of this.links.sort()) {
      const full = join(this.root, path);
      const text = readlinkSync(full);
      const link = `symbolic link ${path} (to ${text})`;
      const target = existsSync(full) ? realpathSync(full) : undefined;
      const relative = target?.startsWith(this.root + sep)
        ? target
            .slice(this.root.length + 1)
            .split(sep)
            .join('/')
        : undefined;
      if (target === undefined) {
        this.excluded.push(literally(path));
      } else if (existsSync(join(target, 'pyvenv.cfg'))) {
        this.excluded.push(literally(path));
      } else if (`${full}/`.startsWith(`${target}/`)) {
        this.problems.push(`${link} points to a folder that it is in, which has no end: remove it`);
      } else if (relative === undefined) {
        this.seeBeyond(path, target);
      } else if (!own.some((one) => one === relative || one.startsWith(`${relative}/`))) {
        this.excluded.push(literally(path));
      } else {
        if (isAbsolute(text)) this.problems.push(`${link} holds a path of this machine: make it relative`);
        this.see(path, own, relative);
      }
    }
  }

  private see(path: string, own: readonly string[], target: string): void {
    if (own.includes(target)) this.paths.push(path);
    for (const one of own) if (one.startsWith(`${target}/`)) this.paths.push(path + one.slice(target.length));
  }

  private seeBeyond(path: string, target: string): void {
    if (statSync(target).isFile()) this.paths.push(path);
    else this.paths.push(...allFiles(target).paths.map((one) => `${path}/${one}`));
  }
}
