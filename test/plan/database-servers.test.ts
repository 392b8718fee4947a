import { databasePort, INSTANCE_SIZES, instanceSize, planRequestPath, type PlanInput } from '../../lib/plan';
import { databaseServer, rdsConnections, smallestRdsClass } from '../../lib/plan/database-server';

const planOf = (input: Partial<PlanInput>) => planRequestPath({ instanceType: 't3.small', ...input }).plan;

test.each([
  ['postgresql', 5432],
  ['mysql', 3306],
  ['mariadb', 3306],
])('%s listens on port %i', (engine, port) => expect(databasePort(engine)).toBe(port));

const SIZES = INSTANCE_SIZES.filter(({ instanceType }) => /^t3\.(?!nano)/.test(instanceType));

test.each(['mysql', 'mariadb', 'postgresql'] as const)(
  'a class is enough for what it carries of %s, and the next one for one more',
  (engine) => {
    const carried = SIZES.map(({ memoryMiB }) => rdsConnections(engine, memoryMiB));
    const classes = SIZES.map(({ instanceType }) => `db.${instanceType}`);
    expect(carried.map((connections) => smallestRdsClass(engine, connections))).toEqual(classes);
    const more = carried.map((connections) => smallestRdsClass(engine, connections + 1));
    expect(more).toEqual([...classes.slice(1), undefined]);
  },
);

test('PgBouncer takes memory of the instance, wherever the server is', () => {
  const instance = instanceSize('t3.large')!;
  for (const host of ['instance', 'elsewhere'] as const) {
    const without = databaseServer({ engine: 'postgresql', host }, instance)!;
    const pooled = databaseServer({ engine: 'postgresql', host, pooling: 'pgbouncer' }, instance)!;
    expect(pooled.memory - without.memory).toBe(16);
  }
});

test('memory of a class says nothing about a server elsewhere', () => {
  const database = { engine: 'mysql', host: 'elsewhere' } as const;
  const plan = planOf({ database: { ...database, memory: 400 } });
  expect(plan).toEqual(planOf({ database }));
  expect(plan.connections).toMatchObject({ maxConnections: 0, usedPercent: 0 });
});

test('a class of unknown memory gets what its clients ask for, and a fifth more', () => {
  const plan = planOf({ database: { engine: 'mysql', host: 'rds' } });
  const { total, maxConnections } = plan.connections!;
  expect(plan.appServer).toMatchObject({ workers: 5, threads: 8 });
  expect(maxConnections).toBe(Math.ceil((total * 1.25) / 10) * 10);
});

test.each([
  [
    'a proxy that somebody else made',
    { engine: 'mysql', host: 'elsewhere', maxConnections: 200, pooling: 'rds-proxy' },
  ],
  ['no proxy', { engine: 'mysql', host: 'rds', memory: 2048 }],
] as const)('%s has neither a share of the connections nor a wait that we set', (_, database) => {
  expect(planOf({ database }).database).toMatchObject({ maxConnectionsPercent: 0, borrowTimeout: 0 });
});

test.each([
  [19, 9],
  [20, 10],
  [3000, 10],
])('with requests of %i s a client of a pooler waits %i s for a connection', (requestTimeout, borrowTimeout) => {
  const database = { engine: 'postgresql', host: 'elsewhere', maxConnections: 200, pooling: 'pgbouncer' } as const;
  expect(planOf({ requestTimeout, database }).database).toMatchObject({ borrowTimeout });
});

test('PgBouncer opens no more than its clients, of requests and of background workers together', () => {
  const celery = { name: 'celery', kind: 'celery', processes: 3, memoryPerProcess: 100, taskTimeout: 60 } as const;
  const database = { engine: 'postgresql', host: 'elsewhere', maxConnections: 1000, pooling: 'pgbouncer' } as const;
  const { database: server } = planOf({ workerClass: 'sync', workers: 2, database, backgroundWorkers: [celery] });
  expect(server).toMatchObject({ poolerSize: 5 });
});

test('a server on the instance leaves room for more workers of sync, which hold one connection each, than of gthread', () => {
  const workersOf = (workerClass: 'sync' | 'gthread') =>
    [100, 150, 200, 250, 300, 400].map((memoryPerWorker) => {
      const database = { engine: 'postgresql', host: 'instance' } as const;
      return planOf({ workerClass, memoryPerWorker, database }).appServer.workers;
    });
  const [sync, gthread] = [workersOf('sync'), workersOf('gthread')];
  expect(sync.every((workers, index) => workers >= gthread[index]!)).toBe(true);
  expect(sync).not.toEqual(gthread);
});

test('a server on the instance with PgBouncer before it fits beside the derived workers', () => {
  const memories = Array.from({ length: 400 }, (_, index) => 100 + index);
  const breaking = memories.filter((memoryPerWorker) => {
    const database = { engine: 'postgresql', host: 'instance', pooling: 'pgbouncer' } as const;
    const { violations } = planRequestPath({ instanceType: 't3.small', memoryPerWorker, database });
    return violations.some(({ severity }) => severity === 'error');
  });
  expect(breaking).toEqual([]);
});
