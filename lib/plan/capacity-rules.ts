import type { Plan } from './plan';
import { SOMAXCONN, webSockets } from './queue-plan';
import { count, limit, mebibytes, seconds, type Rule } from './rule';
import { ENOUGH_SLOTS } from './worker-plan';

const number = (value: number) => limit(value, '');
const leastOutstanding = (plan: Plan) => plan.loadBalancer.loadBalancingAlgorithm === 'least_outstanding_requests';
const maxConns = count('nginx max_conns', (plan) => plan.nginx.maxConns);
const algorithm = count('load_balancing.algorithm.type least_outstanding_requests', () => 1);

/**
 * D, E, O: health, counts, overload.
 * D2 and O7 (second half), O5 and O9 hold by construction: the health check has sockets of its own and tells busy from dead,
 * no limit that tightens is used, and nothing that leaks counts (zone, limit_conn) can be put into the configuration.
 */
export const CAPACITY_RULES: readonly Rule[] = [
  {
    id: 'D1',
    severity: 'error',
    left: seconds('healthCheckTimeout', (plan) => plan.loadBalancer.healthCheckTimeout),
    relation: '<',
    right: seconds('healthCheckInterval', (plan) => plan.loadBalancer.healthCheckInterval),
    breaks: 'Elastic Load Balancing refuses the target group',
    change: 'raise healthCheckInterval or lower healthCheckTimeout',
    source: 'Elastic Load Balancing, health checks',
  },
  {
    id: 'D6',
    severity: 'error',
    left: seconds('slowStart with least_outstanding_requests', (plan) => plan.loadBalancer.slowStart),
    relation: '=',
    right: limit(0),
    breaks: 'Elastic Load Balancing refuses the target group',
    change: 'remove slowStart, or use round_robin',
    source: 'Elastic Load Balancing, slow start mode',
    applies: leastOutstanding,
  },
  {
    id: 'E4',
    severity: 'error',
    left: mebibytes('workers × memoryPerWorker', (plan) => plan.appServer.workers * plan.memory.perWorker),
    relation: '≤',
    right: mebibytes('memory for workers', (plan) => plan.memory.forWorkers),
    breaks: 'the OOM killer ends a worker in the middle of a request, which looks like a timeout',
    change: 'lower workers or memoryPerWorker, or take a larger instance',
    source: 'memory plan; gunicorn logs "was sent SIGKILL! Perhaps out of memory?"',
  },
  {
    id: 'E7',
    severity: 'error',
    left: mebibytes('(workers + 1) × memoryPerWorker', (plan) => (plan.appServer.workers + 1) * plan.memory.perWorker),
    relation: '≤',
    right: mebibytes('memory for workers + swap', (plan) => plan.memory.forWorkers + plan.memory.swap),
    breaks: 'the OOM killer ends a worker while the request guard replaces one, whose successor starts first',
    change: 'lower workers or memoryPerWorker, or take a larger instance',
    source:
      'memory plan; bench/retire: one worker more for as long as the application takes to start and requests to end',
    // more than the memory holds without it is E4's
    applies: ({ appServer, memory, requestGuard }) =>
      requestGuard && appServer.workers * memory.perWorker <= memory.forWorkers,
  },
  {
    id: 'E6',
    severity: 'error',
    left: count('gunicorn max_requests_jitter', (plan) => plan.appServer.maxRequestsJitter),
    relation: '≥',
    right: number(1),
    breaks: 'workers that started together retire together, and the instance stands without any',
    change: 'set max_requests_jitter to a tenth of max_requests',
    source: 'gunicorn 27.0.1 workers/base.py',
    applies: (plan) => plan.appServer.maxRequests > 0,
  },
  {
    id: 'O1',
    severity: 'error',
    left: maxConns,
    relation: '≥',
    right: count('slots + 50', (plan) => plan.appServer.slots + 50),
    breaks: 'ordinary bursts get a 503 while slots stand idle',
    change: 'leave upstream.max_conns to the plan',
    source: 'overload runs: 8 % lost with 10 places at 90 % load, 0.5 % with 50',
  },
  {
    id: 'O2',
    severity: 'error',
    left: count(
      'nginx max_conns × worker_processes',
      (plan) => (plan.nginx.maxConns + webSockets(plan)) * plan.nginx.workerProcesses,
    ),
    relation: '<',
    right: count('socket Backlog=', (plan) => plan.appServer.backlog),
    breaks: 'a full socket gives 502 (11: Resource temporarily unavailable) where 503 is meant',
    change: 'lower workerConnections, threads or worker_processes',
    source: 'nginx on a UNIX socket: EAGAIN (run)',
  },
  {
    id: 'O2b',
    severity: 'error',
    left: count('socket Backlog=', (plan) => plan.appServer.backlog),
    relation: '≤',
    right: count('net.core.somaxconn', () => SOMAXCONN),
    breaks: 'the kernel cuts it silently',
    change: 'lower backlog',
    source: 'listen(2)',
  },
  {
    id: 'O6',
    severity: 'error',
    left: count('nginx proxy_ignore_client_abort on', (plan) => Number(plan.nginx.proxyIgnoreClientAbort)),
    relation: '=',
    right: count('off', () => 0),
    breaks: 'the application works for clients that have gone',
    change: 'remove proxy_ignore_client_abort',
    source: 'overload runs: 53-88 % of the CPU of the usual configurations is spent for nobody at 4 times the load',
  },
  {
    id: 'O7',
    severity: 'error',
    left: seconds('healthCheckTimeout', (plan) => plan.loadBalancer.healthCheckTimeout),
    relation: '≥',
    right: seconds('health proxy_read_timeout + 3 s', (plan) => plan.nginx.healthReadTimeout + 3),
    breaks: 'the load balancer takes an instance out that is only busy',
    change: 'raise healthCheckTimeout',
    source: 'overload runs: checks failed at 5-25 % with 5 slots and no lane',
  },
  {
    id: 'O8',
    severity: 'error',
    left: count('nginx worker_connections', (plan) => plan.nginx.workerConnections),
    relation: '≥',
    right: count('the higher of 4096 and 4 × max_conns', (plan) => Math.max(4096, 4 * plan.nginx.maxConns)),
    breaks: 'connections of the load balancer are cut without a status',
    change: 'leave worker_connections to the plan',
    source: 'overload runs: 1024 connections of a peer were cut',
  },
  {
    id: 'O10',
    severity: 'warning',
    left: count('slots', (plan) => plan.appServer.slots),
    relation: '≥',
    right: number(ENOUGH_SLOTS),
    breaks: 'work that waits (databases, other services) gets a fifth of what threads would give',
    change: ({ connections, database }) =>
      // without a pool each slot may hold a connection
      `${connections && database?.pooling === 'none' && database.poolSize === 0 ? 'give the database more connections, ' : ''}use gthread, more threads, or acknowledge the warning where the application only computes`,
    source: 'overload runs: 5 slots did 70 requests/s where 25 did 360',
  },
  {
    id: 'O11',
    severity: 'warning',
    left: algorithm,
    relation: '=',
    right: number(0),
    breaks: 'an instance that refuses fast looks idle and attracts the load',
    change: 'use round_robin',
    source: 'inferred from the algorithm: it counts requests in flight',
    applies: leastOutstanding,
  },
  {
    id: 'G1',
    severity: 'warning',
    left: count('requestGuard off', () => 0),
    relation: '=',
    right: count('on', () => 1),
    breaks:
      'abandoned and stale requests are worked on, nothing but the sync class ends a request (and that up to half of gunicorn timeout early), a hung gunicorn master is not noticed',
    change: 'leave requestGuard on',
    source:
      'overload runs without the guard; gunicorn 27.0.1 sync worker with two sockets beats only before it waits (run)',
    applies: (plan) => !plan.requestGuard,
  },
];
