import { ProjectFiles } from '../../lib/project';
import { requirementLineProblems } from '../../lib/project/requirement-lines';

/** What is wrong with the first of the files; those in `atHome` are in the directory, and do not go up. */
function problems(texts: Record<string, string>, atHome: readonly string[] = []): string[] {
  const files = new ProjectFiles(Object.keys(texts), (path) => texts[path]!, {
    size: () => 0,
    head: () => '',
    exists: (path) => path in texts || atHome.includes(path),
  });
  return requirementLineProblems(files, Object.keys(texts)[0]!);
}

const NOT_THERE = 'is not in the application directory: add it, or take the line out';
const OUTSIDE = 'is outside of the application directory, and a machine gets that alone: put it inside';
const AT_HOME = 'stays at home by .gitignore, .plumblineignore or exclude: re-include it by a ! in .plumblineignore';

test.each([
  ['-r requirements/common.txt', NOT_THERE],
  ['--requirement=common.txt', NOT_THERE],
  ['-c constraints.txt', NOT_THERE],
  ['-r ../common.txt', OUTSIDE],
  ['-r /home/me/common.txt', OUTSIDE],
  ['./vendor/foo-1.0-py3-none-any.whl', NOT_THERE],
  ['vendor/foo-1.0.tar.gz --hash=sha256:00', NOT_THERE],
  ['foo-1.0-py3-none-any.whl', NOT_THERE],
  ['./libs/common[redis]', NOT_THERE],
  ['foo @ ./vendor/foo-1.0-py3-none-any.whl', NOT_THERE],
  ['foo[x] @ file:vendor/foo%2Bx.whl', NOT_THERE],
  ['-e libs/common', NOT_THERE],
  ['-e ../shared', OUTSIDE],
  ['-e ../shared ; sys_platform == "linux"', OUTSIDE],
  ['../shared', OUTSIDE],
  ['foo @ file:///home/me/foo', OUTSIDE],
  ['foo @ file:///C:/Users/me/foo', OUTSIDE],
  ['foo@file:///croot/foo_1700000000000/work', OUTSIDE],
  ['/home/me/foo-1.0-py3-none-any.whl', OUTSIDE],
  ['-f ./wheels', NOT_THERE],
  ['--find-links=/home/me/wheels', OUTSIDE],
])('fails where there is nothing of a line %s', (line, problem) => {
  const [value] = /[^\s=]*[/.][^;]*?(?=\s--|\s;|$)/.exec(line)!;
  const [told] = problems({ 'requirements.txt': `django\n\n${line}\n` });
  expect(told).toMatch(/^requirements\.txt:3: /);
  expect(told).toContain(problem);
  expect(told).toContain(value.trim());
});

test('fails where it stays at home', () => {
  const lines = '-r local.txt\nwheels/foo-1.0-py3-none-any.whl\n--find-links ./wheels\n-e ./build\n';
  expect(problems({ 'a.txt': lines }, ['local.txt', 'wheels', 'wheels/foo-1.0-py3-none-any.whl', 'build'])).toEqual([
    `a.txt:1: local.txt ${AT_HOME}`,
    `a.txt:2: wheels/foo-1.0-py3-none-any.whl ${AT_HOME}`,
    `a.txt:3: ./wheels ${AT_HOME}`,
    `a.txt:4: ./build ${AT_HOME}`,
  ]);
});

test('fails by the line of the list that another includes, and by the first line of those that are one', () => {
  const texts = {
    'requirements/production.txt': '-r base.txt --no-index\n-r ../common.txt\n',
    'requirements/base.txt': '# -r x \\\nflask \\\n  --hash=sha256:00\n\n-e \\\n  ./gone\n-r production.txt\n',
    'common.txt': '-c https://example.com/constraints.txt\r\n',
  };
  expect(problems(texts)).toEqual([
    `requirements/base.txt:5: ./gone ${NOT_THERE}`,
    'common.txt:1: https://example.com/constraints.txt is not part of the application: put the file into it',
  ]);
});

test('fails by a list that PowerShell has written', () => {
  const written = Buffer.from('\uFEFF-r gone.txt\r\n', 'utf16le').toString('utf8');
  expect(problems({ 'requirements.txt': written })).toEqual([`requirements.txt:1: gone.txt ${NOT_THERE}`]);
});

test.each([
  'django[argon2]>=5.2 ; python_version >= "3.12"',
  '-e .',
  '-e .[postgres]',
  '-e file:.',
  'file:libs/common',
  './libs/common[redis] --config-settings="x=/y"',
  '"./libs/common"',
  '-e ./libs/common#egg=common',
  '-rb.txt',
  '-r ./b.txt',
  'libs/common/',
  '-e git+https://example.com/x/y.git@abc#egg=y',
  '-e git@example.com:x/y.git',
  'foo @ https://example.com/foo-1.0.zip',
  'foo @ git+ssh://git@example.com/x/foo@v1',
  'https://example.com/foo-1.0-py3-none-any.whl',
  './gone ; sys_platform == "win32"',
  'foo @ file:///home/me/foo ; python_version < "3.9"',
  '-e ${SHARED}/foo',
  'foo @ file:///usr/share/python-wheels/foo-1.0-py3-none-any.whl',
  '--find-links https://example.com/wheels/',
  '--find-links wheels',
  '-f requirements/wheels',
  '--extra-index-url https://example.com/a/b --trusted-host example.com',
  '--index-url=https://example.com/a/b',
  '--no-binary :all:',
  '# -r gone.txt',
  'flask # ./gone',
])('nothing is said of %s', (line) => {
  const there = {
    'pyproject.toml': '',
    'libs/common/setup.py': '',
    'requirements/wheels/a.whl': '',
    'requirements/b.txt': '',
  };
  expect(problems({ 'requirements/a.txt': line, ...there })).toEqual([]);
});

test.each(['uv.lock', 'backend/poetry.lock', 'Pipfile.lock', 'setup.cfg', 'pyproject.toml'])(
  '%s has no lines',
  (name) => {
    expect(problems({ [name]: '-r gone.txt' })).toEqual([]);
  },
);
