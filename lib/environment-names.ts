import { Token } from 'aws-cdk-lib';
import { refuse } from './plan/refuse';
import { isMediaUrl, MEDIA, MEDIA_URL } from './render';

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
  // gunicorn reads it after its configuration, and has the last word by it
  [/^GUNICORN_CMD_ARGS$/, 'would overrule the plan: use AppServer.gunicorn, whose settings are checked'],
];

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

/** Throws for every variable that the machine needs for itself or that has two values, all at once. */
export function refuseNames({ environment = {}, secrets = {} }: Given, mediaOnInstance: boolean): void {
  const problems = said({ environment, secrets }, REFUSED);
  if (mediaOnInstance) problems.push(...otherMedia(environment));
  // which one wins would depend on the order of two files on the machine
  const doubles = Object.keys(secrets).filter((name) => name in environment);
  if (doubles.length > 0) problems.push(`environment and secrets both have ${doubles.join(', ')}: give each once`);
  refuse(problems);
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
