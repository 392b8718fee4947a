import { calendarProblem } from '../plan/calendar';
import { DIRECTIVE_VALUE, isDirectiveValue } from '../plan/directive-value';
import { entryPointProblem } from './entry-point';
import { forcedHeaderOf } from './forced-headers';
import type { BackgroundWorkerSource, BootstrapInput, FilesInput, S3Object, SecretSource } from './input';
import { HEALTH_LOCATION } from './nginx';
import { CREDENTIALS_IN_REPOSITORY, holdsCredentials } from './repository';
import {
  EXTRA_NAME,
  GROUP_NAME,
  REQUIREMENTS_PATH,
  isGroupName,
  isRequirementsPath,
  isSystemPackage,
} from './requirements';
import { hasControls, withTokensNamed, withoutTokens } from './text';
import { proxyProblems } from './trusted-proxies';
import { unitNameProblem } from './unit-names';

const VARIABLE = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** A folder below another, without `..`; units, shells and PYTHONPATH take these characters as they are. */
export const FOLDER = /^(?!\.\.?(\/|$))[\w.-]+(\/(?!\.\.?(\/|$))[\w.-]+)*$/;
export const FOLDER_RULE =
  'must be a folder of the application, for example src or backend/site: letters, digits and - _ . between slashes';

/** Regions of the partitions aws, aws-cn and aws-us-gov: runtime/plumbline_certificates.sh has the addresses. */
const KNOWN_TO_RDS = /^(us-gov|cn|af|ap|ca|eu|il|me|mx|sa|us)-[a-z]+-[0-9]+$/;

/** Whose variables begin with what. */
const OTHER_INSTALLERS = { PIP_: 'pip', PIPENV_: 'Pipenv', POETRY_: 'Poetry' } as const;

/** Of a health check: https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateTargetGroup.html */
const LONGEST_PATH = 1024;

/** Collects what is wrong, one message each. */
class Problems {
  public readonly messages: string[] = [];

  public must(holds: boolean, prop: string, value: string, rule: string): void {
    if (!holds) this.messages.push(`${prop} ${JSON.stringify(withTokensNamed(value))} ${rule}`);
  }

  /** Checks the part of a value that is known already. */
  public matches(pattern: RegExp, prop: string, value: string, rule: string): void {
    this.must(pattern.test(withoutTokens(value)), prop, value, rule);
  }
}

/** Every value that would break out of the script or of a file, one message each. */
export function refusals(input: BootstrapInput): string[] {
  const { application, runtime, signal, region, urlSuffix } = input;
  const problems = new Problems();
  problems.messages.push(...refusalsOfFiles(input));
  [runtime, ...(application.fetch.kind === 's3' ? [application.fetch] : [])].forEach((one) =>
    checkObject(problems, one),
  );
  if (application.fetch.kind === 'git') {
    const { repository, ref } = application.fetch;
    if (holdsCredentials(repository)) {
      // not with its value: that is what nobody should read
      problems.messages.push(CREDENTIALS_IN_REPOSITORY);
    } else {
      problems.matches(
        /^[^\s'"\\-][^\s'"\\]*$/,
        'repository',
        repository,
        'must be the URL of a git repository, without spaces and quotes',
      );
    }
    problems.matches(
      /^([^\s'"\\-][^\s'"\\]*)?$/,
      'ref',
      ref ?? '',
      'must be a branch, tag or commit, without spaces and quotes',
    );
  }
  const { stack = '', logicalId = '' } = signal ?? {};
  const words = { region, urlSuffix, stack, logicalId, dataVolume: input.dataVolume ?? '' };
  for (const [prop, value] of Object.entries(words)) {
    problems.matches(/^[A-Za-z0-9.-]*$/, prop, value, 'must consist of letters, digits, dots and hyphens');
  }
  if (input.database?.caBundle && withoutTokens(region) !== '' && !KNOWN_TO_RDS.test(withoutTokens(region))) {
    problems.messages.push(
      `the certificates of Amazon RDS in region ${region} are not known here: use Database.fromEndpoint with certificateBundle`,
    );
  }
  checkCommands(problems, input);
  checkSecrets(problems, 'packageSecrets', input.packageSecrets ?? []);
  for (const { name } of input.packageSecrets ?? []) {
    // it would be without effect, and the first sign of that is a package that cannot be found
    const [, reader] = Object.entries(OTHER_INSTALLERS).find(([prefix]) => name.startsWith(prefix)) ?? [];
    const rule = `is read by ${reader}, and uv installs the packages: UV_DEFAULT_INDEX, UV_INDEX, UV_INDEX_NAME_PASSWORD`;
    problems.must(reader === undefined, 'packageSecrets', name, rule);
  }
  return problems.messages;
}

function checkObject(problems: Problems, { bucket, key, region }: S3Object): void {
  problems.matches(/^[a-z0-9-]*$/, 'region', region ?? '', 'must consist of letters, digits and hyphens');
  problems.matches(/^[a-z0-9.-]*$/, 'bucket', bucket, 'must be a bucket name: lower case, digits, dots and hyphens');
  problems.matches(
    /^[\w.~/%-]*$/,
    'key',
    key,
    'must be percent-encoded: only letters, digits and - _ . ~ / stand for themselves',
  );
}

function checkCommands(problems: Problems, { extraCommands }: BootstrapInput): void {
  for (const { name, commands } of extraCommands ?? []) {
    problems.must(
      /^[a-z][a-z0-9 -]*$/.test(name),
      'extraCommands',
      name,
      'must be a name of lower case letters, digits, spaces and hyphens',
    );
    for (const command of commands) {
      const free = !command.split('\n').includes('EOF');
      problems.must(
        free && !hasControls(command.replace(/[\n\t]/g, '')),
        `extraCommands ${name}`,
        command,
        'must not hold a line EOF or a control character',
      );
    }
  }
}

/** Every value that would break out of the file it is written to, one message each. */
export function refusalsOfFiles(input: FilesInput): string[] {
  const problems = new Problems();
  const { wsgi } = input.application;
  const entryProblem = entryPointProblem('wsgi', withoutTokens(wsgi));
  problems.must(entryProblem === undefined, 'wsgi', wsgi, entryProblem ?? '');
  const { workingDirectory, pythonPath = [] } = input.application;
  if (workingDirectory !== undefined) {
    problems.must(FOLDER.test(workingDirectory), 'workingDirectory', workingDirectory, FOLDER_RULE);
  }
  for (const folder of pythonPath) {
    problems.must(folder === '.' || FOLDER.test(folder), 'pythonPath', folder, FOLDER_RULE);
  }
  const { requirements, dependencyGroups = [], extras = [] } = input.application;
  if (requirements !== undefined) {
    problems.must(isRequirementsPath(requirements), 'requirements', requirements, REQUIREMENTS_PATH);
  }
  for (const name of dependencyGroups) problems.must(isGroupName(name), 'dependencyGroups', name, GROUP_NAME);
  for (const name of extras) problems.must(isGroupName(name), 'extras', name, EXTRA_NAME);
  for (const name of input.systemPackages ?? []) {
    const rule = 'must be the name of a package of the operating system: letters, digits and . + _ -';
    problems.must(isSystemPackage(name), 'systemPackages', name, rule);
  }
  for (const host of input.allowedHosts) {
    const rule = 'must be a host name, as in the ALLOWED_HOSTS of Django';
    problems.matches(/^[A-Za-z0-9.*:[\]_-]*$/, 'allowedHosts', host, rule);
    // Django would take it for the name of a host, and answer all requests 400 (validate_host)
    const wildcard = host !== '*' && withoutTokens(host).includes('*');
    const domain = withTokensNamed(host).replace(/^\*\./, '.');
    const instead = domain.includes('*') ? 'must be * alone' : `must be written ${domain}`;
    problems.must(!wildcard, 'allowedHosts', host, `${instead}: Django's ALLOWED_HOSTS has no other wildcard`);
    problems.must(
      host !== '' && !/^[^[:]+:\d+$/.test(host),
      'allowedHosts',
      host,
      'must be a host name without a port',
    );
  }
  problems.messages.push(...proxyProblems(input));
  if (input.healthCheckPath !== undefined) {
    problems.matches(
      /^\/[\w.~/-]*$/,
      'healthCheckPath',
      input.healthCheckPath,
      'must be a path of letters, digits and - _ . ~ / that starts with /',
    );
    const tooLong = input.healthCheckPath.length > LONGEST_PATH;
    problems.must(!tooLong, 'healthCheckPath', input.healthCheckPath, `must have ${LONGEST_PATH} characters at most`);
    problems.must(
      !/\/(\.{0,2}\/|\.{1,2}$)/.test(input.healthCheckPath) && input.healthCheckPath !== HEALTH_LOCATION,
      'healthCheckPath',
      input.healthCheckPath,
      `must not be ${HEALTH_LOCATION} or hold //, /./ or /../: nginx compares paths without them`,
    );
    problems.must(
      !input.healthCheckPath.startsWith('/static/'),
      'healthCheckPath',
      input.healthCheckPath,
      'must be a path that the application answers: nginx serves the files below /static/',
    );
  }
  checkVariables(problems, input);
  for (const { path, id } of input.passwords ?? []) {
    const rule = 'must be the ARN or name of a secret or parameter';
    problems.matches(/^[\w/+=.@:-]*$/, `basicAuth of ${path}`, id, rule);
  }
  for (const [name, value] of Object.entries(input.plan.extraNginxDirectives)) {
    problems.must(/^[a-z][a-z0-9_]*$/.test(name), 'nginxDirectives', name, 'must be the name of a directive');
    problems.must(isDirectiveValue(value), `nginxDirectives ${name}`, value, `must be ${DIRECTIVE_VALUE}`);
    const forced = name === 'proxy_set_header' ? forcedHeaderOf(value, input) : undefined;
    problems.must(
      forced === undefined,
      'nginxDirectives proxy_set_header',
      value,
      `sets ${forced}, which nginx sets itself so that no client can: remove it, or give the header another name`,
    );
  }
  input.backgroundWorkers?.forEach((worker) => checkBackgroundWorker(problems, worker));
  return problems.messages;
}

function checkVariables(problems: Problems, { environment, machineEnvironment, secrets }: FilesInput): void {
  for (const [name, value] of Object.entries({ ...machineEnvironment, ...environment })) {
    const rule = 'must be the name of a variable: letters, digits and underscores';
    problems.must(VARIABLE.test(name), 'environment', name, rule);
    problems.must(
      !hasControls(value),
      `environment ${name}`,
      value,
      'must not hold a line break or another control character: use secrets for it',
    );
  }
  checkSecrets(problems, 'secrets', secrets);
}

function checkSecrets(problems: Problems, prop: string, secrets: readonly SecretSource[]): void {
  for (const { name, kind, id, jsonField } of secrets) {
    const rule = 'must be the name of a variable: letters, digits and underscores';
    problems.must(VARIABLE.test(name), prop, name, rule);
    if (kind === 'composed') {
      problems.matches(/^\S*$/, name, id, 'must be a URL without spaces');
    } else {
      problems.matches(/^[\w/+=.@:-]*$/, `${prop} ${name}`, id, 'must be the ARN or name of a secret or parameter');
    }
    problems.must(
      !hasControls(jsonField ?? ''),
      `${prop} ${name}`,
      jsonField ?? '',
      'must be the name of a JSON field, without control characters',
    );
  }
}

function checkBackgroundWorker(problems: Problems, worker: BackgroundWorkerSource): void {
  const { name, kind, app, queues, command, schedule } = worker;
  const nameProblem = unitNameProblem(name, kind);
  problems.must(nameProblem === undefined, 'backgroundWorkers', name, nameProblem ?? '');
  if (app !== undefined) {
    problems.must(
      /^[A-Za-z_]\w*(\.[A-Za-z_]\w*)*(:[A-Za-z_]\w*)?$/.test(app),
      `backgroundWorkers ${name} app`,
      app,
      'must be the module of a Celery application, for example mysite',
    );
  }
  for (const queue of queues ?? []) {
    problems.must(
      /^\w[\w.:-]*$/.test(queue),
      `backgroundWorkers ${name} queues`,
      queue,
      'must be a name of letters, digits and _ . : -',
    );
  }
  if (schedule !== undefined) {
    const problem = calendarProblem(schedule);
    problems.must(problem === undefined, `backgroundWorkers ${name} schedule`, schedule, problem ?? '');
  }
  if (command !== undefined) {
    problems.must(
      command.trim() !== '' && !hasControls(command),
      `backgroundWorkers ${name} command`,
      command,
      'must be one line without control characters',
    );
  }
}
