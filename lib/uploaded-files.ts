import {
  closeSync,
  existsSync,
  lstatSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  readSync,
  realpathSync,
  statSync,
} from 'node:fs';
import { isAbsolute, join, resolve, sep } from 'node:path';
import { IgnoreStrategy } from 'aws-cdk-lib';
import { literally, NEVER_GOES_UP, OWN_IGNORE_FILE, patternsIn, STAYS_AT_HOME, withoutCase } from './project/ignored';
import { inFolder, ProjectFiles } from './project/files';

/** What goes up of a directory. */
export interface UploadedFiles {
  readonly files: ProjectFiles;
  /** Patterns for what stays at home, each for entries of one folder. */
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
  walk.checkCase();
  const { paths, excluded, executables, problems } = walk;
  return { files: filesOf(root, paths), exclude: excluded, executables: executables.sort(), problems };
}

/** All files of a directory: what a build has made is what goes up. */
export function allFiles(directory: string): ProjectFiles {
  const paths = readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name).slice(resolve(directory).length + 1));
  return filesOf(
    directory,
    paths.map((path) => path.split(sep).join('/')),
  );
}

function filesOf(root: string, paths: string[]): ProjectFiles {
  return new ProjectFiles(paths.sort(), (path) => readFileSync(join(root, path), 'utf8'), {
    size: (path) => statSync(join(root, path), { throwIfNoEntry: false })?.size ?? 0,
    head: (path, most) => headOf(join(root, path), most),
    exists: (path) => existsSync(join(root, path)),
  });
}

function headOf(file: string, most: number): string {
  // a build may leave links to folders, or to nothing
  if (!statSync(file, { throwIfNoEntry: false })?.isFile()) return '';
  const descriptor = openSync(file, 'r');
  try {
    const buffer = Buffer.alloc(most);
    return buffer.toString('utf8', 0, readSync(descriptor, buffer, 0, most, 0));
  } finally {
    closeSync(descriptor);
  }
}

function patternsOf(root: string, folder: string, name: string): string[] {
  const file = join(root, folder, name);
  return existsSync(file) && statSync(file).isFile() ? patternsIn(folder, readFileSync(file, 'utf8')) : [];
}

/**
 * Patterns for what stays at home of a folder: few, since CDK compares each file with each. Of uploads that is their ending, where nothing
 * that goes up has it, or all of the folder, where less goes up than stays.
 */
function patternsFor(folder: string, staying: readonly string[], going: readonly string[]): string[] {
  const inside = (pattern: string) => `${folder === '' ? '' : literally(folder)}/${pattern}`;
  const endings = new Set(going.map(endingOf));
  const alike = new Map<string, string[]>();
  for (const path of staying) {
    const ending = endingOf(path);
    if (alike.get(ending)?.push(path) === undefined) alike.set(ending, [path]);
  }
  const patterns = [...alike].flatMap(([ending, paths]) =>
    paths.length > 1 && ending !== '' && !endings.has(ending)
      ? [inside(`*${literally(ending).slice(1)}`)]
      : paths.map(literally),
  );
  if (patterns.length <= going.length + 1) return patterns;
  return [inside('*'), ...going.map((path) => `!${literally(path)}`)];
}

/** `.jpg`, without regard to case, which CDK does not mind. */
function endingOf(path: string): string {
  return /\.[^./]*$/.exec(path)?.[0].toLowerCase() ?? '';
}

/** A link, with the real paths of the folders that lead to it, and how to walk what it leads to. */
interface Link {
  readonly path: string;
  readonly above: readonly string[];
  readonly enter: () => void;
}

class Walk {
  public readonly paths: string[] = [];
  public readonly excluded: string[] = [];
  public readonly executables: string[] = [];
  public readonly problems: string[] = [];
  private readonly atHome: string[] = [];
  private links: Link[] = [];

  constructor(
    private readonly root: string,
    private readonly last: readonly string[],
  ) {}

  /** Walks a folder with the patterns of those above it, `within` the real paths of those that a link leads out of. */
  public into(
    folder: string,
    patternsAbove: readonly string[],
    inherited?: IgnoreStrategy,
    within: readonly string[] = [],
  ): void {
    const own = patternsOf(this.root, folder, '.gitignore');
    const patterns = [...patternsAbove, ...own];
    const strategy =
      own.length === 0 && inherited
        ? inherited
        : IgnoreStrategy.git(this.root, [...patterns, ...this.last].map(withoutCase));
    const above = [...within, realpathSync(join(this.root, folder))];
    const staying: string[] = [];
    const going: string[] = [];
    const folders: string[] = [];
    const entries = readdirSync(join(this.root, folder), { withFileTypes: true });
    for (const entry of entries.sort((one, other) => (one.name < other.name ? -1 : 1))) {
      const path = inFolder(folder, entry.name);
      const full = join(this.root, path);
      const named = join(this.root, withoutCase(path));
      // whatever its name, a virtual environment has a pyvenv.cfg (PEP 405), and works on the machine that made it alone
      const foreign = entry.isDirectory() && existsSync(join(full, 'pyvenv.cfg'));
      // a socket or a pipe is of something that runs here
      const known = entry.isDirectory() || entry.isSymbolicLink() || entry.isFile();
      const ignored = entry.isDirectory() ? strategy.completelyIgnores(named) : strategy.ignores(named);
      if (foreign || !known || ignored) {
        staying.push(path);
        this.atHome.push(path);
        continue;
      }
      going.push(path);
      if (entry.isDirectory()) {
        folders.push(path);
      } else if (entry.isSymbolicLink()) {
        this.links.push({ path, above, enter: () => this.into(path, patterns, strategy, above) });
      } else {
        this.paths.push(path);
        if (lstatSync(full).mode & 0o100) this.executables.push(path);
      }
    }
    this.excluded.push(...patternsFor(folder, staying, going));
    for (const path of folders) this.into(path, patterns, strategy, within);
  }

  /** A link within the directory stays one; what one beyond it points to goes up in its place; one to what stays at home stays too. */
  public checkLinks(): void {
    const own = new ProjectFiles([...this.paths], () => '');
    while (this.links.length > 0) {
      const links = this.links.sort((one, other) => (one.path < other.path ? -1 : 1));
      this.links = [];
      for (const link of links) this.checkLink(link, own);
    }
  }

  /** CDK's patterns take no notice of case. */
  public checkCase(): void {
    const atHome = new Map(this.atHome.map((path) => [path.toLowerCase(), path]));
    const { folders } = new ProjectFiles(this.paths, () => '');
    for (const path of [...this.paths, ...folders]) {
      const other = atHome.get(path.toLowerCase());
      if (other === undefined || other === path) continue;
      this.problems.push(`${other} stays at home and ${path} goes up: rename one, since CDK takes no notice of case`);
    }
  }

  private checkLink({ path, above, enter }: Link, own: ProjectFiles): void {
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
    if (target === undefined || existsSync(join(target, 'pyvenv.cfg'))) {
      this.leave(path);
    } else if (above.some((folder) => `${folder}/`.startsWith(`${target}/`))) {
      this.problems.push(`${link} points to a folder that it is in, which has no end: remove it`);
    } else if (relative === undefined) {
      if (statSync(target).isDirectory()) enter();
      else this.paths.push(path);
    } else if (!own.has(relative) && !own.hasFolder(relative)) {
      this.leave(path);
    } else {
      if (isAbsolute(text)) this.problems.push(`${link} holds a path of this machine: make it relative`);
      this.see(path, own, relative);
    }
  }

  private leave(path: string): void {
    this.excluded.push(literally(path));
    this.atHome.push(path);
  }

  private see(path: string, own: ProjectFiles, target: string): void {
    if (own.has(target)) this.paths.push(path);
    for (const one of own.paths) if (one.startsWith(`${target}/`)) this.paths.push(path + one.slice(target.length));
  }
}
