import type { Plan } from '../plan/plan';
import { drivers } from './drivers';
import {
  answersHealth,
  backgroundUnits,
  cacheOnInstance,
  databaseServer,
  healthCheckPath,
  renderSecrets,
  sqliteOnInstance,
} from './files';
import type { BootstrapInput } from './input';
import { healthHost } from './nginx';
import { mediaUrl } from './nginx-media';
import { LINKED, MEDIA, SQLITE_FILE } from './places';
import { pythonsOf, type DatabaseServerProfile } from './operating-systems';
import { shellQuote, type Lines } from './text';

/** The rules of the plan were checked against this version: drains and timeouts differ between versions. */
const GUNICORN = '27.0.1';

/** What the steps in runtime/*.sh read. */
export function variables(input: BootstrapInput): Lines {
  const { plan, operatingSystem, application, packageSecrets = [], linkedDirs = [] } = input;
  const python = application.python ?? pythonsOf(operatingSystem)[0]!;
  const server = databaseServer(input);
  const packages = [
    ...python.packages,
    ...(application.fetch.kind === 'git' ? [operatingSystem.gitPackage] : []),
    ...(server?.packages ?? []),
    ...(input.database?.pooled ? ['pgbouncer'] : []),
    ...(cacheOnInstance(input) ? operatingSystem.cache.packages : []),
    ...(input.systemPackages ?? []),
  ];
  const wanted = drivers(plan);
  const services = sandboxed(input);
  const { dependencyGroups: groups = [], extras = [] } = application;
  const paths = plan.locations.map(({ path }) => path).filter((path) => path !== '/');
  const gunicorn = plan.appServer.workerClass === 'gevent' ? 'gunicorn[gevent]' : 'gunicorn';
  return [
    `package_manager=${operatingSystem.packageManager} packages='${packages.join(' ')}' python=${python.command}`,
    `gunicorn='${gunicorn}==${GUNICORN}' wsgi=${shellQuote(application.wsgi)} settings_module=${shellQuote(input.environment.DJANGO_SETTINGS_MODULE ?? '')}`,
    application.workingDirectory !== undefined && `working_directory=${shellQuote(application.workingDirectory)}`,
    python.archive && [
      `python_archive='${python.archive.path}'`,
      `python_sha256='x86_64=${python.archive.sha256.x86_64} aarch64=${python.archive.sha256.aarch64}'`,
    ],
    application.requirements !== undefined && `requirements=${shellQuote(application.requirements)}`,
    packageSecrets.length > 0 && `package_secrets=${shellQuote(renderSecrets(packageSecrets).trimEnd())}`,
    groups.length > 0 && `groups='${groups.join(',')}'`,
    extras.length > 0 && `extras='${extras.join(',')}'`,
    input.database?.pooled &&
      operatingSystem.pgBouncerRepository &&
      `repositories=${operatingSystem.pgBouncerRepository}`,
    operatingSystem.withoutAgent && 'without_agent=true',
    wanted.length > 0 && `drivers='${wanted.join(' ')}'`,
    services.length > 0 && `sandboxed='${services.join(' ')}'`,
    `health_path=${healthCheckPath(input)} answer_health=${answersHealth(input)} host=${shellQuote(healthHost(input.allowedHosts))}`,
    `instance_metadata=${input.instanceMetadata ?? true}`,
    input.collectStatic === false && 'collect_static=false',
    '# memory.swap, disk, appServer',
    `swap=${plan.memory.swap} uploads=${plan.disk.uploads} responses=${plan.disk.responses} backlog=${plan.appServer.backlog} start_timeout=${plan.appServer.timeoutStartSec}`,
    input.dataVolume !== undefined && `data_volume=${input.dataVolume}${input.newVolume ? ' new_volume=true' : ''}`,
    input.media && `media=${MEDIA} media_url=${mediaUrl(input.environment)} nginx_group=${operatingSystem.nginxGroup}`,
    linkedDirs.length > 0 && `linked=${LINKED} linked_dirs='${linkedDirs.join(' ')}'`,
    input.media && paths.length > 0 && `locations='${paths.join(' ')}'`,
    server && databaseVariables(server, plan),
    sqliteOnInstance(input) && `database=sqlite database_file=${SQLITE_FILE}`,
    accountVariables(input),
    cacheOnInstance(input) && `cache_unit=${operatingSystem.cache.unit}`,
  ];
}

function databaseVariables(server: DatabaseServerProfile, plan: Plan): Lines {
  const folders = Object.entries(server.folders).map(([name, folder]) => `${name}:${folder}`);
  return [
    `database=${server.engine} database_unit=${server.unit} database_user=${server.user} folders='${folders.join(' ')}'`,
    `database_settings=${server.configuration}${server.mainConfiguration ? ` cluster_settings=${server.mainConfiguration}` : ''}`,
    server.cluster && `cluster=${server.cluster.folder} cluster_version=${server.cluster.version}`,
    '# database.statementTimeout',
    `statement_timeout=${plan.database?.statementTimeout ?? 0}`,
    server.makeCluster && `make_cluster() { ${server.makeCluster}; }`,
  ];
}

function accountVariables({ plan, database }: BootstrapInput): Lines {
  if (!plan.database || !database?.account) return [];
  const { host, port, certificateBundle, databaseName, user, administrator } = database.account;
  const engine = plan.database.engine === 'postgresql' ? 'postgresql' : 'mysql';
  return [
    `account='${engine} ${host} ${port} ${certificateBundle} ${databaseName}'`,
    `account_user='${user}' account_administrator='${administrator}'`,
  ];
}

/** The services that run in the sandbox beside gunicorn and nginx, by the names of their unit files. */
function sandboxed(input: BootstrapInput): string[] {
  const workers = backgroundUnits(input).map((unit) => unit.replace(/@.*/, '@').replace(/\.timer$/, ''));
  return [...new Set([...(input.database?.pooled ? ['pgbouncer'] : []), ...workers])];
}
