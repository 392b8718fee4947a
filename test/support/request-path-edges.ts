import {
  above,
  always,
  ASGI,
  atLeast,
  atMost,
  below,
  GEVENT,
  GTHREAD,
  only,
  range,
  SYNC,
  workers,
  type Edge,
} from './edges';

const APPLICATION = { 'loadBalancer.type': 'application' };
const NETWORK = { 'loadBalancer.type': 'network' };
const ROUND_ROBIN = { 'loadBalancer.loadBalancingAlgorithm': 'round_robin' };
const LEAST_OUTSTANDING = { 'loadBalancer.loadBalancingAlgorithm': 'least_outstanding_requests' };

/** For each rule of the request path, by its id, left side and relation, every edge that it has. */
export const REQUEST_PATH_EDGES: Readonly<Record<string, readonly Edge[]>> = {
  'R1 requestTimeout ≥': [{ field: 'requestTimeout', ...atLeast(5, 0.5) }],
  'R1 requestTimeout ≤': [{ field: 'requestTimeout', ...atMost(3588.5, 0.5), where: { queueTimeout: 2.5 } }],
  'R2 queueTimeout ≤': [{ field: 'queueTimeout', ...atMost(7, 0.5), where: { requestTimeout: 7 } }],
  ...range('R3 ALB idle timeout', 'loadBalancer.idleTimeout', 1, 4000, { where: APPLICATION, silent: [NETWORK] }),
  ...range('R4 NLB TCP idle timeout', 'loadBalancer.idleTimeout', 60, 6000, { where: NETWORK, silent: [APPLICATION] }),
  ...range('R5 deregistration delay', 'loadBalancer.deregistrationDelay', 0, 3600),
  ...range('R6 healthCheckInterval', 'loadBalancer.healthCheckInterval', 5, 300),
  ...range('R7 healthCheckTimeout', 'loadBalancer.healthCheckTimeout', 2, 120),
  ...range('R8 slowStart', 'loadBalancer.slowStart', 30, 900, { silent: [{ 'loadBalancer.slowStart': 0 }] }),
  'R9 workers ≥': [{ field: 'appServer.workers', ...atLeast(1) }],
  'R9 threads ≥': [{ field: 'appServer.threads', ...atLeast(1) }],
  'R9 workerConnections ≥': [{ field: 'appServer.workerConnections', ...atLeast(1) }],
  'R9 memoryPerWorker ≥': [{ field: 'memory.perWorker', ...atLeast(1) }],
  'R9 maxInstances ≥': [{ field: 'maxInstances', ...atLeast(1) }],
  'R9 processes ≥': [workers('processes', atLeast(1))],
  'R9 memoryPerProcess ≥': [workers('memoryPerProcess', atLeast(1))],

  'A1 statement timeout <': [
    {
      field: 'statementTimeout',
      ...below(60, 0.5),
      where: { 'appServer.timeout': 62, ...SYNC },
      silent: [GTHREAD, GEVENT, ASGI],
    },
  ],
  'A2 requestTimeout <': [SYNC, ASGI].map((one) => ({
    field: 'requestTimeout',
    ...below(62, 0.5),
    where: { 'appServer.timeout': 62, ...one },
    silent: [GTHREAD, GEVENT],
  })),
  'A3 queueTimeout + the longest work + 2 s ≤': [
    {
      field: 'queueTimeout',
      ...atMost(4, 0.5),
      where: { ...GTHREAD, requestTimeout: 60, 'nginx.proxyReadTimeout': 66, 'appServer.timeout': 1000 },
    },
    {
      field: 'queueTimeout',
      ...atMost(4, 0.5),
      where: { ...SYNC, requestTimeout: 1000, 'nginx.proxyReadTimeout': 68, 'appServer.timeout': 62 },
    },
  ],
  'A4 requestTimeout without the request guard ≤': [
    { ...always('requestGuard', false), where: GTHREAD, silent: [{ requestGuard: true }, SYNC] },
  ],
  'A5 nginx proxy_read_timeout <': [
    {
      field: 'nginx.proxyReadTimeout',
      ...below(71),
      where: { 'loadBalancer.idleTimeout': 71, ...APPLICATION },
      silent: [NETWORK],
    },
  ],
  'A7 load balancer idle timeout ≤': [
    {
      field: 'loadBalancer.idleTimeout',
      ...atMost(80),
      where: { upstreamTimeout: 80 },
      silent: [{ upstreamTimeout: 0 }],
    },
    {
      field: 'loadBalancer.idleTimeout',
      ...atMost(1),
      where: { upstreamTimeout: 1 },
      silent: [{ upstreamTimeout: 0 }],
    },
  ],
  'A8 requestTimeout <': [{ field: 'requestTimeout', ...below(71, 0.5), where: { 'nginx.sendTimeout': 71 } }],
  'A9 nginx proxy_read_timeout <': [
    {
      field: 'nginx.proxyReadTimeout',
      ...below(350),
      where: { 'loadBalancer.idleTimeout': 350, ...NETWORK },
      silent: [APPLICATION],
    },
  ],
  'A10 nginx proxy_send_timeout ≥': [
    { field: 'nginx.proxySendTimeout', ...atLeast(66, 0.5), where: { 'nginx.proxyReadTimeout': 66 } },
  ],
  'A11 gunicorn asgi_disconnect_grace_period ≥': [
    {
      field: 'appServer.asgiDisconnectGracePeriod',
      ...atLeast(60),
      where: { requestTimeout: 60, ...ASGI },
      silent: [SYNC, GTHREAD, GEVENT],
    },
  ],
  'A12 the longest requestTimeout of locations ≤': [
    {
      field: 'requestTimeout',
      ...atLeast(60),
      where: { locations: [{ path: '/a', requestTimeout: 60 }, { path: '/b', requestTimeout: 30 }, { path: '/c' }] },
      silent: [{ locations: [] }, { locations: [{ path: '/c' }] }],
    },
  ],
  'O4 queueTimeout ≥': [{ field: 'queueTimeout', ...atLeast(0.5, 0.1) }],

  'B1 load balancer idle timeout <': [
    {
      field: 'loadBalancer.idleTimeout',
      ...below(86),
      where: { 'nginx.keepaliveTimeout': 86, ...APPLICATION },
      silent: [NETWORK],
    },
  ],
  'B2 load balancer idle timeout <': [
    {
      field: 'loadBalancer.idleTimeout',
      ...below(76),
      where: { 'nginx.clientHeaderTimeout': 76, ...APPLICATION },
      silent: [NETWORK],
    },
  ],
  'B2b nginx client_header_timeout ≤': [
    { field: 'nginx.clientHeaderTimeout', ...atMost(60), where: NETWORK, silent: [APPLICATION] },
  ],
  'B3c keepalive_min_timeout on a machine that is stopped for each change =': [
    {
      field: 'nginx.keepaliveMinTimeout',
      holds: [0],
      fails: [1, 76],
      where: { 'database.host': 'instance' },
      silent: [{ 'database.host': 'rds' }, { database: undefined }],
    },
    {
      field: 'nginx.keepaliveMinTimeout',
      holds: [0],
      fails: [76],
      where: { 'database.host': 'rds', 'media.host': 'instance' },
    },
  ],
  'B3 load balancer idle timeout <': [
    {
      field: 'loadBalancer.idleTimeout',
      ...below(77),
      where: { 'nginx.keepaliveMinTimeout': 77, ...APPLICATION },
      silent: [NETWORK, { 'database.host': 'instance' }, { 'media.host': 'instance' }],
    },
  ],
  'B3b nginx keepalive_min_timeout ≤': [
    {
      field: 'nginx.keepaliveMinTimeout',
      ...atMost(80),
      where: { 'nginx.keepaliveTimeout': 80, 'nginx.workerShutdownTimeout': 90 },
    },
    {
      field: 'nginx.keepaliveMinTimeout',
      ...atMost(70),
      where: { 'nginx.keepaliveTimeout': 80, 'nginx.workerShutdownTimeout': 70 },
    },
  ],
  'B4 nginx worker_connections ≥': [
    { field: 'nginx.workerConnections', ...atLeast(643), where: { 'nginx.maxConns': 301 } },
    { field: 'nginx.workerConnections', ...atLeast(32), where: { 'nginx.maxConns': 15 } },
  ],
  'B5 nginx upstream keepalive_timeout <': [GEVENT, ASGI, GTHREAD].map((one) => ({
    field: 'nginx.upstreamKeepaliveTimeout',
    ...below(75),
    where: { 'appServer.keepalive': 75, 'nginx.upstreamKeepalive': 1, ...one },
    silent: [{ 'nginx.upstreamKeepalive': 0 }, SYNC],
  })),
  'B8 the higher of gunicorn keepalive and nginx upstream keepalive_timeout <': [
    ['appServer.keepalive', 'nginx.upstreamKeepaliveTimeout'],
    ['nginx.upstreamKeepaliveTimeout', 'appServer.keepalive'],
  ].map(([field, other]) => ({
    field: field!,
    ...below(64),
    where: { [other!]: 10, 'appServer.gracefulTimeout': 64, 'nginx.upstreamKeepalive': 1, ...ASGI },
    silent: [{ 'nginx.upstreamKeepalive': 0 }, SYNC],
  })),
  'B9 nginx keepalive_timeout <': [
    {
      field: 'nginx.keepaliveTimeout',
      ...below(350),
      where: { 'loadBalancer.idleTimeout': 350, ...NETWORK },
      silent: [APPLICATION],
    },
  ],
  'O3 nginx upstream keepalive =': [
    { field: 'nginx.upstreamKeepalive', ...only(0), where: GTHREAD, silent: [SYNC, GEVENT, ASGI] },
  ],

  'C1 gunicorn graceful_timeout ≥': [
    { field: 'appServer.gracefulTimeout', ...atLeast(60), where: { requestTimeout: 60 } },
  ],
  'C1b gunicorn graceful_timeout ≥': [
    {
      field: 'appServer.gracefulTimeout',
      ...atLeast(64),
      where: { 'appServer.timeout': 62, ...SYNC },
      silent: [GTHREAD, GEVENT, ASGI],
    },
  ],
  'C2 TimeoutStopSec of gunicorn.service ≥': [
    { field: 'appServer.timeoutStopSec', ...atLeast(69), where: { 'appServer.gracefulTimeout': 64 } },
  ],
  'C5 TimeoutStopSec of nginx.service ≥': [
    { field: 'nginx.timeoutStopSec', ...atLeast(66), where: { 'nginx.proxyReadTimeout': 66 } },
  ],
  'C5b nginx worker_shutdown_timeout ≥': [
    { field: 'nginx.workerShutdownTimeout', ...atLeast(66), where: { 'nginx.proxyReadTimeout': 66 } },
  ],
  'C8 deregistration delay ≥': [
    {
      field: 'loadBalancer.deregistrationDelay',
      ...atLeast(66),
      where: { 'nginx.proxyReadTimeout': 66, 'loadBalancer.idleTimeout': 71 },
    },
    {
      field: 'loadBalancer.deregistrationDelay',
      ...atLeast(50),
      where: { 'nginx.proxyReadTimeout': 66, 'loadBalancer.idleTimeout': 50 },
    },
  ],

  'D1 healthCheckTimeout <': [
    { field: 'loadBalancer.healthCheckTimeout', ...below(10), where: { 'loadBalancer.healthCheckInterval': 10 } },
  ],
  'D6 slowStart with least_outstanding_requests =': [
    { field: 'loadBalancer.slowStart', ...only(0), where: LEAST_OUTSTANDING, silent: [ROUND_ROBIN] },
  ],
  'E4 workers × memoryPerWorker ≤': [
    { field: 'memory.perWorker', ...atMost(200), where: { 'appServer.workers': 5, 'memory.forWorkers': 1000 } },
  ],
  'E7 (workers + 1) × memoryPerWorker ≤': [
    {
      field: 'memory.perWorker',
      ...atMost(200),
      where: { 'appServer.workers': 4, 'memory.forWorkers': 900, 'memory.swap': 100, requestGuard: true },
      silent: [{ requestGuard: false }, { 'memory.forWorkers': 803, 'memory.swap': 0 }],
    },
  ],
  'E6 gunicorn max_requests_jitter ≥': [
    {
      field: 'appServer.maxRequestsJitter',
      ...atLeast(1),
      where: { 'appServer.maxRequests': 1 },
      silent: [{ 'appServer.maxRequests': 0 }],
    },
  ],
  'O1 nginx max_conns ≥': [{ field: 'nginx.maxConns', ...atLeast(90), where: { 'appServer.slots': 40 } }],
  'O2 nginx max_conns × worker_processes <': [
    { field: 'appServer.backlog', ...above(600), where: { 'nginx.maxConns': 300, 'nginx.workerProcesses': 2 } },
  ],
  'O2b socket Backlog= ≤': [{ field: 'appServer.backlog', ...atMost(4096) }],
  'O6 nginx proxy_ignore_client_abort on =': [{ field: 'nginx.proxyIgnoreClientAbort', holds: [false], fails: [true] }],
  'O7 healthCheckTimeout ≥': [
    { field: 'loadBalancer.healthCheckTimeout', ...atLeast(5), where: { 'nginx.healthReadTimeout': 2 } },
  ],
  'O8 nginx worker_connections ≥': [
    { field: 'nginx.workerConnections', ...atLeast(4096), where: { 'nginx.maxConns': 1023 } },
    { field: 'nginx.workerConnections', ...atLeast(4100), where: { 'nginx.maxConns': 1025 } },
  ],
  'K1 what the disk must hold ≤': [
    { field: 'disk.uploads', ...atMost(4053), silent: [{ 'disk.total': 8191 }] },
    { field: 'disk.responses', ...atMost(4055), silent: [{ 'disk.total': 8191 }] },
    { field: 'disk.releases', ...atMost(4049), silent: [{ 'disk.total': 8191 }] },
  ],
  'K2 clientMaxBodySize without a limit =': [{ field: 'nginx.clientMaxBodySize', holds: [315, 0.5], fails: [0] }],
  'O10 slots ≥': [{ field: 'appServer.slots', ...atLeast(25) }],
  'O11 load_balancing.algorithm.type least_outstanding_requests =': [
    {
      ...always('loadBalancer.loadBalancingAlgorithm', 'least_outstanding_requests'),
      silent: [ROUND_ROBIN, { 'loadBalancer.loadBalancingAlgorithm': 'weighted_random' }],
    },
  ],
  'G1 requestGuard off =': [{ ...always('requestGuard', false), silent: [{ requestGuard: true }] }],
};
