/** The file that says what goes up, in the language of .gitignore, and has the last word over it. */
export const OWN_IGNORE_FILE = '.plumblineignore';

/** What to do about something that stays at home and should not. */
export const REINCLUDE = `re-include it by a ! in ${OWN_IGNORE_FILE}`;

/** What is no part of a release wherever it lies. A `.gitignore` or a `.plumblineignore` may re-include it by a `!`. */
export const STAYS_AT_HOME: readonly string[] = [
  // settings and secrets of one machine, or of one person
  ...['.env*', '*.env', '.envrc'],
  ...['.netrc', '_netrc', '.pypirc', '.git-credentials', '.vault-token', '.pgpass', '.my.cnf', '.s3cfg', '.boto'],
  ...[
    '.aws',
    '.azure',
    '.ssh',
    '.gnupg',
    '.kube',
    '**/.docker/config.json',
    'id_rsa*',
    'id_dsa*',
    'id_ed25519*',
    'id_ecdsa*',
  ],
  ...['*.tfstate', '*.tfstate.*', '*.tfvars', '.terraform'],
  ...['.*_history', '.lesshst', '.viminfo'],
  // databases of one machine, with what SQLite keeps beside them
  ...['sqlite3', 'sqlite'].flatMap((ending) => [
    `*.${ending}`,
    `*.${ending}-journal`,
    `*.${ending}-wal`,
    `*.${ending}-shm`,
  ]),
  'celerybeat-schedule*',
  'dump.rdb',
  // what tools write beside the code
  '*.log',
  '*.egg-info',
  // what tests write, by names that something else may have
  ...['coverage.json', 'coverage.lcov', 'junit.xml', 'nosetests.xml', 'test-results'],
  // editors
  '.idea',
  '.vscode',
  '*.sw[op]',
  '*~',
  // packages of other tools
  'node_modules',
  'cdk.out',
];

/** What no release needs, and what would make each run of a test a new one: nothing re-includes it. */
export const NEVER_GOES_UP: readonly string[] = [
  '.git',
  '.hg',
  '__pycache__',
  '*.py[cod]',
  '.pytest_cache',
  '.mypy_cache',
  '.ruff_cache',
  '.tox',
  '.nox',
  '.coverage',
  '.coverage.*',
  'coverage.xml',
  'htmlcov',
  '.hypothesis',
  '.testmondata*',
  '.benchmarks',
  '.nyc_output',
  '.pytype',
  '.pyre',
  '.dmypy.json',
  '.eggs',
  '.ipynb_checkpoints',
  '.DS_Store',
];

/** The lines of an ignore file in a folder, as they read in the directory above: https://git-scm.com/docs/gitignore */
export function patternsIn(folder: string, text: string): string[] {
  return text
    .split(/\r?\n/)
    .filter((line) => line.trim() !== '' && !line.startsWith('#'))
    .map((line) => (folder === '' ? line : below(folder, line)));
}

function below(folder: string, line: string): string {
  const negated = line.startsWith('!') ? '!' : '';
  const pattern = line.slice(negated.length);
  // with a slash before its end it is bound to the folder, without one it holds at every depth
  const bound = /\/./.test(pattern.replace(/\s+$/, ''));
  return `${negated}${literally(folder)}/${bound ? pattern.replace(/^\//, '') : `**/${pattern}`}`;
}

/** A pattern for one path alone. */
export function literally(path: string): string {
  return `/${path.replace(/[\\*?[\]!# ]/g, '\\$&')}`;
}

/** The same with other letters for capitals: CDK's patterns take no notice of case, and git does. */
export function withoutCase(text: string): string {
  return text.replace(/[A-Z]/g, (letter) => String.fromCharCode(PRIVATE_USE + letter.charCodeAt(0)));
}

/** Where Unicode's characters for private use begin, which have no case. */
const PRIVATE_USE = 0xe000;
