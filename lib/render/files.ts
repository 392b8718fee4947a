import { refuse } from '../plan/refuse';
import { backgroundWorkerUnits, renderBackgroundWorkers } from './background-workers';
import { renderCacheConf, renderCacheDropIn } from './cache';
import { renderDatabaseDropIn, renderDatabaseLogsDropIn, renderMysqlConf, renderPostgresqlConf } from './database';
import { renderGunicornConf } from './gunicorn';
import type { FilesInput, RenderedFile, SecretSource } from './input';
import { nginxIncludes, renderNginxConf } from './nginx';
import { mediaUrl } from './nginx-media';
import { PASSWORDS_UNIT, passwordFiles } from './passwords';
import { renderPgBouncerIni, renderPgBouncerServer, renderPgBouncerService } from './pgbouncer';
import type { DatabaseServerProfile } from './operating-systems';
import { LINKED, MEDIA, SQLITE_FOLDER } from './places';
import { refusalsOfFiles } from './refusals';
import { renderGunicornService, renderGunicornSocket, renderNginxDropIn, UNITS, type Neighbours } from './systemd';
import { environmentLine, lines, withoutTokens } from './text';

/** The server that runs on the machine, if any. */
export function databaseServer({ database, plan, operatingSystem }: FilesInput): DatabaseServerProfile | undefined {
  if (!database?.onInstance || plan.database?.engine === 'sqlite') return undefined;
  return plan.database?.engine === 'postgresql' ? operatingSystem.postgresql : operatingSystem.mysql;
}

/** Whether the database is a file on the volume for data. */
export function sqliteOnInstance({ database, plan }: FilesInput): boolean {
  return database !== undefined && plan.database?.engine === 'sqlite';
}

/** Whether nginx asks for names and passwords that are fetched. */
export function asksForPasswords({ passwords = [] }: FilesInput): boolean {
  return passwords.length > 0;
}

/** Whether a cache runs on the machine. */
export function cacheOnInstance({ plan }: FilesInput): boolean {
  return plan.cache?.host === 'instance';
}

/** The units of the background workers that run on the machine. */
export function backgroundUnits({ plan, backgroundWorkers }: FilesInput): string[] {
  return backgroundWorkerUnits(plan, backgroundWorkers ?? []);
}

export function healthCheckPath(input: FilesInput): string {
  return input.healthCheckPath ?? '/health';
}

/** Without a path of the application's own, the health check is answered for it. */
export function answersHealth(input: FilesInput): boolean {
  return input.healthCheckPath === undefined;
}

/** Whether a file is the same in every deployment, so that it can travel with the runtime: tokens are texts only then. */
export function isFixed({ text }: RenderedFile): boolean {
  return withoutTokens(text) === text;
}

/**
 * Every configuration file of the machine, those with tokens too: the bootstrap script holds these, and expects the others
 * in the folder `files` of the runtime's zip. Throws an Error that names every value that cannot be rendered.
 */
export function renderFiles(input: FilesInput): RenderedFile[] {
  const problems = refusalsOfFiles(input);
  refuse(problems);

  const { plan, operatingSystem } = input;
  const server = databaseServer(input);
  const neighbours: Neighbours = {
    units: [
      ...(server ? [server.unit] : []),
      ...(input.database?.pooled ? ['pgbouncer'] : []),
      ...(cacheOnInstance(input) ? [operatingSystem.cache.unit] : []),
    ],
    secrets: input.secrets.length > 0,
    data: [
      ...(sqliteOnInstance(input) ? [SQLITE_FOLDER] : []),
      ...(input.media ? [MEDIA] : []),
      ...(input.linkedDirs?.length ? [LINKED] : []),
    ],
    layout: input.application,
  };
  const nginx = {
    ...input,
    healthCheckPath: healthCheckPath(input),
    media: input.media ? mediaUrl(input.environment) : undefined,
  };
  return [
    { path: '/etc/nginx/nginx.conf', text: renderNginxConf(nginx) },
    ...nginxIncludes(nginx),
    {
      path: '/etc/gunicorn/gunicorn.conf.py',
      text: renderGunicornConf({
        plan,
        wsgi: input.application.wsgi,
        answerHealth: answersHealth(input),
      }),
    },
    { path: '/etc/gunicorn/environment', text: renderEnvironment(input) },
    ...(neighbours.secrets ? [{ path: '/etc/gunicorn/secrets', text: renderSecrets(input.secrets) }] : []),
    { path: `${UNITS}/gunicorn.service`, text: renderGunicornService(plan, neighbours) },
    { path: `${UNITS}/gunicorn.socket`, text: renderGunicornSocket(plan, operatingSystem) },
    {
      path: `${UNITS}/nginx.service.d/plumbline.conf`,
      text: renderNginxDropIn(
        plan,
        asksForPasswords(input) ? [`${PASSWORDS_UNIT}.service`, `${PASSWORDS_UNIT}.timer`] : [],
      ),
    },
    ...passwordFiles(input.passwords ?? [], operatingSystem),
    ...(server ? databaseFiles(input, server) : []),
    ...pgBouncerFiles(input),
    ...(cacheOnInstance(input) ? cacheFiles(input) : []),
    ...renderBackgroundWorkers(plan, input.backgroundWorkers ?? [], neighbours),
  ];
}

/** The environment of the application, on every instance of it: gunicorn, background workers, commands. */
function renderEnvironment(input: FilesInput): string {
  const variables = {
    PLUMBLINE_ALLOWED_HOSTS: input.allowedHosts.join(','),
    ...input.machineEnvironment,
    ...input.environment,
  };
  return lines(Object.entries(variables).map(([name, value]) => environmentLine(name, value)));
}

/** The lines that runtime/plumbline_secrets.sh reads. */
export function renderSecrets(secrets: readonly SecretSource[]): string {
  return lines(secrets.map(({ name, kind, id, jsonField }) => `${name} ${kind} ${id} ${jsonField ?? ''}`.trim()));
}

function databaseFiles({ plan }: FilesInput, server: DatabaseServerProfile): RenderedFile[] {
  if (!plan.database) throw new Error('the plan has no database: plan the one that the machine has');
  const postgresql = server.engine === 'postgresql';
  const dropIn = { path: `${UNITS}/${server.unit}.service.d/plumbline.conf`, text: renderDatabaseDropIn(server) };
  if (postgresql) return [{ path: server.configuration, text: renderPostgresqlConf(plan.database) }, dropIn];
  return [
    { path: server.configuration, text: renderMysqlConf(plan.database) },
    dropIn,
    { path: `${UNITS}/plumbline_logs.service.d/database.conf`, text: renderDatabaseLogsDropIn(server) },
  ];
}

function pgBouncerFiles({ plan, database }: FilesInput): RenderedFile[] {
  if (!plan.database || !database?.pooled) return [];
  return [
    { path: '/etc/plumbline/pgbouncer.ini', text: renderPgBouncerIni(plan.database, database.pooled) },
    { path: '/etc/plumbline/pgbouncer.server', text: renderPgBouncerServer(database.pooled) },
    { path: `${UNITS}/pgbouncer.service`, text: renderPgBouncerService() },
  ];
}

function cacheFiles({ plan, operatingSystem }: FilesInput): RenderedFile[] {
  if (!plan.cache) return [];
  return [
    { path: '/etc/plumbline/cache.conf', text: renderCacheConf(plan.cache, operatingSystem.cache) },
    {
      path: `${UNITS}/${operatingSystem.cache.unit}.service.d/plumbline.conf`,
      text: renderCacheDropIn(operatingSystem.cache),
    },
  ];
}
