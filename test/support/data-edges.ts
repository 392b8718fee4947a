import type { BackgroundWorkerPlan } from '../../lib/plan';
import {
  ASGI,
  atLeast,
  atMost,
  below,
  GEVENT,
  GTHREAD,
  only,
  SYNC,
  worker,
  workers,
  type Edge,
  type Fields,
} from './edges';

const NO_DATABASE = { database: undefined };
const database = (values: Record<string, unknown>): Fields =>
  Object.fromEntries(Object.entries(values).map(([key, value]) => [`database.${key}`, value]));
const SQLITE = database({ engine: 'sqlite', host: 'instance', pooling: 'none' });
const NOT_RDS = [database({ host: 'instance' }), database({ host: 'elsewhere' })];
const RDS_PROXY = database({ host: 'rds', pooling: 'rds-proxy' });
const NOT_RDS_PROXY = [...NOT_RDS, database({ pooling: 'none' }), database({ pooling: 'pgbouncer' }), NO_DATABASE];
const SHARED_BROKER = {
  host: 'elasticache',
  maxMemory: 0,
  maxmemoryPolicy: '',
  broker: true,
  appendonly: false,
  memory: 0,
};
const beside = (...values: Array<Partial<BackgroundWorkerPlan>>) => values.map(worker);
const counted = (holds: BackgroundWorkerPlan[][], fails: BackgroundWorkerPlan[][], more: Partial<Edge> = {}): Edge => ({
  field: 'backgroundWorkers',
  holds,
  fails,
  ...more,
});

/** One connection too many: what to change hangs on who has how many, and where. */
const tooMany = (where: Fields): Edge => ({
  field: 'connections.total',
  ...atMost(80),
  where: { 'connections.maxConnections': 80, backgroundWorkers: [], ...where },
  silent: [database({ maxConnections: 0 }), NO_DATABASE],
});

/** For each rule of databases, caches and background workers, by its id, left side and relation, every edge that it has. */
export const DATA_EDGES: Readonly<Record<string, readonly Edge[]>> = {
  'N1 connections at the worst moment ≤': [
    tooMany({ ...GTHREAD, ...database({ host: 'instance', maxConnections: 1 }) }),
    tooMany({ ...SYNC, ...database({ host: 'elsewhere' }) }),
    tooMany({ ...ASGI, ...database({ host: 'elsewhere', poolSize: 0 }) }),
    tooMany({ ...GEVENT, ...database({ host: 'rds', poolSize: 8 }), backgroundWorkers: beside({}) }),
    tooMany({ ...SYNC, ...database({ host: 'rds', engine: 'mariadb', poolSize: 0 }) }),
  ],
  'N2 percent of max_connections at the worst moment ≤': [
    {
      field: 'connections.usedPercent',
      ...atMost(80),
      where: { ...GTHREAD, 'connections.total': 100, 'connections.maxConnections': 100 },
      silent: [{ 'connections.total': 101 }, database({ pooling: 'rds-proxy' }), NO_DATABASE],
    },
    {
      field: 'connections.usedPercent',
      ...atMost(80),
      // no class of RDS carries so many
      where: { ...GTHREAD, 'connections.total': 9000, 'connections.maxConnections': 9001 },
    },
  ],
  'N3 max_connections ≥': [{ field: 'connections.maxConnections', ...atLeast(1), silent: [SQLITE, NO_DATABASE] }],
  'N5 requestGuard with asgi =': [
    {
      field: 'requestGuard',
      holds: [true],
      fails: [false],
      where: { ...ASGI, ...database({ poolSize: 0, pooling: 'none' }) },
      silent: [GTHREAD, GEVENT, SYNC, database({ poolSize: 1 }), database({ pooling: 'pgbouncer' }), NO_DATABASE],
    },
  ],
  'N6 maxInstances with a database on the instance =': [
    {
      field: 'maxInstances',
      ...only(1),
      where: database({ host: 'instance' }),
      silent: [database({ host: 'rds' }), database({ host: 'elsewhere' }), NO_DATABASE],
    },
  ],
  'N30 maxInstances with media on the instance =': [
    {
      field: 'maxInstances',
      ...only(1),
      where: { media: { host: 'instance' } },
      silent: [{ media: { host: 's3' } }, { media: undefined }],
    },
  ],
  'N7 connMaxAge ≥': [{ field: 'database.connMaxAge', ...atLeast(0), silent: [NO_DATABASE] }],
  'N8 connMaxAge with gevent or asgi =': [GEVENT, ASGI].map((one) => ({
    field: 'database.connMaxAge',
    ...only(0),
    where: one,
    silent: [GTHREAD, SYNC, NO_DATABASE],
  })),
  'N9 connMaxAge <': [{ field: 'database.connMaxAge', ...below(1800), where: RDS_PROXY, silent: NOT_RDS_PROXY }],
  'N10 connMaxAge <': [
    {
      field: 'database.connMaxAge',
      ...below(28800),
      where: database({ engine: 'mysql', pooling: 'none' }),
      silent: [
        database({ engine: 'postgresql' }),
        SQLITE,
        database({ pooling: 'pgbouncer' }),
        database({ pooling: 'rds-proxy' }),
        NO_DATABASE,
      ],
    },
  ],

  'N11 statement timeout of the database <': [
    { field: 'database.statementTimeout', ...below(60, 0.5), where: { requestTimeout: 60 }, silent: [NO_DATABASE] },
  ],
  'N12 wait for a connection of the pooler <': [
    {
      field: 'database.borrowTimeout',
      ...below(9, 0.5),
      where: { requestTimeout: 9, ...database({ pooling: 'pgbouncer' }) },
      silent: [database({ pooling: 'none' }), NO_DATABASE],
    },
  ],
  'N26 innodb_lock_wait_timeout and lock_wait_timeout <': [
    { field: 'database.lockWaitTimeout', ...below(50), where: { requestTimeout: 50 }, silent: [SQLITE, NO_DATABASE] },
  ],
  'N31 gevent with SQLite =': [
    {
      field: 'appServer.workerClass',
      holds: ['gthread', 'sync', 'asgi'],
      fails: ['gevent'],
      where: SQLITE,
      silent: [database({ engine: 'mysql' }), NO_DATABASE],
    },
  ],
  'N32 busy_timeout of SQLite <': [
    {
      field: 'database.lockWaitTimeout',
      ...below(9),
      where: { requestTimeout: 9, ...SQLITE },
      silent: [database({ engine: 'mysql' }), NO_DATABASE],
    },
  ],
  'N27 connect_timeout of the database <': [
    { field: 'database.connectTimeout', ...below(9), where: { requestTimeout: 9 }, silent: [NO_DATABASE] },
  ],
  'N13 client_connection_check_interval ≥': [
    {
      field: 'database.connectionCheckInterval',
      ...atLeast(1),
      silent: [database({ engine: 'mysql' }), database({ host: 'elsewhere' }), NO_DATABASE],
    },
  ],
  'N13 client_connection_check_interval ≤': [
    {
      field: 'database.connectionCheckInterval',
      ...atMost(10),
      silent: [database({ engine: 'mysql' }), database({ host: 'elsewhere' }), NO_DATABASE],
    },
  ],
  'N14 MaxConnectionsPercent of RDS Proxy ≥': [
    { field: 'database.maxConnectionsPercent', ...atLeast(30), where: RDS_PROXY, silent: NOT_RDS_PROXY },
  ],

  'N15 maxInstances with a cache on the instance =': [
    {
      field: 'maxInstances',
      ...only(1),
      silent: [{ 'cache.host': 'elasticache' }, { 'cache.host': 'elsewhere' }, { cache: undefined }],
    },
  ],
  'N16 celery-beat without a broker that all instances share =': [
    { cache: undefined },
    { 'cache.host': 'instance', 'cache.broker': true },
    { 'cache.host': 'elasticache', 'cache.broker': false },
  ].map((where) =>
    counted(
      [[], beside({ kind: 'celery' }, { kind: 'rq' }, { kind: 'command' })],
      [beside({ kind: 'celery-beat' }, {}), beside({ kind: 'celery-beat' }, { kind: 'celery-beat' })],
      { where: { maxInstances: 2, ...where }, silent: [{ maxInstances: 1 }, { cache: SHARED_BROKER }] },
    ),
  ),
  'N28 schedules with oncePerFleet without a broker that all instances share =': [
    { cache: undefined },
    { 'cache.host': 'instance', 'cache.broker': true },
    { 'cache.host': 'elasticache', 'cache.broker': false },
  ].map((where) =>
    counted(
      [[], beside({ kind: 'schedule' }, { kind: 'celery-beat', oncePerFleet: true })],
      [beside({ kind: 'schedule', oncePerFleet: true })],
      { where: { maxInstances: 2, ...where }, silent: [{ maxInstances: 1 }, { cache: SHARED_BROKER }] },
    ),
  ),
  'N29 schedules without oncePerFleet =': [
    counted(
      [[], beside({ kind: 'schedule', oncePerFleet: true }, { kind: 'command' })],
      [beside({ kind: 'schedule' }), beside({ kind: 'schedule' }, { kind: 'schedule' })],
      { where: { maxInstances: 2 }, silent: [{ maxInstances: 1 }] },
    ),
  ],
  'N17 background workers with the name of another =': [
    counted(
      [[], beside({ name: 'a' }, { name: 'b' })],
      [beside({ name: 'a' }, { name: 'b' }, { name: 'a' }), beside({ name: 'a' }, { name: 'a' }, { name: 'a' })],
    ),
  ],
  'N18 background workers without a broker =': [
    counted(
      [[], beside({ kind: 'command' })],
      [beside({ kind: 'celery' }), beside({ kind: 'rq' }, { kind: 'celery-beat' })],
      { where: { cache: undefined } },
    ),
    counted([beside({ kind: 'celery' }, { kind: 'rq' })], []),
  ],
  'N19 taskTimeout <': [workers('taskTimeout', below(330), { timeoutStopSec: 330 })],
  'N20 TimeoutStopSec of the background worker <': [workers('timeoutStopSec', below(360), { taskTimeout: 1 })],
  'N23 queues on an instance that each change replaces =': [
    {
      field: 'cache.broker',
      holds: [false],
      fails: [true],
      where: { 'cache.host': 'instance' },
    },
    {
      field: 'database.host',
      holds: ['instance'],
      fails: ['rds', 'elsewhere'],
      where: { 'cache.host': 'instance', 'cache.broker': true },
    },
    { field: 'cache.host', holds: ['elasticache', 'elsewhere'], fails: ['instance'], where: { 'cache.broker': true } },
  ],
  'N24 longestDelay <': [workers('longestDelay', below(360), { taskTimeout: 1 })],
  'N21 taskTimeout ≥': [
    workers('taskTimeout', atLeast(1)),
    counted([beside({}, { kind: 'celery-beat', taskTimeout: 0 })], [beside({ taskTimeout: 0 })], {
      silent: [{ backgroundWorkers: beside({ kind: 'celery-beat', taskTimeout: 0 }) }],
    }),
  ],
  'N22 maxMemory of the cache ≥': [
    {
      field: 'cache.maxMemory',
      ...atLeast(1),
      silent: [{ 'cache.host': 'elasticache' }, { 'cache.host': 'elsewhere' }, { cache: undefined }],
    },
  ],
};
