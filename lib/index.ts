export { AppServer, WorkerClass, type GunicornOptions } from './app-server';
export {
  Application,
  type ApplicationOptions,
  type AssetApplicationOptions,
  type GitApplicationOptions,
  type RemoteApplicationOptions,
} from './application';
export { ApplicationLoadBalancing, type ApplicationLoadBalancingProps } from './application-load-balancing';
export { EnvironmentSecret } from './environment-secret';
export { type HealthCheckProps } from './health-check';
export { type ApplicationFrontDoorProps, type FrontDoorProps } from './load-balancing-props';
export { NetworkLoadBalancing, type NetworkLoadBalancingProps } from './network-load-balancing';
export { OperatingSystem } from './operating-system';
export {
  type AppServerPlan,
  type LoadBalancerPlan,
  type MemoryPlan,
  type NginxPlan,
  type Violation,
} from './plan/plan';
export { type InstanceSizeFacts } from './plan/instance-sizes';
export { LoadBalancerType, RequestPathPlan, type RequestPathProps } from './request-path-plan';
export { WebInstance, type InstanceOptions, type WebInstanceProps } from './web-instance';
export { WebService, type WebServiceProps } from './web-service';
export { WebUserData, type MachineProps, type WebUserDataProps } from './web-user-data';
