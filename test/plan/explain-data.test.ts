import {
  planRequestPath,
  type BackgroundWorkerPlan,
  type CachePlan,
  type ConnectionPlan,
  type DatabasePlan,
} from '../../lib/plan';
import { explainedData } from '../../lib/plan/explain-data';

const NOTHING = planRequestPath({ instanceType: 't3.small' }).plan;

// No two numbers are the same, so that a swapped one shows.
const DATABASE: DatabasePlan = {
  engine: 'postgresql',
  host: 'instance',
  maxConnections: 101,
  statementTimeout: 102,
  bufferMemory: 103,
  effectiveCacheSize: 104,
  workMem: 105,
  slowQuery: 106,
  connectionCheckInterval: 107,
  connMaxAge: 108,
  poolSize: 0,
  pooling: 'none',
  poolerSize: 0,
  poolerClients: 0,
  maxConnectionsPercent: 0,
  borrowTimeout: 109,
  memory: 110,
};
const CONNECTIONS: ConnectionPlan = {
  perWorker: 201,
  workers: 202,
  instances: 203,
  web: 204,
  surge: 205,
  backgroundWorkers: 206,
  ops: 207,
  reserved: 208,
  total: 209,
  maxConnections: 210,
  usedPercent: 21.1,
};
const CACHE: CachePlan = {
  host: 'instance',
  maxMemory: 301,
  maxmemoryPolicy: 'volatile-lru',
  broker: true,
  appendonly: true,
  memory: 302,
};
const WORKER: BackgroundWorkerPlan = {
  name: 'mail',
  kind: 'celery',
  processes: 401,
  memoryPerProcess: 402,
  memory: 403,
  taskTimeout: 404,
  timeoutStopSec: 405,
  visibilityTimeout: 406,
  connections: 407,
};

const rowsOf = (some: Partial<typeof NOTHING>) =>
  explainedData({ ...NOTHING, ...some }).map((row) => `${row.hop} ${row.setting} = ${row.value}: ${row.because}`);
/** The rows before the budget. */
const server = (some: Partial<DatabasePlan>) =>
  rowsOf({ database: { ...DATABASE, ...some }, connections: CONNECTIONS }).filter((row) => !/^connections /.test(row));
const web = (pooling: string, some: Partial<ConnectionPlan> = {}) =>
  rowsOf({ database: { ...DATABASE, pooling }, connections: { ...CONNECTIONS, ...some } }).find((row) =>
    row.startsWith('connections web = '),
  );

test('a plan without data services has no rows of them', () => {
  expect(rowsOf({})).toEqual([]);
});

test('PostgreSQL on the instance and its budget are explained', () => {
  expect(rowsOf({ database: DATABASE, connections: CONNECTIONS })).toEqual([
    'postgresql shared_buffers = 103 MiB: an eighth of the memory: the workers and the page cache need the rest',
    'postgresql effective_cache_size = 104 MiB: shared_buffers and twice as much page cache',
    'postgresql work_mem = 105 MiB: each connection may take it several times',
    'postgresql log_min_duration_statement = 106 s: what takes longer is logged',
    'postgresql client_connection_check_interval = 107 s: the query of a killed worker ends with it',
    'Django CONN_MAX_AGE = 108 s: a connection serves many requests of its process or thread, with a health check before each',
    'connections web = 204: 203 instances × 202 workers × 201',
    'connections surge = 205: one more set: a reload or a replacement starts before what it replaces ends',
    'connections background workers = 206: one for each process',
    'connections ops = 207: migrations 1, shells and cron 2, monitoring 1, a dump 1',
    'connections reserved = 208: for the superuser of the server and its provider',
    'connections max_connections = 210: 209 at the worst moment: 21.1 %',
  ]);
});

test('MySQL on the instance has names of its own, and nothing of what it lacks', () => {
  const lacking = { effectiveCacheSize: 0, workMem: 0, connectionCheckInterval: 0 };
  expect(server({ engine: 'mysql', ...lacking })).toEqual([
    'mysql innodb_buffer_pool_size = 103 MiB: an eighth of the memory: the workers and the page cache need the rest',
    'mysql long_query_time = 106 s: what takes longer is logged',
    'Django CONN_MAX_AGE = 108 s: a connection serves many requests of its process or thread, with a health check before each',
  ]);
});

test('of a server elsewhere only what its clients set is explained', () => {
  const left = { bufferMemory: 0, effectiveCacheSize: 0, workMem: 0 };
  expect(server({ host: 'elsewhere', ...left, connMaxAge: 0, poolSize: 111 })).toEqual([
    'Django CONN_MAX_AGE = 0 s: a request keeps no connection for another one',
    'Django pool max_size = 111: connections that the requests of a process share',
    'Django pool timeout = 109 s: a request learns that there is no connection before it ends',
  ]);
});

test.each([
  [
    { pooling: 'pgbouncer', poolerSize: 112, poolerClients: 113 },
    [
      'PgBouncer default_pool_size = 112: connections to the server that an instance shares',
      'PgBouncer max_client_conn = 113: both sets of workers of a reload, background workers and ops',
      'PgBouncer query_wait_timeout = 109 s: a request learns that there is no connection before it ends',
    ],
  ],
  [
    { pooling: 'rds-proxy', maxConnectionsPercent: 114 },
    [
      'RDS Proxy MaxConnectionsPercent = 114: ops and what the server reserves connect past the proxy',
      'RDS Proxy ConnectionBorrowTimeout = 109 s: a request learns that there is no connection before it ends',
    ],
  ],
])('what stands before the server is explained: %j', (some, rows) => {
  expect(server(some).slice(6)).toEqual(rows);
});

test('connections of the web are explained by what opens them', () => {
  const one = { instances: 1, workers: 1 };
  expect(web('none', one)).toBe('connections web = 204: 1 instance × 1 worker × 201');
  expect(web('pgbouncer')).toBe('connections web = 204: 203 instances × default_pool_size');
  expect(web('pgbouncer', one)).toBe('connections web = 204: 1 instance × default_pool_size');
  expect(web('rds-proxy')).toBe(
    'connections web = 204: for all of 203 instances × 202 workers × 201, a second set and background workers, at most what the proxy may open',
  );
});

test('a cache is explained by what it is for', () => {
  expect(rowsOf({ cache: CACHE })).toEqual([
    'cache maxmemory = 301 MiB: a sixteenth of the memory, unless asked for',
    'cache maxmemory-policy = volatile-lru: tasks have no expiry and stay, cached values have one',
    'cache appendonly = yes: a lost queue does not come back',
  ]);
  expect(rowsOf({ cache: { ...CACHE, maxmemoryPolicy: 'allkeys-lru', broker: false, appendonly: false } })).toEqual([
    'cache maxmemory = 301 MiB: a sixteenth of the memory, unless asked for',
    'cache maxmemory-policy = allkeys-lru: the least recently used go first',
    'cache appendonly = no: a lost cache refills itself',
  ]);
  expect(rowsOf({ cache: { ...CACHE, host: 'elasticache', maxMemory: 0 } })).toEqual([
    'cache maxmemory-policy = volatile-lru: tasks have no expiry and stay, cached values have one',
  ]);
  expect(rowsOf({ cache: { ...CACHE, host: 'elsewhere', maxMemory: 0, maxmemoryPolicy: '' } })).toEqual([]);
});

test('background workers are explained, of beat its process alone', () => {
  const processes = 'processes = 401: each up to 402 MiB and 1 database connection';
  const limits = (unit: string) => [
    `${unit} task time limit = 404 s: taskTimeout`,
    `${unit} TimeoutStopSec = 405 s: taskTimeout + 15 s: a task may end when its worker is stopped`,
    `${unit} visibility timeout = 406 s: the longest taskTimeout + 60 s: the broker gives a task to a second worker only when the first is dead`,
  ];
  const beat = { ...WORKER, name: 'beat', kind: 'celery-beat' };
  expect(rowsOf({ backgroundWorkers: [WORKER, { ...WORKER, name: 'rq', kind: 'rq' }, beat] })).toEqual([
    `mail.service ${processes}`,
    ...limits('mail.service'),
    `rq@.service ${processes}`,
    ...limits('rq@.service'),
    `beat.service ${processes}`,
  ]);
});
