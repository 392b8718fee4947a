import { ProjectFiles, readProject } from '../../lib/project';

/** A project with these files, of which those in `atHome` do not go up. */
function read(texts: Record<string, string>, atHome: readonly string[] = [], requirements?: string) {
  const all: Record<string, string> = { 'app.py': 'app = 1', ...texts };
  const files = new ProjectFiles(Object.keys(all), (path) => all[path]!, {
    size: () => 0,
    head: () => '',
    exists: (path) => path in all || atHome.includes(path),
  });
  const { problems, warnings } = readProject(files, {
    directory: 'shop',
    requirements,
    applications: [{ prop: 'wsgi', value: 'app:app' }],
  });
  return { problems, warnings: warnings.map(({ id, message }) => `${id}: ${message}`) };
}

const PROJECT = { 'pyproject.toml': '[project]\ndependencies = ["flask"]' };

test.each<[string, Record<string, string>, string[], string]>([
  [
    "PDM's lock",
    { ...PROJECT, 'pdm.lock': '' },
    [],
    'pdm.lock is passed over, so that the newest packages are installed that pyproject.toml allows: pdm export --prod -o requirements.txt writes a list of the same',
  ],
  [
    "Rye's lock",
    { ...PROJECT, 'requirements.lock': '' },
    [],
    'requirements.lock is passed over, so that the newest packages are installed that pyproject.toml allows: uv lock locks the same project',
  ],
  [
    'a lock that stays at home',
    PROJECT,
    ['uv.lock'],
    'uv.lock stays at home, so that the newest packages are installed that pyproject.toml allows: re-include it by a ! in .plumblineignore',
  ],
  [
    "conda's environment",
    { 'requirements.txt': 'flask', 'environment.yml': '' },
    [],
    'environment.yml is passed over for requirements.txt, which must name all that the application imports',
  ],
])('warns where %s is passed over', (_, texts, atHome, message) => {
  expect(read(texts, atHome)).toEqual({ problems: [], warnings: [`packagesPassedOver: ${message}`] });
});

test.each<[string, Record<string, string>, string | undefined]>([
  ['a list was made of it', { ...PROJECT, 'pdm.lock': '', 'requirements.txt': 'flask==3.1.0' }, undefined],
  ['a lock that is known is beside it', { ...PROJECT, 'requirements.lock': '', 'pylock.toml': '' }, undefined],
  ['the file to install from was chosen', { ...PROJECT, 'environment.yml': '', 'live.txt': '' }, 'live.txt'],
])('says nothing of another lock where %s', (_, texts, requirements) => {
  expect(read(texts, ['uv.lock.bak'], requirements)).toEqual({ problems: [], warnings: [] });
});

test.each<[string, Record<string, string>, string[], string]>([
  ['Pipfile has no lock', { Pipfile: '' }, [], 'Pipfile has no Pipfile.lock: run pipenv lock'],
  [
    'conda',
    { 'environment.yml': '' },
    [],
    'environment.yml is of conda: write what it has of PyPI into requirements.txt',
  ],
  ['PDM', { 'pdm.lock': '' }, [], 'pdm.lock is not known here: pdm export --prod -o requirements.txt writes a list'],
  ['at home', {}, ['requirements.txt'], 'requirements.txt stays at home: re-include it by a ! in .plumblineignore'],
])('fails with what there is instead: %s', (_, texts, atHome, hint) => {
  expect(read(texts, atHome).problems).toEqual([expect.stringContaining(`to install (${hint}`)]);
});

test('fails by a list that was chosen and stays at home', () => {
  expect(read(PROJECT, ['live.txt'], 'live.txt').problems).toEqual([
    'requirements "live.txt" is not in application directory "shop", where it stays at home: re-include it by a ! in .plumblineignore',
  ]);
});
