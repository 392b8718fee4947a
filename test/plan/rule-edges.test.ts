import { checkPlan, planRequestPath, RULES, type Plan } from '../../lib/plan';
import { checkRule } from '../../lib/plan/rule';

/** Values of a plan by their path, for example `nginx.sendTimeout`. */
type Values = Readonly<Record<string, unknown>>;

const CELERY = { name: 'celery', kind: 'celery', processes: 2, memoryPerProcess: 192, taskTimeout: 300 } as const;

/** Has everything that a rule can speak about. */
const BASE = planRequestPath({
  instanceType: 't3.large',
  database: { engine: 'postgresql', host: 'instance' },
  cache: { host: 'instance' },
  backgroundWorkers: [CELERY],
}).plan;

function planWith(...values: Values[]): Plan {
  const entries = values.flatMap((some) => Object.entries(some));
  return entries.reduce((plan, [path, value]) => {
    const [group = '', name] = path.split('.');
    const before = plan[group as keyof Plan] as object;
    return { ...plan, [group]: name === undefined ? value : { ...before, [name]: value } };
  }, BASE);
}

const workers = (...some: Values[]) => some.map((values) => ({ ...BASE.backgroundWorkers[0], ...values }));
const OTHER = { name: 'other', processes: 3, memoryPerProcess: 200, taskTimeout: 200, timeoutStopSec: 220 };
const BEAT = { name: 'beat', kind: 'celery-beat', taskTimeout: 0 };

const SYNC = { 'appServer.workerClass': 'sync' };
const GTHREAD = { 'appServer.workerClass': 'gthread' };
const GEVENT = { 'appServer.workerClass': 'gevent' };
const ASGI = { 'appServer.workerClass': 'asgi' };
const ALB = { 'loadBalancer.type': 'application' };
const NLB = { 'loadBalancer.type': 'network' };
const ROUND_ROBIN = { 'loadBalancer.loadBalancingAlgorithm': 'round_robin' };
const LEAST_OUTSTANDING = { 'loadBalancer.loadBalancingAlgorithm': 'least_outstanding_requests' };
const REUSED = { 'nginx.upstreamKeepalive': 8, 'nginx.upstreamKeepaliveTimeout': 10 };
const NOT_REUSED = { 'nginx.upstreamKeepalive': 0 };
const NO_DATABASE = { database: undefined };
const MYSQL = { 'database.engine': 'mysql' };
const ON_RDS = { 'database.host': 'rds' };
const ELSEWHERE = { 'database.host': 'elsewhere' };
const UNPOOLED = { 'database.pooling': 'none' };
const PGBOUNCER = { 'database.pooling': 'pgbouncer' };
const PROXY = { 'database.host': 'rds', 'database.pooling': 'rds-proxy' };
const NO_WORKERS = { backgroundWorkers: [] };
const SHARED_CACHE = { 'cache.host': 'elasticache' };

/** A rule, a value with which it just holds, the next that breaks it, what both stand beside, and what keeps it silent. */
type Edge = [rule: string, path: string, holds: unknown, breaks: unknown, beside?: Values, silent?: Values[]];

const EDGES: readonly Edge[] = [
  ['R1', 'requestTimeout', 5, 4.9],
  ['R1', 'requestTimeout', 3589, 3590, { queueTimeout: 2 }],
  ['R2', 'queueTimeout', 60, 60.1, { requestTimeout: 60 }],
  ['R3', 'loadBalancer.idleTimeout', 1, 0, ALB, [NLB]],
  ['R3', 'loadBalancer.idleTimeout', 4000, 4001, ALB, [NLB]],
  ['R4', 'loadBalancer.idleTimeout', 60, 59, NLB, [ALB]],
  ['R4', 'loadBalancer.idleTimeout', 6000, 6001, NLB, [ALB]],
  ['R5', 'loadBalancer.deregistrationDelay', 0, -1],
  ['R5', 'loadBalancer.deregistrationDelay', 3600, 3601],
  ['R6', 'loadBalancer.healthCheckInterval', 5, 4],
  ['R6', 'loadBalancer.healthCheckInterval', 300, 301],
  ['R7', 'loadBalancer.healthCheckTimeout', 2, 1],
  ['R7', 'loadBalancer.healthCheckTimeout', 120, 121],
  ['R8', 'loadBalancer.slowStart', 30, 29, {}, [{ 'loadBalancer.slowStart': 0 }]],
  ['R8', 'loadBalancer.slowStart', 900, 901],
  ['R9', 'appServer.workers', 1, 0],
  ['R9', 'appServer.threads', 1, 0],
  ['R9', 'appServer.workerConnections', 1, 0],
  ['R9', 'memory.perWorker', 1, 0],
  ['R9', 'maxInstances', 1, 0],
  ['R9', 'backgroundWorkers', workers({ processes: 1 }, OTHER), workers({ processes: 0 }, OTHER), {}, [NO_WORKERS]],
  ['R9', 'backgroundWorkers', workers(OTHER, { memoryPerProcess: 1 }), workers(OTHER, { memoryPerProcess: 0 })],

  ['A1', 'statementTimeout', 57, 58, { ...SYNC, 'appServer.timeout': 60 }, [GTHREAD, GEVENT, ASGI]],
  ['A2', 'appServer.timeout', 61, 60, { ...SYNC, requestTimeout: 60 }, [GTHREAD, GEVENT]],
  ['A2', 'appServer.timeout', 61, 60, { ...ASGI, requestTimeout: 60 }],
  ['A3', 'nginx.proxyReadTimeout', 66, 65, { ...SYNC, queueTimeout: 2, 'appServer.timeout': 62 }],
  ['A3', 'nginx.proxyReadTimeout', 64, 63, { ...GTHREAD, queueTimeout: 2, requestTimeout: 60 }],
  ['A5', 'nginx.proxyReadTimeout', 65, 66, { ...ALB, 'loadBalancer.idleTimeout': 66 }, [NLB]],
  ['A7', 'upstreamTimeout', 71, 70, { 'loadBalancer.idleTimeout': 71 }, [{ upstreamTimeout: 0 }]],
  ['A8', 'nginx.sendTimeout', 61, 60, { requestTimeout: 60 }],
  ['A9', 'nginx.proxyReadTimeout', 65, 66, { ...NLB, 'loadBalancer.idleTimeout': 66 }, [ALB]],
  ['O4', 'queueTimeout', 0.5, 0.4],

  ['B1', 'nginx.keepaliveTimeout', 72, 71, { ...ALB, 'loadBalancer.idleTimeout': 71 }, [NLB]],
  ['B2', 'nginx.clientHeaderTimeout', 72, 71, { ...ALB, 'loadBalancer.idleTimeout': 71 }, [NLB]],
  ['B3', 'nginx.keepaliveMinTimeout', 72, 71, { ...ALB, 'loadBalancer.idleTimeout': 71 }, [NLB]],
  ['B3b', 'nginx.keepaliveMinTimeout', 76, 77, { 'nginx.keepaliveTimeout': 76, 'nginx.workerShutdownTimeout': 90 }],
  ['B3b', 'nginx.keepaliveMinTimeout', 76, 77, { 'nginx.keepaliveTimeout': 90, 'nginx.workerShutdownTimeout': 76 }],
  ['B4', 'nginx.workerConnections', 320, 319, { 'nginx.maxConns': 150 }],
  // 16/15 × 2 × 151 is 322.1
  ['B4', 'nginx.workerConnections', 323, 322, { 'nginx.maxConns': 151 }],
  ['B5', 'appServer.keepalive', 11, 10, { ...GEVENT, ...REUSED }, [NOT_REUSED, SYNC]],
  ['B8', 'appServer.keepalive', 63, 64, { ...ASGI, ...REUSED, 'appServer.gracefulTimeout': 64 }, [NOT_REUSED, SYNC]],
  ['B8', 'appServer.gracefulTimeout', 11, 10, { ...GTHREAD, ...REUSED, 'appServer.keepalive': 9 }],
  ['B9', 'nginx.keepaliveTimeout', 349, 350, { ...NLB, 'loadBalancer.idleTimeout': 350 }, [ALB]],
  ['O3', 'nginx.upstreamKeepalive', 0, 1, GTHREAD, [SYNC, GEVENT, ASGI]],

  ['C1', 'appServer.gracefulTimeout', 60, 59, { requestTimeout: 60 }],
  ['C1b', 'appServer.gracefulTimeout', 64, 63, { ...SYNC, 'appServer.timeout': 62 }, [GTHREAD, GEVENT, ASGI]],
  ['C2', 'appServer.timeoutStopSec', 69, 68, { 'appServer.gracefulTimeout': 64 }],
  ['C5', 'nginx.timeoutStopSec', 66, 65, { 'nginx.proxyReadTimeout': 66 }],
  ['C5b', 'nginx.workerShutdownTimeout', 66, 65, { 'nginx.proxyReadTimeout': 66 }],
  ['C8', 'loadBalancer.deregistrationDelay', 66, 65, { 'nginx.proxyReadTimeout': 66, 'loadBalancer.idleTimeout': 71 }],
  ['C8', 'loadBalancer.deregistrationDelay', 60, 59, { 'nginx.proxyReadTimeout': 66, 'loadBalancer.idleTimeout': 60 }],

  ['D1', 'loadBalancer.healthCheckTimeout', 9, 10, { 'loadBalancer.healthCheckInterval': 10 }],
  ['D6', 'loadBalancer.slowStart', 0, 1, LEAST_OUTSTANDING, [ROUND_ROBIN]],
  ['E4', 'appServer.workers', 4, 5, { 'memory.perWorker': 256, 'memory.forWorkers': 1024 }],
  ['E6', 'appServer.maxRequestsJitter', 1, 0, { 'appServer.maxRequests': 1 }, [{ 'appServer.maxRequests': 0 }]],
  ['O1', 'nginx.maxConns', 90, 89, { 'appServer.slots': 40 }],
  ['O2', 'appServer.backlog', 201, 200, { 'nginx.maxConns': 100, 'nginx.workerProcesses': 2 }],
  ['O2b', 'appServer.backlog', 4096, 4097],
  ['O6', 'nginx.proxyIgnoreClientAbort', false, true],
  ['O7', 'loadBalancer.healthCheckTimeout', 5, 4, { 'nginx.healthReadTimeout': 2 }],
  ['O8', 'nginx.workerConnections', 4096, 4095, { 'nginx.maxConns': 1000 }],
  ['O8', 'nginx.workerConnections', 4100, 4099, { 'nginx.maxConns': 1025 }],
  ['O10', 'appServer.slots', 25, 24],

  [
    'N1',
    'connections.total',
    80,
    81,
    { 'connections.maxConnections': 80 },
    [NO_DATABASE, { 'database.maxConnections': 0 }],
  ],
  [
    'N2',
    'connections.usedPercent',
    80,
    80.1,
    { 'connections.total': 100, 'connections.maxConnections': 100 },
    [NO_DATABASE, PROXY, { 'connections.total': 101 }],
  ],
  ['N3', 'connections.maxConnections', 1, 0, {}, [NO_DATABASE]],
  [
    'N5',
    'requestGuard',
    true,
    false,
    { ...ASGI, ...UNPOOLED, 'database.poolSize': 0 },
    [NO_DATABASE, GEVENT, PGBOUNCER, { 'database.poolSize': 1 }],
  ],
  ['N6', 'maxInstances', 1, 2, { 'database.host': 'instance' }, [NO_DATABASE, ON_RDS, ELSEWHERE]],
  ['N7', 'database.connMaxAge', 0, -1, {}, [NO_DATABASE]],
  ['N8', 'database.connMaxAge', 0, 1, GEVENT, [NO_DATABASE, GTHREAD, SYNC]],
  ['N8', 'database.connMaxAge', 0, 1, ASGI],
  ['N9', 'database.connMaxAge', 1799, 1800, PROXY, [NO_DATABASE, ELSEWHERE, UNPOOLED]],
  [
    'N10',
    'database.connMaxAge',
    28799,
    28800,
    { ...MYSQL, ...UNPOOLED },
    [{ 'database.engine': 'postgresql' }, PGBOUNCER],
  ],
  ['N11', 'database.statementTimeout', 59, 60, { requestTimeout: 60 }, [NO_DATABASE]],
  ['N12', 'database.borrowTimeout', 59, 60, { ...PGBOUNCER, requestTimeout: 60 }, [NO_DATABASE, UNPOOLED]],
  ['N13', 'database.connectionCheckInterval', 1, 0.9, ON_RDS, [NO_DATABASE, MYSQL, ELSEWHERE]],
  ['N13', 'database.connectionCheckInterval', 10, 11, {}, [NO_DATABASE, MYSQL, ELSEWHERE]],
  ['N14', 'database.maxConnectionsPercent', 30, 29, PROXY, [NO_DATABASE, ELSEWHERE, UNPOOLED]],
  ['N15', 'maxInstances', 1, 2, { 'cache.host': 'instance' }, [SHARED_CACHE, { cache: undefined }]],
  [
    'N16',
    'backgroundWorkers',
    workers(OTHER),
    workers(OTHER, BEAT),
    { maxInstances: 2, 'cache.host': 'instance', 'cache.broker': true },
    [{ maxInstances: 1 }, SHARED_CACHE],
  ],
  ['N16', 'backgroundWorkers', workers(OTHER), workers(OTHER, BEAT), { maxInstances: 2, cache: undefined }],
  [
    'N16',
    'backgroundWorkers',
    workers(OTHER),
    workers(OTHER, BEAT),
    { maxInstances: 2, ...SHARED_CACHE, 'cache.broker': false },
  ],
  ['N17', 'backgroundWorkers', workers(OTHER, BEAT), workers(OTHER, OTHER)],
  [
    'N18',
    'backgroundWorkers',
    workers({ kind: 'command' }),
    workers({ kind: 'command' }, BEAT),
    { cache: undefined },
    [{ cache: BASE.cache }],
  ],
  [
    'N19',
    'backgroundWorkers',
    workers(OTHER, { taskTimeout: 300, timeoutStopSec: 301 }),
    workers(OTHER, { taskTimeout: 300, timeoutStopSec: 300 }),
    {},
    [NO_WORKERS],
  ],
  [
    'N20',
    'backgroundWorkers',
    workers({ timeoutStopSec: 315, visibilityTimeout: 316 }),
    workers({ timeoutStopSec: 315, visibilityTimeout: 315 }),
    {},
    [NO_WORKERS],
  ],
  [
    'N21',
    'backgroundWorkers',
    workers(BEAT, OTHER, { taskTimeout: 1 }),
    workers(BEAT, OTHER, { taskTimeout: 0 }),
    {},
    [NO_WORKERS],
  ],
  ['N22', 'cache.maxMemory', 1, 0, {}, [SHARED_CACHE, { cache: undefined }]],
];

/** Rules that no number moves: where they speak they are broken. */
const FLAGS: readonly (readonly [rule: string, speaks: Values, silent: Values[]])[] = [
  ['A4', { ...GTHREAD, requestGuard: false }, [SYNC, { requestGuard: true }]],
  ['O11', LEAST_OUTSTANDING, [ROUND_ROBIN]],
  ['G1', { requestGuard: false }, [{ requestGuard: true }]],
];

const brokenBy = (...values: Values[]) => checkPlan(planWith(...values)).map(({ rule }) => rule);

test.each(EDGES)('rule %s holds with %s %j and is broken with %j', (rule, path, holds, breaks, beside = {}) => {
  expect(brokenBy(beside, { [path]: holds })).not.toContain(rule);
  expect(brokenBy(beside, { [path]: breaks })).toContain(rule);
});

test.each(
  EDGES.flatMap(([rule, path, , value, beside = {}, silent = []]) =>
    silent.map((values) => [rule, values, beside, path, value] as const),
  ),
)('rule %s says nothing with %j', (rule, values, beside, path, value) => {
  expect(brokenBy(beside, { [path]: value }, values)).not.toContain(rule);
});

test.each(FLAGS)('rule %s speaks with %j', (rule, speaks, silent) => {
  expect(brokenBy(speaks)).toContain(rule);
  for (const values of silent) expect(brokenBy(speaks, values)).not.toContain(rule);
});

test('of every rule both sides meet at the edge that is tested here', () => {
  const edges = EDGES.map(([, path, holds, breaks, beside = {}]) =>
    [holds, breaks].map((value) => planWith(beside, { [path]: value })),
  );
  const met = RULES.filter((rule) =>
    edges.some(([holds, breaks]) => {
      const onEdge = rule.relation === '<' ? breaks! : holds!;
      const meet = rule.left.value(onEdge) === rule.right.value(onEdge);
      return meet && !checkRule(rule, holds!) && checkRule(rule, breaks!);
    }),
  );
  const flags = FLAGS.map(([rule]) => rule);
  expect(RULES.filter((rule) => !met.includes(rule) && !flags.includes(rule.id)).map(({ id }) => id)).toEqual([]);
});

test('these rules warn, all others are errors', () => {
  const warnings = ['A4', 'A8', 'O10', 'O11', 'G1', 'N2', 'N9', 'N10', 'N15', 'N16', 'N18'];
  expect(RULES.filter(({ severity }) => severity === 'warning').map(({ id }) => id)).toEqual(warnings);
  expect(RULES.filter(({ severity }) => severity === 'error').length).toBe(RULES.length - warnings.length);
});

test.each<[string, Values, string]>([
  [
    'A4',
    { ...GTHREAD, requestGuard: false, 'nginx.proxyReadTimeout': 66 },
    'requestTimeout without the request guard (Infinity s) must be at most nginx proxy_read_timeout (66 s), else ',
  ],
  ['O3', { ...GTHREAD, 'nginx.upstreamKeepalive': 8 }, 'nginx upstream keepalive (8) must be equal to 0, else '],
  ['O10', { 'appServer.slots': 24 }, 'slots (24) must be at least 25, else '],
  ['O11', LEAST_OUTSTANDING, 'load_balancing.algorithm.type least_outstanding_requests (1) must be equal to 0, else '],
  ['G1', { requestGuard: false }, 'requestGuard off (0) must be equal to on (1), else '],
])('rule %s names what it compares', (rule, values, message) => {
  const violation = checkPlan(planWith(values)).find((broken) => broken.rule === rule);
  expect(violation?.message.slice(0, message.length)).toBe(message);
});
