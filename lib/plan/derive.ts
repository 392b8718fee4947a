import { planBackgroundWorkers } from './background-worker-plan';
import { planCache } from './cache-plan';
import { connectionBound, planConnections, UNBOUND } from './connection-plan';
import { planDatabase } from './database-plan';
import { databaseServer } from './database-server';
import { withDisk } from './disk-plan';
import type { InstanceSizeFacts } from './instance-sizes';
import { planLocations } from './locations';
import { DEFAULT_MEMORY_PER_WORKER, planMemory } from './memory-plan';
import type { Plan, PlanInput } from './plan';
import { planQueue } from './queue-plan';
import { planSqlite } from './sqlite-plan';
import { DEFAULT_QUEUE_TIMEOUT, DEFAULT_REQUEST_TIMEOUT, planTimeouts } from './timeout-plan';
import { cooperative, planWorkers } from './worker-plan';

/** Derives every number of the request path, before overrides. */
export function derivePlan(input: PlanInput, instance: InstanceSizeFacts): Plan {
  const requestTimeout = input.requestTimeout ?? DEFAULT_REQUEST_TIMEOUT;
  const queueTimeout = input.queueTimeout ?? DEFAULT_QUEUE_TIMEOUT;
  const kind = input.loadBalancer ?? 'application';
  const requestGuard = input.requestGuard ?? true;
  const times = planTimeouts(input, requestTimeout, queueTimeout, kind);
  const backgroundWorkers = planBackgroundWorkers(input.backgroundWorkers ?? []);
  const cache = input.cache && planCache(input.cache, instance, backgroundWorkers);
  const maxInstances = input.maxInstances ?? 1;
  const fleet = { instances: maxInstances, backgroundWorkers, requestGuard };
  const server = input.database && databaseServer(input.database, instance);
  const memoryBeside = (database: number) =>
    planMemory(instance, input.memoryPerWorker ?? DEFAULT_MEMORY_PER_WORKER, {
      database,
      cache: cache?.memory ?? 0,
      backgroundWorkers: backgroundWorkers.reduce((sum, worker) => sum + worker.memory, 0),
    });
  const bound = server ? connectionBound(server, fleet) : UNBOUND;
  const { connectionsPerWorker, ...workers } = planWorkers(input, instance, memoryBeside(bound.memory), bound);
  const connections =
    server && planConnections(server, fleet, { workers: workers.workers, perWorker: connectionsPerWorker });
  const sharesProcess = cooperative(workers.workerClass);
  const clients = {
    requestTimeout,
    statementTimeout: times.statementTimeout,
    poolSize: bound.pool && sharesProcess ? connectionsPerWorker : 0,
    keepsConnections: !sharesProcess,
  };
  const database =
    server && connections
      ? planDatabase(server, fleet, connections, clients)
      : input.database && planSqlite(input.database, clients);
  const queue = planQueue(workers.slots);
  const maxRequests = input.maxRequests ?? 0;
  const path: Omit<Plan, 'disk'> = {
    instance,
    requestTimeout,
    queueTimeout,
    requestGuard,
    maxInstances,
    upstreamTimeout: input.upstreamTimeout ?? 0,
    statementTimeout: times.statementTimeout,
    memory: memoryBeside(database?.memory ?? 0),
    database,
    cache,
    media: input.media,
    backgroundWorkers,
    connections,
    appServer: {
      ...workers,
      timeout: times.timeout,
      gracefulTimeout: times.gracefulTimeout,
      asgiDisconnectGracePeriod: times.asgiDisconnectGracePeriod,
      // no keep-alive over the local socket: threads would hoard requests, and idle connections fill a gevent pool
      keepalive: 0,
      maxRequests,
      // workers that were born together must not retire together
      maxRequestsJitter: Math.ceil(maxRequests / 10),
      preloadApp: input.preloadApp ?? false,
      backlog: queue.backlog,
      timeoutStartSec: times.timeoutStartSec,
      timeoutStopSec: times.timeoutStopSec,
      // the guard's arbiter loop beats every second
      watchdogSec: requestGuard ? 30 : 0,
    },
    nginx: {
      proxyReadTimeout: times.proxyReadTimeout,
      proxySendTimeout: times.proxySendTimeout,
      sendTimeout: times.sendTimeout,
      clientHeaderTimeout: times.clientHeaderTimeout,
      clientBodyTimeout: times.clientBodyTimeout,
      keepaliveTimeout: times.keepaliveTimeout,
      keepaliveMinTimeout: times.keepaliveMinTimeout,
      workerShutdownTimeout: times.workerShutdownTimeout,
      timeoutStopSec: times.nginxTimeoutStopSec,
      maxConns: queue.maxConns,
      upstreamKeepalive: 0,
      upstreamKeepaliveTimeout: 10,
      workerProcesses: queue.workerProcesses,
      workerConnections: queue.workerConnections,
      clientMaxBodySize: input.clientMaxBodySize ?? 10,
      proxyMaxTempFileSize: 0, // by the disk
      proxyIgnoreClientAbort: false,
      healthReadTimeout: 2,
    },
    loadBalancer: {
      type: kind,
      idleTimeout: times.idleTimeout,
      deregistrationDelay: times.deregistrationDelay,
      healthCheckInterval: input.healthCheckInterval ?? 10,
      healthCheckTimeout: input.healthCheckTimeout ?? 5,
      healthyThresholdCount: 2,
      unhealthyThresholdCount: 3,
      // a target that refuses fast looks idle to least_outstanding_requests
      loadBalancingAlgorithm: 'round_robin',
      slowStart: 0,
    },
    locations: planLocations(input.locations ?? []),
    knownNginxDirectives: {},
    extraNginxDirectives: {},
    extraGunicornSettings: {},
  };
  return withDisk(path, input);
}
