import { planRequestPath, type ConnectionPlan, type PlanInput } from '../../lib/plan';
import { rdsConnections, smallestRdsClass } from '../../lib/plan/database-server';

const planOf = (input: Partial<PlanInput>) => planRequestPath({ instanceType: 't3.small', ...input }).plan;
const budgetOf = (input: Partial<PlanInput>): ConnectionPlan => planOf(input).connections!;

const MARIADB = { engine: 'mariadb', host: 'instance' } as const;
const POSTGRESQL = { engine: 'postgresql', host: 'instance' } as const;
const RDS_POSTGRESQL = { engine: 'postgresql', host: 'rds', memory: 2048 } as const;
const CELERY = { name: 'celery', kind: 'celery', processes: 2, memoryPerProcess: 192, taskTimeout: 300 } as const;

test('a plan without a database has no budget, and the numbers that it had', () => {
  const { plan } = planRequestPath({ instanceType: 't3.small' });
  expect([plan.database, plan.cache, plan.connections]).toEqual([undefined, undefined, undefined]);
  expect(plan.backgroundWorkers).toEqual([]);
  expect(plan.memory).toMatchObject({ database: 0, cache: 0, backgroundWorkers: 0, forWorkers: 1685 });
});

describe('the budget of a database on the instance', () => {
  test('counts both sets of workers of a reload, a worker that is replaced, ops and what the server reserves', () => {
    expect(budgetOf({ database: MARIADB })).toEqual({
      perWorker: 8,
      workers: 4,
      instances: 1,
      web: 32,
      surge: 40,
      backgroundWorkers: 0,
      ops: 5,
      reserved: 1,
      total: 78,
      maxConnections: 100,
      usedPercent: 78,
    });
  });

  test('counts one connection for each process of a background worker', () => {
    const beat = { ...CELERY, name: 'celery-beat', kind: 'celery-beat', processes: 1 } as const;
    const rq = { ...CELERY, name: 'rq', kind: 'rq', processes: 3 } as const;
    const budget = budgetOf({ instanceType: 't3.large', database: MARIADB, backgroundWorkers: [CELERY, beat, rq] });
    expect(budget).toMatchObject({ web: 40, surge: 48, backgroundWorkers: 6, total: 100, maxConnections: 130 });
  });

  test.each([
    ['mariadb', 't3.micro', 1, 25, 110],
    ['mariadb', 't3.small', 4, 8, 100],
    ['mariadb', 't3.medium', 5, 8, 120],
    ['mysql', 't3.small', 3, 9, 90],
    ['mysql', 't3.medium', 5, 8, 120],
    ['postgresql', 't3.micro', 1, 13, 60],
    ['postgresql', 't3.small', 3, 9, 90],
    ['postgresql', 't3.medium', 5, 8, 120],
    ['postgresql', 't3.xlarge', 9, 8, 200],
  ] as const)(
    '%s on %s leaves room for %i workers of %i threads with max_connections %i',
    (engine, instanceType, workers, threads, maxConnections) => {
      const plan = planOf({ instanceType, database: { engine, host: 'instance' } });
      expect(plan.appServer).toMatchObject({ workers, threads });
      expect(plan.connections).toMatchObject({ maxConnections });
    },
  );

  test('gives threads away before workers, and not those that are asked for', () => {
    const workers = planOf({ database: POSTGRESQL, workers: 4 });
    expect(workers.appServer).toMatchObject({ workers: 4, threads: 6 });
    const threads = planOf({ database: POSTGRESQL, threads: 32 });
    expect(threads.appServer).toMatchObject({ workers: 1, threads: 32 });
  });
});

test.each([
  ['sync', 'postgresql', 1],
  ['sync', 'mariadb', 1],
  ['gthread', 'postgresql', 8],
  ['gthread', 'mysql', 8],
  ['gevent', 'postgresql', 8],
  ['gevent', 'mysql', 40],
  ['asgi', 'postgresql', 8],
  ['asgi', 'mariadb', 40],
] as const)('a worker of class %s with %s holds %i connections', (workerClass, engine, perWorker) => {
  const plan = planOf({
    instanceType: 't3.large',
    workerClass,
    workerConnections: 40,
    database: { engine, host: 'instance' },
  });
  expect(plan.connections).toMatchObject({ perWorker });
  expect(plan.database!.poolSize).toBe(
    engine === 'postgresql' && perWorker === 8 && plan.appServer.threads === 1 ? 8 : 0,
  );
  expect(plan.appServer.slotsPerWorker).toBe({ sync: 1, gthread: 8, gevent: 40, asgi: 40 }[workerClass]);
});

describe('the budget of a database in RDS', () => {
  test('counts the successor of an instance with its background workers, and a worker of both that is replaced', () => {
    expect(budgetOf({ database: RDS_POSTGRESQL, backgroundWorkers: [CELERY] })).toMatchObject({
      workers: 4,
      web: 32,
      surge: 50,
      backgroundWorkers: 2,
      reserved: 8,
      total: 97,
      maxConnections: 130,
    });
  });

  test('counts every instance of a fleet', () => {
    const database = { ...RDS_POSTGRESQL, memory: 4096 };
    expect(
      budgetOf({ instanceType: 't3.medium', maxInstances: 4, database, backgroundWorkers: [CELERY] }),
    ).toMatchObject({
      instances: 4,
      web: 160,
      surge: 82,
      backgroundWorkers: 8,
      ops: 5,
      reserved: 8,
      total: 263,
      maxConnections: 330,
    });
  });

  test('counts no worker that is replaced without the request guard', () => {
    const { surge, total } = budgetOf({ requestGuard: false, database: RDS_POSTGRESQL, backgroundWorkers: [CELERY] });
    expect([surge, total]).toEqual([34, 81]);
  });

  test('has fewer threads where the class carries fewer connections', () => {
    const plan = planOf({ database: { ...RDS_POSTGRESQL, memory: 1024 } });
    expect(plan.appServer).toMatchObject({ workers: 5, threads: 3 });
    expect(plan.connections).toMatchObject({ total: 49, maxConnections: 70 });
  });

  test('has fewer workers where the class carries not even one connection for each', () => {
    const plan = planOf({ maxInstances: 8, database: { engine: 'mariadb', host: 'rds', memory: 1024 } });
    expect(plan.appServer).toMatchObject({ workers: 1, threads: 1 });
  });

  test('has a smaller pool where the class carries fewer connections', () => {
    const plan = planOf({ workerClass: 'asgi', database: { ...RDS_POSTGRESQL, memory: 1024 } });
    expect(plan.database).toMatchObject({ poolSize: 3 });
    expect(plan.appServer).toMatchObject({ workers: 5, slotsPerWorker: 50 });
  });

  test('lets a proxy lend what ops and the server leave, and keeps all threads', () => {
    const plan = planOf({ maxInstances: 8, database: { ...RDS_POSTGRESQL, pooling: 'rds-proxy' } });
    expect(plan.appServer).toMatchObject({ workers: 5, threads: 8 });
    expect(plan.connections).toMatchObject({ web: 166, surge: 0, reserved: 8, total: 179, maxConnections: 181 });
    expect(plan.database).toMatchObject({ maxConnectionsPercent: 92, borrowTimeout: 10, poolerSize: 0 });
  });
});

describe('the budget of a database elsewhere', () => {
  const database = { engine: 'mysql', host: 'elsewhere', maxConnections: 60 } as const;

  test('fits into what is stated', () => {
    const plan = planOf({ database });
    expect(plan.appServer).toMatchObject({ workers: 5, threads: 3 });
    expect(plan.connections).toMatchObject({ total: 42, maxConnections: 60, usedPercent: 70 });
  });

  test('is what PgBouncer opens, where each instance has one', () => {
    const pooled = { engine: 'postgresql', host: 'elsewhere', maxConnections: 100, pooling: 'pgbouncer' } as const;
    const plan = planOf({ maxInstances: 2, database: pooled, backgroundWorkers: [CELERY] });
    expect(plan.connections).toMatchObject({ web: 40, surge: 20, backgroundWorkers: 0, total: 68, usedPercent: 68 });
    expect(plan.database).toMatchObject({ poolerSize: 20, poolerClients: 79, borrowTimeout: 10, memory: 16 });
  });

  test('lowers what PgBouncer opens to what the server allows', () => {
    const pooled = { engine: 'postgresql', host: 'elsewhere', maxConnections: 60, pooling: 'pgbouncer' } as const;
    const plan = planOf({ maxInstances: 3, database: pooled });
    expect(plan.database!.poolerSize).toBe(10);
    expect(plan.connections).toMatchObject({ total: 48, usedPercent: 80 });
  });
});

// Measured defaults of RDS: PostgreSQL 198, 413, 856 on small, medium, large; MySQL 66, 150, 312, 648 on micro to large.
test.each([
  ['postgresql', 1024, 74],
  ['postgresql', 2048, 181],
  ['postgresql', 4096, 395],
  ['postgresql', 8192, 823],
  ['mysql', 1024, 56],
  ['mysql', 2048, 137],
  ['mysql', 4096, 299],
  ['mysql', 8192, 623],
  ['mariadb', 2048, 68],
  ['mariadb', 4096, 149],
] as const)('%s in RDS carries on a class of %i MiB at least %i connections', (engine, memory, connections) => {
  expect(rdsConnections(engine, memory)).toBe(connections);
});

test('the smallest class that carries a budget is found, if there is one', () => {
  expect(smallestRdsClass('postgresql', 152)).toBe('db.t3.small');
  expect(smallestRdsClass('mariadb', 152)).toBe('db.t3.large');
  expect(smallestRdsClass('mariadb', 3000)).toBeUndefined();
});
