import { inFolder, type ProjectFiles } from './files';
import type { ProjectWarning } from './project-warning';

const LEAVE = 'name it in .gitignore or .plumblineignore';
const STAYS = `${LEAVE} where it is not part of the release`;

/** Folders whose keys open nothing of production. */
const NO_PART = /(^|\/)(\.github\/|[^/]*\b(tests?|testing|testdata|fixtures|docs?|examples?|samples?)\b[^/]*\/)/;
const SQLITE = /\.(db|db3|s3db|sqlite\w*)([.~-][\w.~-]*)?$/i;
const DUMP = /\.(sql|dump|dmp|pgdump)(\.(gz|bz2|xz|zst|zip))?$/i;
/** Larger than what a schema or data to begin with are as text. */
const DUMP_BYTES = 1024 * 1024;

/** What is a secret whatever its file is called: with the key itself, since code may hold the words. */
const SECRETS: readonly (readonly [string, RegExp])[] = [
  // RFC 7468, with what OpenSSL and PGP write before the key, or as a string of JSON
  [
    'a private key',
    /-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----(?:\\[rn]|\s|[A-Z][\w-]+: [^\n]*\n)+[A-Za-z0-9+/]{40}/,
  ],
  ['a key of a service account', /"type"\s*:\s*"service_account"/],
  ['a key of AWS', /\baws_secret_access_key\b["']?\s*[=:]\s*["']?(?!\S*EXAMPLE)[A-Za-z0-9/+]{40}(?![A-Za-z0-9/+])/i],
  ['a token of npm', /^\S*:_authToken\s*=\s*["']?[\w-]/m],
];

/** What belongs to one machine or one person, and goes up all the same. */
export function madeHere(files: ProjectFiles, folders: readonly string[]): ProjectWarning[] {
  return [...databases(files), ...secrets(files), ...media(files, folders)];
}

const some = (paths: readonly string[]) =>
  paths.slice(0, 3).join(', ') + (paths.length > 3 ? `, and ${paths.length - 3} more` : '');

function databases(files: ProjectFiles): ProjectWarning[] {
  const warnings: ProjectWarning[] = [];
  const found = files.paths.filter((path) => SQLITE.test(path) && files.head(path).startsWith('SQLite format 3'));
  if (found.length > 0) {
    warnings.push({
      id: 'localDatabase',
      message: `${some(found)} goes up, a database of SQLite, which no release can write to: ${STAYS}`,
    });
  }
  const dumps = files.paths.filter((path) => DUMP.test(path) && files.size(path) > DUMP_BYTES);
  if (dumps.length > 0) {
    warnings.push({
      id: 'databaseDump',
      message: `${some(dumps)} goes up, a dump of a database of more than 1 MiB, which each machine would hold: ${STAYS}`,
    });
  }
  return warnings;
}

function secrets(files: ProjectFiles): ProjectWarning[] {
  const found = files.paths
    .filter((path) => !NO_PART.test(path))
    .flatMap((path) => {
      const head = files.head(path);
      const what = SECRETS.find(([, secret]) => secret.test(head));
      return what === undefined ? [] : [`${path} (${what[0]})`];
    });
  if (found.length === 0) return [];
  return [
    {
      id: 'secretFile',
      message: `${some(found)} goes up, for all to read who may read the archives of deployments: ${LEAVE}, and give it with secrets`,
    },
  ];
}

function media(files: ProjectFiles, folders: readonly string[]): ProjectWarning[] {
  return folders
    .flatMap((folder) => ['media', 'mediafiles', 'uploads'].map((name) => inFolder(folder, name)))
    .filter((folder) => files.hasFolder(folder))
    .filter((folder) => {
      const paths = files.paths.filter((path) => path.startsWith(`${folder}/`));
      // a .gitkeep holds the folder in git
      return paths.some((path) => !/(^|\/)\.[^/]*$/.test(path)) && !paths.some((path) => path.endsWith('.py'));
    })
    .map((folder) => ({
      id: 'mediaFolder',
      message: `${folder}/ goes up, as if what users upload were code: ${STAYS}`,
    }));
}
