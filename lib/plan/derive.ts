import type { InstanceSizeFacts } from './instance-sizes';
import { DEFAULT_MEMORY_PER_WORKER, planMemory } from './memory-plan';
import type { Plan, PlanInput } from './plan';
import { planQueue } from './queue-plan';
import { DEFAULT_QUEUE_TIMEOUT, DEFAULT_REQUEST_TIMEOUT, planTimeouts } from './timeout-plan';
import { planWorkers } from './worker-plan';

/** Derives every number of the request path, before overrides. */
export function derivePlan(input: PlanInput, instance: InstanceSizeFacts): Plan {
  const requestTimeout = input.requestTimeout ?? DEFAULT_REQUEST_TIMEOUT;
  const queueTimeout = input.queueTimeout ?? DEFAULT_QUEUE_TIMEOUT;
  const kind = input.loadBalancer ?? 'application';
  const requestGuard = input.requestGuard ?? true;
  const times = planTimeouts(input, requestTimeout, queueTimeout, kind);
  const memory = planMemory(instance, input.memoryPerWorker ?? DEFAULT_MEMORY_PER_WORKER);
  const workers = planWorkers(input, instance, memory);
  const queue = planQueue(workers.slots);
  const maxRequests = input.maxRequests ?? 0;
  return {
    instance,
    requestTimeout,
    queueTimeout,
    requestGuard,
    upstreamTimeout: input.upstreamTimeout ?? 0,
    statementTimeout: times.statementTimeout,
    memory,
    appServer: {
      ...workers,
      timeout: times.timeout,
      gracefulTimeout: times.gracefulTimeout,
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
      proxySendTimeout: 60,
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
    extraNginxDirectives: {},
    extraGunicornSettings: {},
  };
}
