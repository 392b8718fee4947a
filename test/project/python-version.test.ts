import { choosePython, ProjectFiles, readProject } from '../../lib/project';
import { fits, versionOf } from '../../lib/project/specifiers';
import { OPERATING_SYSTEMS, pythonsOf } from '../../lib/render';

function chosen(files: Record<string, string>, system: keyof typeof OPERATING_SYSTEMS = 'amazon-linux-2023') {
  const all = { 'requirements.txt': '', 'app.py': 'app = 1', ...files };
  const { pythonWishes } = readProject(new ProjectFiles(Object.keys(all), (path) => all[path as keyof typeof all]), {
    directory: 'shop',
    applications: [{ prop: 'wsgi', value: 'app:app' }],
  });
  const profile = OPERATING_SYSTEMS[system];
  const python = choosePython(pythonsOf(profile), profile.pythonVersion, pythonWishes);
  return python && `${python.version} ${python.packaged ? python.command : 'fetched'}`;
}

test.each<[string, Record<string, string>, string]>([
  ['nothing is asked for', {}, '3.13.15 python3.13'],
  ['pyenv or uv pins it', { '.python-version': '# ours\n3.12\n' }, '3.12.13 python3.12'],
  ['a pin names a patch', { '.python-version': '3.12.4' }, '3.12.13 python3.12'],
  ['uv pins it in its own words', { '.python-version': 'cpython@3.11\n' }, '3.11.15 python3.11'],
  ['uv pins it in full', { '.python-version': 'cpython-3.11.9-linux-x86_64-gnu\n' }, '3.11.15 python3.11'],
  ['uv is given a range', { '.python-version': '>=3.11,<3.12\n' }, '3.11.15 python3.11'],
  ['pyenv pins an environment', { '.python-version': '3.12.4/envs/shop\n' }, '3.12.13 python3.12'],
  ['a pin names any patch', { '.python-version': '3.12.x\r\n' }, '3.12.13 python3.12'],
  ['a pin names what is to come', { '.python-version': '3.12-dev' }, '3.12.13 python3.12'],
  ['Cloud Foundry pins it', { 'runtime.txt': 'python-3.12.x\n' }, '3.12.13 python3.12'],
  [
    'the nearer of two pins holds',
    { '.python-version': '3.11', 'b/.python-version': '3.12', 'b/manage.py': '', 'b/app.py': 'app = 1' },
    '3.12.13 python3.12',
  ],
  ['it is another interpreter', { '.python-version': 'pypy3.10\n' }, '3.13.15 python3.13'],
  ['Heroku pins it', { 'runtime.txt': 'python-3.11.9\n' }, '3.11.15 python3.11'],
  ['Pipenv pins it', { Pipfile: '[requires]\npython_version = "3.12"\n' }, '3.12.13 python3.12'],
  [
    'a lock of Pipenv pins it',
    { 'Pipfile.lock': '{"_meta": {"requires": {"python_version": "3.14"}}}' },
    '3.14.7 python3.14',
  ],
  [
    'a project wants what the system has',
    { 'pyproject.toml': '[project]\nrequires-python = ">=3.11"\n' },
    '3.13.15 python3.13',
  ],
  [
    'a project wants something older',
    { 'pyproject.toml': "[project]\nrequires-python = '>=3.11,<3.13'\n" },
    '3.12.13 python3.12',
  ],
  [
    'a project wants something newer',
    { 'pyproject.toml': '[project]\nrequires-python = ">=3.14"\n' },
    '3.14.7 python3.14',
  ],
  [
    'Poetry wants it',
    { 'pyproject.toml': '[tool.poetry]\nname = "a"\n[tool.poetry.dependencies]\ndjango = "5"\npython = "~3.12"\n' },
    '3.12.13 python3.12',
  ],
  [
    'a lock of Poetry wants it',
    {
      'poetry.lock':
        '[[package]]\nname = "a"\npython-versions = ">=3"\n\n[metadata]\npython-versions = ">=3.9,<3.13"\n',
    },
    '3.12.13 python3.12',
  ],
  ['a lock of uv wants it', { 'uv.lock': 'version = 1\nrequires-python = "==3.11.*"\n' }, '3.11.15 python3.11'],
])('where %s', (_, files, python) => {
  expect(chosen(files)).toBe(python);
});

test('what a system lacks is fetched', () => {
  expect(chosen({ '.python-version': '3.12' }, 'debian-13')).toBe('3.12.13 fetched');
  expect(chosen({ 'pyproject.toml': 'requires-python = ">=3.13.7"' }, 'debian-13')).toBe('3.14.4 fetched');
  expect(chosen({ 'pyproject.toml': 'requires-python = ">=3.13"' }, 'ubuntu-24.04')).toBe('3.14.4 fetched');
});

test.each<Record<string, string>>([{ '.python-version': '3.10' }, { 'pyproject.toml': 'requires-python = "<3.10"' }])(
  'fails where there is none: %j',
  (files) => {
    expect(chosen(files)).toBeUndefined();
  },
);

test.each<[string, string, boolean | undefined]>([
  ['3.12.3', '>=3.10, <4', true],
  ['3.12.3', '>= 3.12.4', false],
  ['3.12.3', '>3.12.2,!=3.12.3', false],
  ['3.12.3', '!=3.12.*', false],
  ['3.12.3', '==3.12.*', true],
  ['3.12.3', '==3.12.3', true],
  ['3.12.3', '==3.12.4', false],
  ['3.12.3', '<=3.12', false],
  ['3.12.3', '~=3.10', true],
  ['3.12.3', '~=3.10.1', false],
  ['3.12.3', '^3.11', true],
  ['3.12.3', '^2.7 || ^3.12', true],
  ['3.12.3', '~3.11', false],
  ['3.12.3', '3.12', true],
  ['3.12.3', '>=3.9 <3.12', false],
  ['3.12.3', '*', true],
  ['3.12.3', 'new', undefined],
])('%s and %s: %s', (version, specifier, answer) => {
  expect(fits(versionOf(version), specifier)).toBe(answer);
});
