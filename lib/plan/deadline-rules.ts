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
    change: 'raise the TCP idle timeout of the load balancer, or lower requestTimeout',
    source: 'Network Load Balancer, tcp.idle_timeout.seconds: 60-6000, default 350',
    applies: nlb,
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
