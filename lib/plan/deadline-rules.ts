import type { Plan } from './plan';
import { limit, seconds, type Rule } from './rule';
import { timeoutEndsRequests } from './timeout-plan';

const sync = (plan: Plan) => timeoutEndsRequests(plan.appServer.workerClass);
const alb = (plan: Plan) => plan.loadBalancer.type === 'application';
const nlb = (plan: Plan) => plan.loadBalancer.type === 'network';

export const requestTimeout = seconds('requestTimeout', (plan) => plan.requestTimeout);
export const queueTimeout = seconds('queueTimeout', (plan) => plan.queueTimeout);
export const proxyReadTimeout = seconds('nginx proxy_read_timeout', (plan) => plan.nginx.proxyReadTimeout);
export const idleTimeout = seconds('load balancer idle timeout', (plan) => plan.loadBalancer.idleTimeout);
const timeout = seconds('gunicorn timeout', (plan) => plan.appServer.timeout);

/** A: deadlines. The innermost hop fires first, so that the hop that knows most reports. */
export const DEADLINE_RULES: readonly Rule[] = [
  {
    id: 'A1',
    severity: 'error',
    left: seconds('statement timeout', (plan) => plan.statementTimeout),
    relation: '<',
    right: seconds('gunicorn timeout - 2 s', (plan) => plan.appServer.timeout - 2),
    breaks: 'a worker is killed inside the database driver, and its query goes on',
    change: 'leave gunicorn timeout to the plan, or lower requestTimeout',
    source: 'gunicorn 27.0.1 sync worker: SIGABRT cannot interrupt C code, SIGKILL follows within 2 s',
    applies: sync,
  },
  {
    id: 'A2',
    severity: 'error',
    left: requestTimeout,
    relation: '<',
    right: timeout,
    breaks: 'gunicorn kills the worker before the request may end',
    change: 'raise gunicorn timeout or lower requestTimeout',
    source:
      'gunicorn 27.0.1: timeout ends requests in sync, and cuts a draining asgi worker, which sends no heartbeat (run)',
    applies: (plan) => sync(plan) || plan.appServer.workerClass === 'asgi',
  },
  {
    id: 'A3',
    severity: 'error',
    left: seconds('queueTimeout + the longest work + 2 s', (plan) => plan.queueTimeout + longestWork(plan) + 2),
    relation: '≤',
    right: proxyReadTimeout,
    breaks: 'nginx answers 504 first and the application works on for nobody',
    change: 'leave proxy_read_timeout and gunicorn timeout to the plan, or lower requestTimeout',
    source:
      'nginx ngx_http_upstream.c: the read timeout starts when the request is sent, so it counts the wait in the queue (run)',
  },
  {
    id: 'A4',
    severity: 'warning',
    left: seconds('requestTimeout without the request guard', () => Infinity),
    relation: '≤',
    right: proxyReadTimeout,
    breaks: 'no hop ends a request in this worker class: after the 504 of nginx the work goes on',
    change: 'leave requestGuard on, or set timeouts on every database and HTTP call of the application',
    source: 'gunicorn settings: timeout is a heartbeat in every class but sync',
    applies: (plan) => !plan.requestGuard && !sync(plan),
  },
  {
    id: 'A5',
    severity: 'error',
    left: proxyReadTimeout,
    relation: '<',
    right: idleTimeout,
    breaks: 'the load balancer answers 504 without a cause, and nginx logs 499 instead of the reason',
    change: 'raise the idle timeout of the load balancer, or lower requestTimeout',
    source: 'Elastic Load Balancing, troubleshooting 504; connecting to a UNIX socket takes no time (A6)',
    applies: alb,
  },
  {
    id: 'A7',
    severity: 'error',
    left: idleTimeout,
    relation: '≤',
    right: seconds('upstreamTimeout', (plan) => plan.upstreamTimeout),
    breaks: 'whoever stands before the load balancer gives up first, which the load balancer logs as 460',
    change: 'raise upstreamTimeout there, or lower requestTimeout',
    source: 'Elastic Load Balancing, troubleshooting 460',
    applies: (plan) => plan.upstreamTimeout > 0,
  },
  {
    id: 'A8',
    severity: 'warning',
    left: requestTimeout,
    relation: '<',
    right: seconds('nginx send_timeout', (plan) => plan.nginx.sendTimeout),
    breaks: 'a response whose reader pauses is truncated before requestTimeout',
    change: 'leave send_timeout to the plan',
    source: 'nginx core module: send_timeout is the time between two writes to the client',
  },
  {
    id: 'A9',
    severity: 'error',
    left: proxyReadTimeout,
    relation: '<',
    right: idleTimeout,
    breaks: 'the load balancer forgets a silent flow, and the client gets a reset without a status',
    change:
      'lower requestTimeout, or raise the TCP idle timeout of the load balancer: that of a TLS listener is 350 s and cannot be changed',
    source: 'Network Load Balancer, tcp.idle_timeout.seconds: 60-6000, default 350',
    applies: nlb,
  },
  {
    id: 'A10',
    severity: 'error',
    left: seconds('nginx proxy_send_timeout', (plan) => plan.nginx.proxySendTimeout),
    relation: '≥',
    right: proxyReadTimeout,
    breaks: 'an application that works before it reads a large body gets a 504 while it is within requestTimeout',
    change: 'leave proxy_send_timeout to the plan',
    source: 'nginx 1.22: 504 after 60 s for a body of 2 MB that was read after 75 s (run)',
  },
  {
    id: 'A11',
    severity: 'error',
    left: seconds('gunicorn asgi_disconnect_grace_period', (plan) => plan.appServer.asgiDisconnectGracePeriod),
    relation: '≥',
    right: requestTimeout,
    breaks: 'what runs after a response, such as background tasks, is cancelled without a word',
    change: 'leave asgi_disconnect_grace_period to the plan',
    source: 'gunicorn 27.0.1: a coroutine is cancelled 3 s after its connection has ended, which is at once here (run)',
    applies: (plan) => plan.appServer.workerClass === 'asgi',
  },
  {
    id: 'A12',
    severity: 'error',
    left: seconds('the longest requestTimeout of locations', (plan) => longestOfLocations(plan)),
    relation: '≤',
    right: requestTimeout,
    breaks: 'every hop before the request guard ends the request first',
    change: 'raise requestTimeout to the longest of all paths, and give shorter ones to the others',
    source: 'all hops are planned once, for the longest request',
    applies: (plan) => longestOfLocations(plan) > 0,
  },
  {
    id: 'O4',
    severity: 'error',
    left: queueTimeout,
    relation: '≥',
    right: limit(0.5),
    breaks: 'ordinary bursts are refused: half a second lost 9 % with 5 slots at 90 % load',
    change: 'raise queueTimeout',
    source: 'queue model, and overload runs with real nginx and gunicorn',
  },
];

/** How long a worker may be busy with one request: gunicorn enforces `timeout` in sync alone, the request guard ends the others at requestTimeout. */
function longestWork(plan: Plan): number {
  return sync(plan) ? plan.appServer.timeout : plan.requestTimeout;
}

function longestOfLocations({ locations }: Plan): number {
  return Math.max(0, ...locations.map((location) => location.requestTimeout ?? 0));
}
