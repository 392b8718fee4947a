export { AppServer, WorkerClass, type GunicornOptions } from './app-server';
export { Application } from './application';
export {
  type ApplicationOptions,
  type AssetApplicationOptions,
  type GitApplicationOptions,
  type RemoteApplicationOptions,
} from './application-options';
export { ApplicationLoadBalancing, type ApplicationLoadBalancingProps } from './application-load-balancing';
export {
  BackgroundWorker,
  type BackgroundWorkerOptions,
  type CeleryBeatOptions,
  type CeleryOptions,
  type RqOptions,
  type ScheduleOptions,
} from './background-worker';
export { BasicAuth } from './basic-auth';
export { Cache } from './cache';
export { type ElastiCacheOptions, type EndpointCacheOptions, type OnInstanceCacheOptions } from './cache-options';
export { DataServices, type DataServicesProps } from './data-services';
export { type DataVolumeSource } from './data-volume-source';
export { Database } from './database';
export {
  DatabaseEngine,
  type DatabaseOptions,
  type EndpointDatabaseOptions,
  type ExistingDatabaseOptions,
  type ImportedDatabaseOptions,
  type OnInstanceDatabaseOptions,
  type RdsMariaDbOptions,
  type RdsMysqlOptions,
  type RdsOptions,
  type RdsPostgresOptions,
} from './database-options';
export { EnvironmentSecret } from './environment-secret';
export { type HealthCheckProps } from './health-check';
export { type ApplicationFrontDoorProps, type FrontDoorProps } from './load-balancing-props';
export { type LocationOptions } from './location-options';
export { type MachineProps } from './machine-props';
export { Media } from './media';
export type { MediaOnInstanceOptions } from './media-options';
export { NetworkLoadBalancing, type NetworkLoadBalancingProps } from './network-load-balancing';
export { OperatingSystem, type OperatingSystemProps } from './operating-system';
export {
  type AppServerPlan,
  type BackgroundWorkerPlan,
  type CachePlan,
  type ConnectionPlan,
  type DatabasePlan,
  type DiskPlan,
  type LoadBalancerPlan,
  type MemoryPlan,
  type NginxPlan,
  type Violation,
} from './plan/plan';
export { type InstanceSizeFacts } from './plan/instance-sizes';
export { LoadBalancerType, RequestPathPlan, type RequestPathProps } from './request-path-plan';
export { type RootVolumeProps } from './root-volume';
export { WebInstance, type InstanceOptions, type WebInstanceProps } from './web-instance';
export { WebService, type WebServiceProps } from './web-service';
export { WebUserData } from './web-user-data';
export { type WebUserDataProps } from './web-user-data-props';
