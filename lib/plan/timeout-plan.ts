import type { LoadBalancerKind, PlanInput } from './plan';

/** The default of `requestTimeout`: what nginx and the ALB wait when nobody says anything. */
export const DEFAULT_REQUEST_TIMEOUT = 60;
/** The default of `queueTimeout`: overload runs at 5 s patience lost nothing with 2 s and everything with 10 s. */
export const DEFAULT_QUEUE_TIMEOUT = 2;

/** gunicorn looks once a second and strikes twice, SIGABRT and then SIGKILL (arbiter.murder_workers): a killed worker costs up to 2 s. */
const KILL = 2;
/** An outer hop lets the inner one finish its sentence: a log line, an answer, a clean close. */
const MARGIN = 5;
/** The NLB's own default idle timeout; shorter ones gain nothing, since a flow costs nothing. */
const NLB_IDLE = 350;

/** Every timeout of the request path, in seconds. */
export interface TimeoutPlan {
  readonly statementTimeout: number;
  readonly timeout: number;
  readonly gracefulTimeout: number;
  readonly timeoutStartSec: number;
  readonly timeoutStopSec: number;
  readonly proxyReadTimeout: number;
  readonly sendTimeout: number;
  readonly clientHeaderTimeout: number;
  readonly clientBodyTimeout: number;
  readonly keepaliveMinTimeout: number;
  readonly keepaliveTimeout: number;
  readonly workerShutdownTimeout: number;
  readonly nginxTimeoutStopSec: number;
  readonly idleTimeout: number;
  readonly deregistrationDelay: number;
}

/** The largest `requestTimeout` that every hop can follow: the deregistration delay ends at 3600 s (Elastic Load Balancing). */
export function longestRequestTimeout(queueTimeout: number): number {
  return 3600 - MARGIN - queueTimeout - 2 * KILL;
}

/**
 * Derives every timeout from the longest request L and the longest wait Q.
 * The innermost hop ends first, so that the hop that knows most reports; whoever sends requests gives up an
 * idle connection first, so that idle limits grow inwards; whoever feeds stops before whoever eats.
 */
export function planTimeouts(
  input: Pick<PlanInput, 'loadBalancerIdleTimeout'>,
  requestTimeout: number,
  queueTimeout: number,
  kind: LoadBalancerKind,
): TimeoutPlan {
  // gunicorn and Elastic Load Balancing take whole seconds only
  const timeout = Math.ceil(requestTimeout) + KILL;
  const gracefulTimeout = timeout + KILL;
  // the read timeout also counts the wait in the queue
  const proxyReadTimeout = timeout + KILL + Math.ceil(queueTimeout);
  const outermost = proxyReadTimeout + MARGIN;
  const idleOfAlb = kind === 'application' ? (input.loadBalancerIdleTimeout ?? outermost) : outermost;
  // a stated idle timeout that is too short is one violation, not five
  const outlived = Math.max(idleOfAlb, outermost);
  const keepaliveMinTimeout = outlived + MARGIN;
  const keepaliveTimeout = outlived + 3 * MARGIN;
  // an idle connection is kept until keepalive_min_timeout even while nginx shuts down
  const workerShutdownTimeout = keepaliveMinTimeout + MARGIN;
  return {
    statementTimeout: requestTimeout - 3,
    timeout,
    gracefulTimeout,
    // READY=1 follows the import under preload_app only; 300 s is far above the slowest import and below the creation signal
    timeoutStartSec: 300,
    timeoutStopSec: gracefulTimeout + MARGIN,
    proxyReadTimeout,
    sendTimeout: outermost,
    clientHeaderTimeout: outlived + MARGIN,
    // between two reads of a body, not for the whole of it: nginx' default
    clientBodyTimeout: 60,
    keepaliveMinTimeout,
    keepaliveTimeout,
    workerShutdownTimeout,
    nginxTimeoutStopSec: workerShutdownTimeout + MARGIN,
    // reversed for an NLB: it drops idle flows silently, so nginx must close first
    idleTimeout:
      kind === 'application'
        ? idleOfAlb
        : (input.loadBalancerIdleTimeout ?? Math.max(NLB_IDLE, keepaliveTimeout + MARGIN)),
    deregistrationDelay: outermost,
  };
}

/** Whether gunicorn's `timeout` ends a request in this class; in the others it is a heartbeat of the process. */
export function timeoutEndsRequests(workerClass: string): boolean {
  return workerClass === 'sync';
}
