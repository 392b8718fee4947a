import { inFolder, type ProjectFiles } from './files';
import { compare, fits, versionOf } from './specifiers';

/** What a file of a project asks for. */
export interface PythonWish {
  /** Where it stands, for example `requires-python of pyproject.toml`. */
  readonly source: string;
  /** In its own words, for example `>=3.12`. */
  readonly text: string;
  /** Whether it is one line of versions, such as 3.12, and not a range. */
  readonly pin: boolean;
}

/** A Python that a machine can have. */
export interface PythonChoice {
  /** Version, or of the operating system's the oldest patch that it installs. */
  readonly version: string;
  /** Whether the operating system has it. */
  readonly packaged: boolean;
}

const minorOf = (version: string) => version.split('.').slice(0, 2).join('.');

/** Reads every file that says which Python a project wants: the pins first, as pyenv, uv, Heroku and Pipenv read them. */
export function pythonWishes(files: ProjectFiles, folders: readonly string[]): PythonWish[] {
  return folders.flatMap((folder) => {
    const read = (name: string) => files.read(inFolder(folder, name));
    const found = (name: string, pattern: RegExp, what?: string, pin = false): PythonWish[] => {
      const text = pattern.exec(read(name))?.[1]?.trim();
      return text
        ? [{ source: what ? `${what} of ${inFolder(folder, name)}` : inFolder(folder, name), text, pin }]
        : [];
    };
    const known = [
      // https://docs.astral.sh/uv/concepts/python-versions/#python-version-files: the first line that is no comment
      ...found(
        '.python-version',
        // 3.12, 3.12.x, 3.12-dev, 3.12.4/envs/shop of pyenv, cpython-3.12.4-linux-x86_64-gnu of uv
        /^(?:\s*(?:#.*)?\r?\n)*\s*(?:cpython[@-]?|python-?)?(3\.\d+(?:\.\d+)?)(?:\.x|(?:a|b|rc)\d+)?(?:[-/]\S*)?\s*(?:#.*)?$/m,
        undefined,
        true,
      ),
      ...found('.python-version', /^\s*([<>=!~][<>=!~\d.*, ]*\d[.*]*)\s*(?:#.*)?$/m),
      // https://asdf-vm.com/manage/configuration.html#tool-versions: others behind the first are what to fall back to
      ...found('.tool-versions', /^\s*python\s+(?:latest:)?(3\.\d+(?:\.\d+)?)(?:-dev)?(?:\s|$)/m, undefined, true),
      ...found('runtime.txt', /^\s*(?:python-)?(3\.\d+(?:\.\d+)?)(?:\.x)?\s*$/m, undefined, true),
      ...found('Pipfile.lock', /"python_(?:full_)?version"\s*:\s*"(3\.\d+(?:\.\d+)?)"/, 'python_version', true),
      ...found('Pipfile', /^\s*python_(?:full_)?version\s*=\s*["'](3\.\d+(?:\.\d+)?)["']/m, 'python_version', true),
      ...found('pyproject.toml', /^\s*requires-python\s*=\s*["']([^"']+)["']/m, 'requires-python'),
      ...found(
        'pyproject.toml',
        /^\[tool\.poetry\.dependencies\](?:(?!^\[)[\s\S])*?^\s*python\s*=\s*["']([^"']+)["']/m,
        'python',
      ),
      ...found('uv.lock', /^requires-python\s*=\s*["']([^"']+)["']/m, 'requires-python'),
      ...found('pylock.toml', /^requires-python\s*=\s*["']([^"']+)["']/m, 'requires-python'),
      ...found(
        'poetry.lock',
        /^\[metadata\](?:(?!^\[)[\s\S])*?^python-versions\s*=\s*["']([^"']+)["']/m,
        'python-versions',
      ),
      ...found('setup.cfg', /^python_requires\s*=\s*(\S[^#;\r\n]*)/m, 'python_requires'),
      // as a text alone: what is computed is not known
      ...found(
        'setup.py',
        /^[^#\n]*\bpython_requires\s*=\s*["']([<>=!~][^"'{}%]*)["']\s*(?:[,)\r\n]|$)/m,
        'python_requires',
      ),
    ];
    return [...known, ...inOtherWords(known, files, folder)];
  });
}

const FIRST = /^(?!\s*#)\s*(\S+)/m;
/** Files of pins, and the first word of theirs. */
const PINS = { '.python-version': FIRST, 'runtime.txt': FIRST, '.tool-versions': /^\s*python\s+(\S+)/m };
/** Another interpreter, another build of one, or another Python. Any other name is that of somebody's environment. */
const INTERPRETER =
  /^(?:pypy|graalpy|jython|micropython|pyston|cinder|stackless|nogil|(?:mini|ana)conda|miniforge|mambaforge)|^(?:c?python[-@]?)?v?\d+\.\d/i;

/** Pins that name no line of versions: no machine has what they ask for. */
function inOtherWords(known: readonly PythonWish[], files: ProjectFiles, folder: string): PythonWish[] {
  return Object.entries(PINS).flatMap(([name, first]) => {
    const source = inFolder(folder, name);
    const text = first.exec(files.read(source))?.[1];
    const isKnown = known.some((wish) => wish.source === source);
    return !isKnown && text !== undefined && INTERPRETER.test(text) ? [{ source, text, pin: true }] : [];
  });
}

/**
 * Chooses the Python of a machine: the one that is asked for, else the operating system's own where it fits, else its newest that does,
 * else the newest of the others. Undefined where none does, or where it is asked for in words that are not known.
 */
export function choosePython<T extends PythonChoice>(
  choices: readonly T[],
  preferred: string,
  wishes: readonly PythonWish[],
): T | undefined {
  const pin = wishes.find((wish) => wish.pin);
  // A patch is what the operating system brings, with its fixes: a pin means the line.
  const asked = pin ? [{ ...pin, text: minorOf(pin.text) }] : wishes;
  const fitting = choices.filter(({ version }) => asked.every(({ text }) => fits(versionOf(version), text)));
  const rank = ({ version, packaged }: T) => (packaged ? (minorOf(version) === minorOf(preferred) ? 0 : 1) : 2);
  return [...fitting].sort(
    (one, other) => rank(one) - rank(other) || compare(versionOf(other.version), versionOf(one.version)),
  )[0];
}
