import { idleTimeout } from './deadline-rules';
import { inPlace } from './in-place';
import type { Plan } from './plan';
import { webSockets } from './queue-plan';
import { count, limit, seconds, type Rule } from './rule';

const alb = (plan: Plan) => plan.loadBalancer.type === 'application';
const nlb = (plan: Plan) => plan.loadBalancer.type === 'network';
const reused = (plan: Plan) => plan.nginx.upstreamKeepalive > 0 && plan.appServer.workerClass !== 'sync';

const clientHeaderTimeout = seconds('nginx client_header_timeout', (plan) => plan.nginx.clientHeaderTimeout);
const keepaliveTimeout = seconds('nginx keepalive_timeout', (plan) => plan.nginx.keepaliveTimeout);
const keepaliveMinTimeout = seconds('nginx keepalive_min_timeout', (plan) => plan.nginx.keepaliveMinTimeout);
const keepalive = seconds('gunicorn keepalive', (plan) => plan.appServer.keepalive);
const gracefulTimeout = seconds('gunicorn graceful_timeout', (plan) => plan.appServer.gracefulTimeout);

/** B: keep-alive. Whoever sends requests gives up an idle connection first, so idle limits grow inwards. */
export const KEEPALIVE_RULES: readonly Rule[] = [
  {
    id: 'B1',
    severity: 'error',
    left: idleTimeout,
    relation: '<',
    right: keepaliveTimeout,
    breaks: 'nginx closes a connection that the ALB is about to use: now and then a 502 without target_status_code',
    change: 'leave keepalive_timeout to the plan',
    source: 'Elastic Load Balancing, idle timeout: the target must keep connections longer than the load balancer',
    applies: alb,
  },
  {
    id: 'B2',
    severity: 'error',
    left: idleTimeout,
    relation: '<',
    right: clientHeaderTimeout,
    breaks: 'nginx closes a connection that the ALB opened ahead of a request: a 502',
    change: 'leave client_header_timeout to the plan',
    source: 'nginx ngx_http_request.c: the timer is armed at accept()',
    applies: alb,
  },
  {
    id: 'B2b',
    severity: 'error',
    left: clientHeaderTimeout,
    relation: '≤',
    right: limit(60),
    breaks: 'a few clients that send nothing take every connection of nginx',
    change: 'leave client_header_timeout to the plan',
    source: 'nginx core module: its default is 60 s; clients of a Network Load Balancer speak to nginx themselves',
    applies: nlb,
  },
  {
    id: 'B3',
    severity: 'error',
    left: idleTimeout,
    relation: '<',
    right: keepaliveMinTimeout,
    breaks: 'a reload of nginx closes connections that the ALB is about to use: a burst of 502',
    change: 'leave keepalive_min_timeout to the plan',
    source: 'nginx 1.27.4 and newer (run on 1.30.4)',
    applies: (plan) => alb(plan) && !inPlace(plan),
  },
  {
    id: 'B3c',
    severity: 'error',
    left: seconds(
      'keepalive_min_timeout on a machine that is stopped for each change',
      (plan) => plan.nginx.keepaliveMinTimeout,
    ),
    relation: '=',
    right: limit(0),
    breaks: 'each change is down for as long as the load balancer keeps idle connections',
    change: 'leave keepalive_min_timeout to the plan',
    source: 'nginx 1.30.6 with keepalive_min_timeout 26s ended 25.6 s after SIGQUIT, without it after 1 s (run)',
    applies: inPlace,
  },
  {
    id: 'B3b',
    severity: 'error',
    left: keepaliveMinTimeout,
    relation: '≤',
    right: seconds('the lower of nginx keepalive_timeout and worker_shutdown_timeout', (plan) =>
      Math.min(plan.nginx.keepaliveTimeout, plan.nginx.workerShutdownTimeout),
    ),
    breaks: 'keepalive_min_timeout has no effect',
    change: 'leave keepalive_timeout and worker_shutdown_timeout to the plan',
    source: 'nginx ngx_http_request.c',
  },
  {
    id: 'B4',
    severity: 'error',
    left: count('nginx worker_connections', (plan) => plan.nginx.workerConnections),
    relation: '≥',
    right: count('16/15 × 2 × max_conns', (plan) => Math.ceil((32 / 15) * (plan.nginx.maxConns + webSockets(plan)))),
    breaks: 'nginx drops idle connections of the load balancer to make room: 502s',
    change: 'leave worker_connections to the plan',
    source: 'nginx ngx_connection.c ngx_drain_connections',
  },
  {
    id: 'B5',
    severity: 'error',
    left: seconds('nginx upstream keepalive_timeout', (plan) => plan.nginx.upstreamKeepaliveTimeout),
    relation: '<',
    right: keepalive,
    breaks:
      'gunicorn closes a connection that nginx is about to use: 502 for POST and PATCH, silent retries for the rest',
    change: 'remove upstream.keepalive, or raise gunicorn keepalive',
    source: 'nginx ngx_http_upstream.c (run)',
    applies: reused,
  },
  {
    id: 'B8',
    severity: 'error',
    left: seconds('the higher of gunicorn keepalive and nginx upstream keepalive_timeout', (plan) =>
      Math.max(plan.appServer.keepalive, plan.nginx.upstreamKeepaliveTimeout),
    ),
    relation: '<',
    right: gracefulTimeout,
    breaks: 'an idle connection holds up every stop and every reload',
    change: 'lower gunicorn keepalive and upstream.keepalive_timeout',
    source: 'gunicorn 27.0.1 gevent and asgi: the exit waits for idle keep-alives (run)',
    applies: reused,
  },
  {
    id: 'B9',
    severity: 'error',
    left: keepaliveTimeout,
    relation: '<',
    right: idleTimeout,
    breaks: 'a client writes into a flow that the load balancer has forgotten: a reset',
    change:
      'leave keepalive_timeout to the plan, or raise the TCP idle timeout of the load balancer: that of a TLS listener is 350 s and cannot be changed',
    source: 'Network Load Balancer: reversed, since it drops idle flows silently',
    applies: nlb,
  },
  {
    id: 'O3',
    severity: 'error',
    left: count('nginx upstream keepalive', (plan) => plan.nginx.upstreamKeepalive),
    relation: '=',
    right: { name: '', unit: '', value: () => 0 },
    breaks:
      'idle connections take the places of threads, and requests are hoarded: up to 24 % fewer answers under load',
    change: 'remove upstream.keepalive: a local UNIX socket costs nothing to open',
    source: 'overload runs with gunicorn 27.0.1 gthread, worker_connections = threads',
    applies: (plan) => plan.appServer.workerClass === 'gthread',
  },
];
