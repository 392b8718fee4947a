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
  ['pyenv names an environment', { '.python-version': 'shop-env\n' }, '3.13.15 python3.13'],
  ['pyenv names what else will do', { '.python-version': 'pypy3.10\n3.12.4\n' }, '3.12.13 python3.12'],
  ['a pin names a candidate', { '.python-version': '3.14.0rc2' }, '3.14.7 python3.14'],
  ['asdf pins it', { '.tool-versions': 'nodejs 22.1.0\npython 3.12.4 3.11.9\n' }, '3.12.13 python3.12'],
  ['asdf has the latest of a line', { '.tool-versions': 'python latest:3.12' }, '3.12.13 python3.12'],
  ['a file of another platform is called alike', { 'runtime.txt': 'r-4.1-2021-11-10' }, '3.13.15 python3.13'],
  ['setup.cfg wants it', { 'setup.cfg': '[options]\npython_requires = >=3.9, <3.13\n' }, '3.12.13 python3.12'],
  ['setup.cfg wants it below', { 'setup.cfg': '[options]\npython_requires =\n    <3.13\n' }, '3.12.13 python3.12'],
  ['setup.py wants it', { 'setup.py': 'setup(name="a", python_requires="<3.12")' }, '3.11.15 python3.11'],
  [
    'setup.py computes it',
    { 'setup.py': '# python_requires="<3.12"\nsetup(\n  python_requires=">={}".format(V),\n)' },
    '3.13.15 python3.13',
  ],
  [
    'a project wants none that is to come',
    { 'pyproject.toml': '[project]\nrequires-python = ">=3.11,<3.12.0a1"\n' },
    '3.11.15 python3.11',
  ],
  [
    'Poetry wants one of two',
    { 'pyproject.toml': '[tool.poetry.dependencies]\npython = "~2.7 | =3.12"\n' },
    '3.12.13 python3.12',
  ],
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

test.each<Record<string, string>>([
  { '.python-version': '3.10' },
  { '.python-version': 'pypy3.10' },
  { '.python-version': '# ours\n3.14t\n' },
  { '.python-version': 'graalpy-24' },
  { '.python-version': 'cpython-3.13.0+freethreaded-linux-x86_64-gnu' },
  { '.python-version': '2.7.18' },
  { 'runtime.txt': 'pypy3.10-7.3.12' },
  { 'runtime.txt': 'python-2.7.18' },
  { '.tool-versions': 'python miniforge3-24.3.0-0' },
  { '.tool-versions': 'python 3.10.1' },
  { 'pyproject.toml': 'requires-python = "<3.10"' },
  { 'pyproject.toml': 'requires-python = "new"' },
  { 'setup.cfg': 'python_requires = <3.10' },
])('fails where there is none: %j', (files) => {
  expect(chosen(files)).toBeUndefined();
});

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
