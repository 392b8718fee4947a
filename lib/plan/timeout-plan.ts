import { inPlace } from './in-place';
import type { LoadBalancerKind, Plan, PlanInput } from './plan';

/** The default of `requestTimeout`: what nginx and the ALB wait when nobody says anything. */
export const DEFAULT_REQUEST_TIMEOUT = 60;
/** The default of `queueTimeout`: overload runs at 5 s patience lost nothing with 2 s and everything with 10 s. */
export const DEFAULT_QUEUE_TIMEOUT = 2;

/** gunicorn looks once a second and strikes twice, SIGABRT and then SIGKILL (arbiter.murder_workers): a killed worker costs up to 2 s. */
const KILL = 2;
/** An outer hop lets the inner one finish its sentence: a log line, an answer, a clean close. */
const MARGIN = 5;
/** A client sends the head of its request within seconds; longer, and few clients that send nothing take every connection of nginx. */
const HEAD_FROM_THE_INTERNET = 20;
/** nginx' default: how long a browser may keep a connection for its next request. */
const KEEPALIVE_FROM_THE_INTERNET = 75;
/** The NLB's own default idle timeout; shorter ones gain nothing, since a flow costs nothing. */
const NLB_IDLE = 350;

/** Between two pings on a WebSocket, in seconds: uvicorn's `ws_ping_interval`, below what routers on the way forget. */
const PING = 20;

/** Every timeout of the request path, in seconds. */
export interface TimeoutPlan {
  readonly statementTimeout: number;
  readonly timeout: number;
  readonly gracefulTimeout: number;
  readonly timeoutStartSec: number;
  readonly timeoutStopSec: number;
  readonly asgiDisconnectGracePeriod: number;
  readonly proxyReadTimeout: number;
  readonly proxySendTimeout: number;
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
  input: Pick<PlanInput, 'loadBalancerIdleTimeout' | 'database'>,
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
  const alb = kind === 'application';
  // A machine that is changed in place is stopped for each change, and a stop waits as long as a reload does. Nobody but an ALB needs it.
  const keepaliveMinTimeout = alb && !inPlace(input) ? outlived + MARGIN : 0;
  const keepaliveTimeout = alb ? outlived + 3 * MARGIN : KEEPALIVE_FROM_THE_INTERNET;
  // an idle connection is kept until keepalive_min_timeout even while nginx shuts down
  const workerShutdownTimeout = Math.max(proxyReadTimeout, keepaliveMinTimeout) + MARGIN;
  return {
    // without the dust of binary fractions: 5.1 - 3 is 2.0999999999999996
    statementTimeout: Math.round((requestTimeout - 3) * 1000) / 1000,
    timeout,
    gracefulTimeout,
    // READY=1 follows the import under preload_app only; 300 s is far above the slowest import and below the creation signal
    timeoutStartSec: 300,
    timeoutStopSec: gracefulTimeout + MARGIN,
    // what a coroutine may still do when its client has gone, and after its response: what a request may, which the guard ends
    asgiDisconnectGracePeriod: Math.ceil(requestTimeout),
    proxyReadTimeout,
    // an application may work before it reads a body that is larger than the socket's buffer
    proxySendTimeout: proxyReadTimeout,
    sendTimeout: outermost,
    // an ALB opens connections ahead of requests
    clientHeaderTimeout: alb ? outlived + MARGIN : HEAD_FROM_THE_INTERNET,
    // between two reads of a body, not for the whole of it: nginx' default
    clientBodyTimeout: 60,
    keepaliveMinTimeout,
    keepaliveTimeout,
    workerShutdownTimeout,
    nginxTimeoutStopSec: workerShutdownTimeout + MARGIN,
    // reversed for an NLB: it drops idle flows silently, so nginx must close first
    idleTimeout: alb
      ? idleOfAlb
      : (input.loadBalancerIdleTimeout ?? Math.max(NLB_IDLE, outermost, keepaliveTimeout + MARGIN)),
    deregistrationDelay: outermost,
  };
}

/** Whether gunicorn's `timeout` ends a request in this class; in the others it is a heartbeat of the process. */
export function timeoutEndsRequests(workerClass: string): boolean {
  return workerClass === 'sync';
}

/**
 * Seconds between two pings on a WebSocket. `proxy_read_timeout` counts the silence, and so does the longer idle timeout of the load
 * balancer: two pings may come late. Follows an override of `proxy_read_timeout`.
 */
export function webSocketPing({ nginx }: Pick<Plan, 'nginx'>): number {
  return Math.min(PING, Math.max(1, Math.floor(nginx.proxyReadTimeout / 3)));
}
