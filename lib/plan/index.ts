export { databasePort } from './database-server';
export { explainedSettings, explainPlan } from './explain';
export type { ExplainedSetting } from './explained-setting';
export { cacheClassProblem, rdsClassProblem } from './instance-classes';
export { INSTANCE_SIZES, instanceSize, type InstanceSizeFacts } from './instance-sizes';
export type {
  AppServerPlan,
  BackgroundWorkerInput,
  BackgroundWorkerPlan,
  CacheInput,
  CachePlan,
  ConnectionPlan,
  DatabaseEngineName,
  DatabaseInput,
  DatabasePlan,
  DiskPlan,
  DatabaseServerName,
  LoadBalancerKind,
  LoadBalancerPlan,
  LocationInput,
  LocationPlan,
  MediaInput,
  MemoryPlan,
  NginxPlan,
  Plan,
  PlanInput,
  Violation,
  WorkerClassName,
} from './plan';
export { largestBody } from './locations';
export { rdsMemory } from './rds-memory';
export { planRequestPath, type CheckedPlan } from './request-path';
export type { Rule, Side } from './rule';
export { checkPlan, RULES } from './rules';
