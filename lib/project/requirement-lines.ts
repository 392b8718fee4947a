import { folderOf, resolved, type ProjectFiles } from './files';
import { REINCLUDE } from './ignored';

/** Files that name packages otherwise than line by line. */
const NO_LIST = /(^|\/)((uv|poetry|Pipfile)\.lock|setup\.(py|cfg)|[^/]+\.toml)$/;
/** Folders of a machine that nothing of the project brings: packages of the system, and the release by its own path. */
const OF_THE_MACHINE = /^\/(usr|srv\/app\/current)\//;
/** A marker that holds on every machine. Whether others do, files do not tell. */
const ON_LINUX = /^(sys_platform|platform_system|os_name)\s*==\s*["'](linux|posix)["']$/i;

/** What a list of requirements and those that it includes name, and a machine would not find. */
export function requirementLineProblems(files: ProjectFiles, list: string, seen = new Set<string>()): string[] {
  if (NO_LIST.test(list) || seen.has(list)) return [];
  seen.add(list);
  return logicalLines(files.read(list)).flatMap(([number, line]) => {
    // several options may stand in one line
    const parts = line.startsWith('-') ? line.split(/\s+(?=--?[a-z])/) : [line];
    return parts.flatMap((part) => {
      const [included, ...problems] = lookUp(files, list, part);
      const told = problems.map((problem) => `${list}:${number}: ${problem}`);
      return included === undefined ? told : [...told, ...requirementLineProblems(files, included, seen)];
    });
  });
}

/** As pip joins them, with the number of the line that each begins in: a comment goes on in no other line. */
function logicalLines(text: string): [number, string][] {
  // PowerShell writes UTF-16
  const lines = text.replace(/[\0\uFEFF\uFFFD]/g, '').split(/\r?\n/);
  const found: [number, string][] = [];
  for (let index = 0; index < lines.length; index += 1) {
    const number = index + 1;
    let line = lines[index]!;
    while (line.endsWith('\\') && !/^\s*#/.test(lines[index]!) && index + 1 < lines.length) {
      index += 1;
      line = `${line.slice(0, -1)} ${lines[index]!}`;
    }
    const bare = line.replace(/(^|\s)#.*$/, '').trim();
    if (bare !== '') found.push([number, bare]);
  }
  return found;
}

/** The list that a line includes, if any, and what is wrong with the line. */
function lookUp(files: ProjectFiles, list: string, line: string): [string | undefined, ...string[]] {
  const [, option, text] = /^(--[a-z-]+|-[a-z])?\s*=?\s*(.*)$/.exec(line)!;
  const value = text!.replace(/^(["'])(.*)\1$/, '$2');
  // pip puts variables in
  if (value === '' || value.includes('${')) return [undefined];
  switch (option) {
    case '-r':
    case '--requirement':
    case '-c':
    case '--constraint': {
      if (value.includes('://')) return [undefined, `${value} is not part of the application: put the file into it`];
      const path = value.startsWith('/') ? value : resolved(folderOf(list), value);
      return files.has(path) ? [path] : [undefined, missing(files, value, path)];
    }
    case '-f':
    case '--find-links': {
      const place = localPath(value, true);
      if (place === undefined) return [undefined];
      // beside the list, or where pip runs
      const paths = [resolved(folderOf(list), place), resolved('', place)];
      if (!place.startsWith('/') && paths.some((path) => isThere(files, path))) return [undefined];
      const path = paths.find((one) => files.isAtHome(one)) ?? paths[1]!;
      return [undefined, ...absent(files, value, place.startsWith('/') ? place : path)];
    }
    case undefined:
    case '-e':
    case '--editable': {
      const [, what, marker] = /^(.*?)(?:\s*;\s*(.*?))?$/.exec(value.replace(/\s--.*$/, ''))!;
      if (marker !== undefined && !ON_LINUX.test(marker)) return [undefined];
      const place = localPath(what!.trim(), option !== undefined);
      // pip takes a path from the folder that it runs in, which is that of the application
      return place === undefined
        ? [undefined]
        : [undefined, ...absent(files, what!, /^([/~]|[A-Za-z]:)/.test(place) ? place : resolved('', place))];
    }
    default:
      return [undefined];
  }
}

/** The path that a requirement is, with a name before it or without. */
function localPath(requirement: string, isPlace: boolean): string | undefined {
  const [, scheme, text] = /^(?:[\w.-]+\s*(?:\[[^\]]*\]\s*)?@\s*)?(file:(?:\/\/(?:localhost)?)?)?(.*)$/.exec(
    requirement,
  )!;
  const path = text!.replace(/#\w+=.*$/, '').replace(/\[[^\]/]*\]$/, '');
  if (scheme !== undefined) return decoded(path.replace(/^\/(?=[A-Za-z]:)/, ''));
  if (/^[A-Za-z]:[\\/]/.test(path)) return path;
  if (/^[\w+.-]+:/.test(path)) return undefined;
  return isPlace || /\/|^\.{1,2}$|\.(whl|zip|tgz|tar\.\w+)$/.test(path) ? path : undefined;
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

const isThere = (files: ProjectFiles, path: string) => files.has(path) || files.hasFolder(path);

function absent(files: ProjectFiles, value: string, path: string): string[] {
  return isThere(files, path) || OF_THE_MACHINE.test(path) ? [] : [missing(files, value, path)];
}

function missing(files: ProjectFiles, value: string, path: string): string {
  if (/^([/~]|\.\.(\/|$)|[A-Za-z]:)/.test(path)) {
    return `${value} is outside of the application directory, and a machine gets that alone: put it inside`;
  }
  if (files.isAtHome(path)) {
    return `${value} stays at home by .gitignore, .plumblineignore or exclude: ${REINCLUDE}`;
  }
  return `${value} is not in the application directory: add it, or take the line out`;
}
