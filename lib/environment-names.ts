import { Token } from 'aws-cdk-lib';
import { covers } from './plan/locations';
import { refuse } from './plan/refuse';
import type { MediaInput } from './plan';
import { LINKED, MEDIA, MEDIA_URL, isMediaUrl } from './render';

/** What a variable of the application would do that has this name, and what to use instead. */
type Names = ReadonlyArray<readonly [name: RegExp, instead: string]>;

/** A file of variables overrules those that the unit sets itself (systemd.exec), and these are what the rest stands on. */
const REFUSED: Names = [
  [/^PLUMBLINE_/, "is how the machine tells the application what it has: give it a name of the application's own"],
  [
    /^PYTHONPATH$/,
    'would take the place of the one that finds the modules of the machine: use pythonPath of the application',
  ],
  [
    /^PATH$/,
    'would take the place of the one that finds the programs of the release: put others into /usr/local/bin, which is in it',
  ],
  [/^PYTHONHOME$/, 'would have Python look for its own modules elsewhere, and nothing would start: remove it'],
  [
    /^(NOTIFY_SOCKET|LISTEN_(FDS|PID|FDNAMES)|WATCHDOG_(USEC|PID))$/,
    'is how systemd hands over the sockets and asks whether the service lives: remove it',
  ],
  // gunicorn reads it after its configuration, and has the last word by it
  [/^GUNICORN_CMD_ARGS$/, 'would overrule the plan: use AppServer.gunicorn, whose settings are checked'],
];

/** Folders that programs write to; the unit has its own values of them. */
const FOLDERS = ['HOME', 'TMPDIR', 'TEMP', 'TMP', 'XDG_CACHE_HOME'];

/** Where an application may write on every machine; gunicorn's heartbeats are in the last. Besides, Media.onInstance has folders. */
const WRITABLE = ['/var/lib/app', '/var/tmp', '/tmp', '/dev/shm'];

/** What boto3 takes before the credentials of the role (botocore, credentials.py), or asks in place of S3. */
const OTHER_SIGNER =
  /^AWS_(ACCESS_KEY_ID|SECRET_ACCESS_KEY|SESSION_TOKEN|(DEFAULT_)?PROFILE|ENDPOINT_URL(_S3)?|CONFIG_FILE|SHARED_CREDENTIALS_FILE|WEB_IDENTITY_TOKEN_FILE|CONTAINER_CREDENTIALS_(FULL|RELATIVE)_URI|EC2_METADATA_DISABLED)$/;

/** What other platforms tell an application by. */
const WITHOUT_EFFECT: Names = [
  [/^WEB_CONCURRENCY$/, 'changes no number of workers, which is planned: use workers of AppServer.gunicorn'],
  [/^PORT$/, 'changes no address: gunicorn is spoken to through a socket, and clients come to the load balancer'],
];

/** What is given of the environment: variables, and the names of those whose values are secrets. */
interface Given {
  readonly environment?: { [name: string]: string };
  readonly secrets?: { [name: string]: unknown };
}

/**
 * @param media where the files are that users upload
 * @throws one error for every variable that the machine needs for itself, that would do harm there or that has two values
 */
export function refuseNames({ environment = {}, secrets = {} }: Given, media: MediaInput['host'] | undefined): void {
  const problems = [...said({ environment, secrets }, REFUSED), ...readOnlyFolders(environment, media)];
  if (media === 'instance') problems.push(...otherMedia(environment), ...secretMedia(secrets));
  if (media === 's3') problems.push(...otherSigners({ environment, secrets }));
  // which one wins would depend on the order of two files on the machine
  const doubles = Object.keys(secrets).filter((name) => name in environment);
  if (doubles.length > 0) problems.push(`environment and secrets both have ${doubles.join(', ')}: give each once`);
  refuse(problems);
}

function readOnlyFolders(environment: Record<string, string>, media: MediaInput['host'] | undefined): string[] {
  const writable = [...WRITABLE, ...(media === 'instance' ? [MEDIA, LINKED] : [])];
  const isWritable = (path: string) =>
    !path.split('/').includes('..') && writable.some((folder) => covers(folder, path));
  return FOLDERS.flatMap((name) => {
    const path = environment[name];
    if (path === undefined || Token.isUnresolved(path) || isWritable(path)) return [];
    return `environment ${name} (${path}) is nothing that the service may write to: remove it, or give a folder below ${listed(writable)}`;
  });
}

const listed = (words: readonly string[]) => `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`;

/** Not with its value, which may be a key. */
function otherSigners({ environment = {}, secrets = {} }: Given): string[] {
  return Object.entries({ environment, secrets }).flatMap(([prop, variables]) =>
    Object.keys(variables)
      .filter((name) => OTHER_SIGNER.test(name))
      .map(
        (name) =>
          `${prop} ${name} would have somebody else ask for the bucket of Media.bucket, or elsewhere, than the role of the machine, which alone may use it: give it another name, and hand its value to the client that wants it`,
      ),
  );
}

/** Their values are known on the machine alone, where everything is laid out already. */
function secretMedia(secrets: Record<string, unknown>): string[] {
  return ['MEDIA_ROOT', 'MEDIA_URL']
    .filter((name) => name in secrets)
    .map((name) => {
      const instead = name === 'MEDIA_ROOT' ? 'remove it' : 'give it in environment';
      return `secrets ${name} is no secret, and Media.onInstance has to know it at synthesis: ${instead}`;
    });
}

/** What would have the application write its files, or name them, where nginx does not look. */
function otherMedia({ MEDIA_ROOT: root, MEDIA_URL: url }: Record<string, string>): string[] {
  return [
    root !== undefined &&
      root !== MEDIA &&
      `environment MEDIA_ROOT (${root}) is another folder than that of Media.onInstance (${MEDIA}), which is in the environment anyway: remove it`,
    url !== undefined &&
      !Token.isUnresolved(url) &&
      !isMediaUrl(url) &&
      `environment MEDIA_URL (${url}) must be a path of letters, digits and - _ . ~ between slashes, for example ${MEDIA_URL}, that nginx serves nothing else at; or a CDN's address with such a path`,
  ].filter((problem) => problem !== false);
}

/** What may be there for the application's own use, and otherwise does not do what it does elsewhere. */
export function namesWithoutEffect(given: Given): string[] {
  return said(given, WITHOUT_EFFECT);
}

function said({ environment = {}, secrets = {} }: Given, names: Names): string[] {
  const found = (prop: string, name: string, value: string) =>
    names.filter(([pattern]) => pattern.test(name)).map(([, instead]) => `${prop} ${name}${value} ${instead}`);
  return [
    ...Object.entries(environment).flatMap(([name, value]) => found('environment', name, ` (${value})`)),
    ...Object.keys(secrets).flatMap((name) => found('secrets', name, '')),
  ];
}
