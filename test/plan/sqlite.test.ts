import { explainPlan, planRequestPath, type PlanInput } from '../../lib/plan';

const SQLITE = { engine: 'sqlite', host: 'instance' } as const;
const plan = (input: Partial<PlanInput> = {}) =>
  planRequestPath({ instanceType: 't3.small', database: SQLITE, ...input });
const messages = (input: Partial<PlanInput>) => plan(input).violations.map(({ message }) => message);

test('a file of SQLite is no server: it takes no memory, no connections and no place of a worker', () => {
  const { database, connections, appServer, memory } = plan().plan;
  const without = plan({ database: undefined }).plan;
  expect(connections).toBeUndefined();
  expect([appServer, memory]).toEqual([without.appServer, without.memory]);
  expect(database).toEqual({
    engine: 'sqlite',
    host: 'instance',
    maxConnections: 0,
    statementTimeout: 0,
    lockWaitTimeout: 50,
    connectTimeout: 0,
    bufferMemory: 0,
    effectiveCacheSize: 0,
    workMem: 0,
    slowQuery: 0,
    connectionCheckInterval: 0,
    connMaxAge: 600,
    poolSize: 0,
    pooling: 'none',
    poolerSize: 0,
    poolerClients: 0,
    maxConnectionsPercent: 0,
    borrowTimeout: 0,
    memory: 0,
  });
});

test.each([
  [5, 2],
  [30, 27],
  [60, 50],
  [300, 50],
])('who waits for the lock learns it before a request of %i s ends: after %i s', (requestTimeout, seconds) => {
  expect(plan({ requestTimeout }).plan.database?.lockWaitTimeout).toBe(seconds);
  expect(messages({ requestTimeout })).toEqual([]);
});

test.each([
  ['gthread', 600],
  ['sync', 600],
  ['asgi', 0],
] as const)('with %s a connection is kept for %i s', (workerClass, seconds) => {
  expect(plan({ workerClass }).plan.database?.connMaxAge).toBe(seconds);
  expect(plan({ workerClass, database: { ...SQLITE, connMaxAge: 9 } }).plan.database?.connMaxAge).toBe(9);
});

test('a machine with it is changed in place, and its queue stays there', () => {
  expect(plan().plan.nginx.keepaliveMinTimeout).toBe(0);
  const celery = { name: 'celery', kind: 'celery', processes: 1, memoryPerProcess: 192, taskTimeout: 300 } as const;
  expect(messages({ instanceType: 't3.large', cache: { host: 'instance' }, backgroundWorkers: [celery] })).toEqual([]);
});

test('fails with gevent, in whose processes one that waits stops the one it waits for', () => {
  expect(messages({ workerClass: 'gevent' })).toEqual([
    'gevent with SQLite (1) must be equal to 0, else a greenlet that waits for the lock stops its whole process, with the greenlet in it that holds the lock: both wait in vain; use gthread, or a database server [N31]',
  ]);
});

test('fails in a fleet, whose machines would have a file each', () => {
  expect(messages({ maxInstances: 3 })).toEqual([
    'maxInstances with a database on the instance (3) must be equal to 1, else every instance has data of its own, and clients see those of whichever answers; lower maxInstances to 1, or use a database in RDS [N6]',
  ]);
});

test('fails with a request that is no longer than the shortest wait', () => {
  expect(messages({ requestTimeout: 1 }).filter((message) => message.endsWith('[N32]'))).toEqual([
    'busy_timeout of SQLite (1 s) must be less than requestTimeout (1 s), else a request ends while it waits for the lock, and does not say so; raise requestTimeout [N32]',
  ]);
});

test('fails with asgi where nothing bounds its requests', () => {
  expect(messages({ workerClass: 'asgi', requestGuard: false })).toContain(
    'requestGuard with asgi (0) must be equal to 1, else nothing bounds the requests of a worker, and each opens a connection; leave requestGuard on, use PostgreSQL, whose pool bounds them, or use gthread [N5]',
  );
});

test('explain says how long a transaction waits, when it begins to write and when it is on the disk', () => {
  const rows = explainPlan(plan({ requestTimeout: 30 }).plan).split('\n');
  expect(rows.filter((row) => /SQLite|Django/.test(row))).toEqual([
    '| SQLite | `journal_mode` | wal | who reads waits for nobody; one at a time writes |',
    '| SQLite | `synchronous` | full | a commit is on the disk before it is answered: with normal a power cut takes the last ones |',
    '| SQLite | `busy_timeout` | 27 s | less than requestTimeout: who waits for the one that writes learns it before the request ends |',
    '| SQLite | `transaction_mode` | immediate | transactions of Django take the lock when they begin: later they could not wait for it |',
    '| Django | `CONN_MAX_AGE` | 600 s | a connection serves many requests of its process or thread, with a health check before each |',
  ]);
  expect(rows.join()).not.toMatch(/as far as their connections allow|max_connections/);
});
