import type { ProjectFiles } from './files';
import { logicalLines } from './python-source';
import type { ProjectWarning } from './project-warning';

/** The id of the warning: a service that has a place for files has no need of it. */
export const MEDIA_WARNING = 'mediaWithoutPlace';

const MODELS = /(^|\/)models(\.py|\/([^/]+\/)*[^/]+\.py)$/;
const NOT_SERVED = /(^|\/)((tests?|testing|docs?|examples?|samples?)\/|(conf)?tests?(_[^/]*)?\.py$)/;

/** A field of a model that leaves its storage to the default. Forms have fields of the same names. */
const FIELD = /^\s*(\w+)\s*(?::[^=]*)?=\s*(models\.|)(?:File|Image)Field\((?!.*\bstorage\s*=)/;
const BARE = /^\s*from\s+django\.db\.models(\.fields\.files)?\s+import\b.*\b(File|Image)Field\b/;

/** Settings that may say that files are stored elsewhere. */
const ELSEWHERE =
  /\bDEFAULT_FILE_STORAGE\b|\bstorages\.backends\b|["']default["']\s*:\s*\{[^}]*BACKEND(?![^}]*\bFileSystemStorage\b)[^}]*[sS]torage/;

/** Warns of models with files that the default storage would put into the release; says nothing where that may be another. */
export function mediaWarnings(files: ProjectFiles): ProjectWarning[] {
  const code = files.paths.filter((path) => path.endsWith('.py') && !NOT_SERVED.test(path));
  const found = code.filter((path) => MODELS.test(path)).flatMap((path) => fieldsIn(files, path));
  if (found.length === 0 || code.some((path) => ELSEWHERE.test(files.read(path)))) return [];
  const more = found.length > 3 ? `, and ${found.length - 3} more` : '';
  return [
    {
      id: MEDIA_WARNING,
      message: `${found.slice(0, 3).join(', ')}${more}: Django's default storage puts such files into the release, which is read-only and gives way to the next one: give media, Media.onInstance() or Media.bucket()`,
    },
  ];
}

function fieldsIn(files: ProjectFiles, path: string): string[] {
  const { lines } = logicalLines(files.read(path));
  const bare = lines.some((line) => BARE.test(line));
  return lines.flatMap((line) => {
    const [, name, module] = FIELD.exec(line) ?? [];
    return name !== undefined && (module !== '' || bare) ? [`${name} in ${path}`] : [];
  });
}
