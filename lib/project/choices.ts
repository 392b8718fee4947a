import { folderOf, inFolder, type ProjectFiles } from './files';

/** What is chosen of what a project offers to install. */
export interface Choices {
  readonly dependencyGroups?: readonly string[];
  readonly extras?: readonly string[];
}

/** What is wrong with them: the file that names the packages has nothing of the kind, or nothing of the name. */
export function choiceProblems(files: ProjectFiles, path: string, choices: Choices): string[] {
  const { dependencyGroups: groups = [], extras = [] } = choices;
  const kind = path.slice(path.lastIndexOf('/') + 1);
  const beside = inFolder(folderOf(path), 'pyproject.toml');
  const has = (prop: string, names: readonly string[], file: string) => {
    const words = wordsOf(files.read(file));
    const missing = names.filter((name) => !words.has(plain(name)));
    return missing.map((name) => `${prop} ${JSON.stringify(name)} is not in ${file}: name one that is`);
  };
  const useless = (prop: string, names: readonly string[], instead: string) =>
    names.length > 0 ? [`${prop} ${JSON.stringify(names)} cannot be found in ${path}, which has none: ${instead}`] : [];
  if (/^(uv\.lock|poetry\.lock|pyproject\.toml)$/.test(kind)) {
    if (!files.has(beside)) return [];
    // setuptools may have them in other files
    const dynamic = /\bdynamic\b/.test(files.read(beside));
    return [...has('dependencyGroups', groups, beside), ...(dynamic ? [] : has('extras', extras, beside))];
  }
  if (kind === 'Pipfile.lock') {
    return [
      ...has('dependencyGroups', groups, path),
      ...useless('extras', extras, 'its categories are dependencyGroups'),
    ];
  }
  const mayHaveExtras = /^setup\.(py|cfg)$|\.toml$/.test(kind);
  return [
    ...useless('dependencyGroups', groups, 'give requirements with the file for production'),
    ...(mayHaveExtras ? [] : useless('extras', extras, `write -e .[${extras.join(',')}] into it`)),
  ];
}

/** As tools compare names. */
const plain = (name: string) => name.toLowerCase().replace(/[-_.]+/g, '-');

/** All words: a table is written in many ways, `[tool.poetry.group.prod.dependencies]` and `dev-dependencies` of uv are two. */
function wordsOf(text: string): ReadonlySet<string> {
  const words = text.match(/[\w.-]+/g) ?? [];
  const parts = words.flatMap((word) => word.split('.')).map((part) => part.replace(/-dependencies$/, ''));
  return new Set([...words, ...parts].map(plain));
}
