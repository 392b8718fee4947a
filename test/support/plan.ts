import { planRequestPath, type Plan, type PlanInput } from '../../lib/plan';

/** A plan without violations: t3.small and 300 seconds, as the reference stack has it. */
export function planOf(input: Partial<PlanInput> = {}): Plan {
  const { plan, violations } = planRequestPath({ instanceType: 't3.small', requestTimeout: 300, ...input });
  const errors = violations.filter(({ severity }) => severity === 'error');
  if (errors.length > 0) throw new Error(errors.map(({ message }) => message).join('\n'));
  return plan;
}

/** A plan in which no two fields have the same value, so that a swapped field shows. It keeps no rule. */
export const DISTINCT_PLAN: Plan = {
  instance: {
    instanceType: 't3.small',
    architecture: 'x86_64',
    vcpus: 401,
    memoryMiB: 402,
    baselinePercent: 403,
    creditsPerHour: 404,
  },
  requestTimeout: 101,
  queueTimeout: 102,
  requestGuard: true,
  maxInstances: 105,
  upstreamTimeout: 103,
  statementTimeout: 104,
  appServer: {
    workerClass: 'gthread',
    workers: 201,
    threads: 202,
    workerConnections: 203,
    slotsPerWorker: 204,
    slots: 205,
    timeout: 206,
    gracefulTimeout: 207,
    asgiDisconnectGracePeriod: 215,
    keepalive: 208,
    maxRequests: 209,
    maxRequestsJitter: 210,
    preloadApp: true,
    backlog: 211,
    timeoutStartSec: 212,
    timeoutStopSec: 213,
    watchdogSec: 214,
  },
  nginx: {
    proxyReadTimeout: 301,
    proxySendTimeout: 302,
    sendTimeout: 303,
    clientHeaderTimeout: 304,
    clientBodyTimeout: 305,
    keepaliveTimeout: 306,
    keepaliveMinTimeout: 307,
    workerShutdownTimeout: 308,
    timeoutStopSec: 309,
    maxConns: 310,
    upstreamKeepalive: 311,
    upstreamKeepaliveTimeout: 312,
    workerProcesses: 313,
    workerConnections: 314,
    clientMaxBodySize: 315,
    proxyIgnoreClientAbort: true,
    healthReadTimeout: 316,
  },
  loadBalancer: {
    type: 'application',
    idleTimeout: 501,
    deregistrationDelay: 502,
    healthCheckInterval: 503,
    healthCheckTimeout: 504,
    healthyThresholdCount: 505,
    unhealthyThresholdCount: 506,
    loadBalancingAlgorithm: 'round_robin',
    slowStart: 507,
  },
  memory: {
    total: 601,
    kernel: 602,
    operatingSystem: 603,
    nginx: 604,
    appServerMaster: 605,
    forWorkers: 606,
    perWorker: 607,
    swap: 608,
    database: 609,
    cache: 610,
    backgroundWorkers: 611,
  },
  backgroundWorkers: [],
  locations: [],
  knownNginxDirectives: {},
  extraNginxDirectives: {},
  extraGunicornSettings: {},
};
