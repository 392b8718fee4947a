import { proxyReadTimeout, requestTimeout } from './deadline-rules';
import type { Plan } from './plan';
import { seconds, type Rule } from './rule';

const sync = (plan: Plan) => plan.appServer.workerClass === 'sync';
const gracefulTimeout = seconds('gunicorn graceful_timeout', (plan) => plan.appServer.gracefulTimeout);
const deregistrationDelay = seconds('deregistration delay', (plan) => plan.loadBalancer.deregistrationDelay);

/**
 * C: stop, reload, scale-in. Whoever feeds stops before whoever eats.
 * C6 and C7 hold by construction (nginx.service After=gunicorn.service; systemd owns the sockets), C3 and C4 speak of other servers.
 */
export const DRAIN_RULES: readonly Rule[] = [
  {
    id: 'C1',
    severity: 'error',
    left: gracefulTimeout,
    relation: '≥',
    right: requestTimeout,
    breaks: 'a stop or a reload cuts requests that are within requestTimeout',
    change: 'raise graceful_timeout or lower requestTimeout',
    source: 'gunicorn 27.0.1 arbiter.stop: SIGKILL after graceful_timeout (run)',
  },
  {
    id: 'C1b',
    severity: 'error',
    left: gracefulTimeout,
    relation: '≥',
    right: seconds('gunicorn timeout + 2 s', (plan) => plan.appServer.timeout + 2),
    breaks: 'the drain, not the timeout, ends a request, and nothing is logged',
    change: 'raise graceful_timeout or lower gunicorn timeout',
    source: 'gunicorn 27.0.1 sync worker',
    applies: sync,
  },
  {
    id: 'C2',
    severity: 'error',
    left: seconds('TimeoutStopSec of gunicorn.service', (plan) => plan.appServer.timeoutStopSec),
    relation: '≥',
    right: seconds('gunicorn graceful_timeout + 5 s', (plan) => plan.appServer.gracefulTimeout + 5),
    breaks: 'systemd kills the workers while they drain',
    change: 'raise TimeoutStopSec',
    source: 'systemd.service(5)',
  },
  {
    id: 'C5',
    severity: 'error',
    left: seconds('TimeoutStopSec of nginx.service', (plan) => plan.nginx.timeoutStopSec),
    relation: '≥',
    right: proxyReadTimeout,
    breaks: 'systemd cuts responses: the packaged units give 5 s',
    change: 'raise TimeoutStopSec of nginx',
    source: 'nginx.service of Debian 13 and Fedora: TimeoutStopSec=5',
  },
  {
    id: 'C5b',
    severity: 'error',
    left: seconds('nginx worker_shutdown_timeout', (plan) => plan.nginx.workerShutdownTimeout),
    relation: '≥',
    right: proxyReadTimeout,
    breaks: 'a reload or a stop of nginx cuts responses',
    change: 'leave worker_shutdown_timeout to the plan',
    source: 'nginx core module',
  },
  {
    id: 'C8',
    severity: 'error',
    left: deregistrationDelay,
    relation: '≥',
    right: seconds('the lower of idle timeout and proxy_read_timeout', (plan) =>
      Math.min(plan.loadBalancer.idleTimeout, plan.nginx.proxyReadTimeout),
    ),
    breaks: 'the load balancer cuts requests at the end of a drain: 502',
    change: 'raise the deregistration delay or lower requestTimeout',
    source: 'Elastic Load Balancing, troubleshooting 502',
  },
];
