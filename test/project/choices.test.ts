import { choiceProblems, type Choices } from '../../lib/project/choices';
import { ProjectFiles } from '../../lib/project/files';

function problems(texts: Record<string, string>, choices: Choices): string[] {
  const [path] = Object.keys(texts);
  return choiceProblems(new ProjectFiles(Object.keys(texts), (file) => texts[file]!), path!, choices);
}

const GROUPS = { dependencyGroups: ['aws'] };
const EXTRAS = { extras: ['Prod_DB'] };

describe('what is chosen of what a project offers', () => {
  test.each([
    ['a group', '[dependency-groups]\naws = ["boto3"]', GROUPS],
    ['a group of Poetry', '[tool.poetry.group.aws.dependencies]\nboto3 = "*"', GROUPS],
    ['the group that uv once had', '[tool.uv]\ndev-dependencies = []', { dependencyGroups: ['dev'] }],
    ['a group on one line', '[dependency-groups]\n"dev" = []\n"aws" = []', GROUPS],
    ['an extra by another spelling', '[project.optional-dependencies]\nprod-db = []', EXTRAS],
    ['an extra of Poetry', '[tool.poetry.extras]\n"prod.db" = []', EXTRAS],
    ['an extra that other files may have', '[project]\ndynamic = ["optional-dependencies"]', EXTRAS],
  ])('may be %s', (_, text, choices) => {
    expect(problems({ 'pyproject.toml': text }, choices)).toEqual([]);
    expect(problems({ 'backend/uv.lock': '', 'backend/pyproject.toml': text }, choices)).toEqual([]);
    expect(problems({ 'poetry.lock': '', 'pyproject.toml': text }, choices)).toEqual([]);
  });

  test('may be a category of Pipenv, extras of setuptools or of a lock that says it elsewhere', () => {
    expect(problems({ 'Pipfile.lock': '{"default": {}, "aws": {}}' }, GROUPS)).toEqual([]);
    expect(problems({ 'setup.py': 'setup(extras_require=extras())' }, EXTRAS)).toEqual([]);
    expect(problems({ 'setup.cfg': '' }, EXTRAS)).toEqual([]);
    expect(problems({ 'pylock.toml': '' }, EXTRAS)).toEqual([]);
    expect(problems({ 'poetry.lock': '' }, { ...GROUPS, ...EXTRAS })).toEqual([]);
    expect(problems({ 'requirements.txt': '' }, {})).toEqual([]);
  });

  test('fails where no table has it', () => {
    const both = { dependencyGroups: ['aws', 'dev'], extras: ['prod'] };
    expect(problems({ 'pyproject.toml': '[dependency-groups]\ndev = []\nproduction = []' }, both)).toEqual([
      'dependencyGroups "aws" is not in pyproject.toml: name one that is',
      'extras "prod" is not in pyproject.toml: name one that is',
    ]);
    expect(problems({ 'x/Pipfile.lock': '{"default": {}}' }, both)).toEqual([
      'dependencyGroups "aws" is not in x/Pipfile.lock: name one that is',
      'dependencyGroups "dev" is not in x/Pipfile.lock: name one that is',
      'extras ["prod"] cannot be found in x/Pipfile.lock, which has none: its categories are dependencyGroups',
    ]);
  });

  test('fails where it does not matter what is in the file', () => {
    const groups = (path: string) =>
      `dependencyGroups ["aws"] cannot be found in ${path}, which has none: give requirements with the file for production`;
    for (const path of ['setup.py', 'setup.cfg', 'pylock.toml', 'deploy/aws.txt']) {
      expect(problems({ [path]: 'aws' }, GROUPS)).toEqual([groups(path)]);
    }
    expect(problems({ 'requirements/base.txt': 'prod' }, { extras: ['prod', 'b'] })).toEqual([
      'extras ["prod","b"] cannot be found in requirements/base.txt, which has none: write -e .[prod,b] into it',
    ]);
  });
});
