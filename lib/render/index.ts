export { renderBootstrap } from './bootstrap';
export { isFixed, renderFiles } from './files';
export { renderGunicornConf } from './gunicorn';
export type {
  AccountSource,
  ApplicationFetch,
  ApplicationLayout,
  BackgroundWorkerSource,
  BootstrapInput,
  CommandStep,
  FilesInput,
  GunicornInput,
  NginxInput,
  PasswordSource,
  PooledServer,
  RenderedFile,
  S3Object,
  SecretSource,
  SignalTarget,
} from './input';
export { nginxIncludes, renderNginxConf } from './nginx';
export { isMediaUrl } from './nginx-media';
export { OPERATING_SYSTEMS, pythonsOf } from './operating-systems';
export type { CacheServerProfile, DatabaseServerProfile, OperatingSystemProfile } from './operating-systems';
export {
  CACHE_SOCKET,
  LINKED,
  MEDIA,
  MEDIA_URL,
  MYSQL_SOCKET,
  PGBOUNCER_PORT,
  PGBOUNCER_SOCKETS,
  POSTGRESQL_SOCKETS,
  RDS_BUNDLE,
  SQLITE_FILE,
} from './places';
export type { PythonProfile } from './pythons';
export { FOLDER, FOLDER_RULE } from './refusals';
export { CREDENTIALS_IN_REPOSITORY, holdsCredentials } from './repository';
export { entryPointProblem } from './entry-point';
export {
  EXTRA_NAME,
  GROUP_NAME,
  REQUIREMENTS_FILES,
  REQUIREMENTS_PATH,
  isGroupName,
  isRequirementsPath,
} from './requirements';
export { renderGunicornService, renderGunicornSocket, renderNginxDropIn } from './systemd';
export { hasControls, withTokensNamed, withoutTokens } from './text';
export { unitNameProblem } from './unit-names';
