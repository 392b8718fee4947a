export { renderBootstrap } from './bootstrap';
export { isFixed, renderFiles } from './files';
export { renderGunicornConf } from './gunicorn';
export type {
  ApplicationFetch,
  BackgroundWorkerSource,
  BootstrapInput,
  CommandStep,
  FilesInput,
  GunicornInput,
  NginxInput,
  RenderedFile,
  S3Object,
  SecretSource,
  SignalTarget,
} from './input';
export { renderNginxConf } from './nginx';
export { OPERATING_SYSTEMS } from './operating-systems';
export type { CacheServerProfile, DatabaseServerProfile, OperatingSystemProfile } from './operating-systems';
export { renderGunicornService, renderGunicornSocket, renderNginxDropIn } from './systemd';
