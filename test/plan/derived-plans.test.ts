import { INSTANCE_SIZES, planRequestPath, rdsMemory, type PlanInput, type WorkerClassName } from '../../lib/plan';
import { expectGolden } from '../support/golden';

const CELERY = { name: 'celery', kind: 'celery', processes: 2, memoryPerProcess: 101, taskTimeout: 300 } as const;
const BEAT = { name: 'beat', kind: 'celery-beat', processes: 1, memoryPerProcess: 102, taskTimeout: 0 } as const;
const RQ = { name: 'rq', kind: 'rq', processes: 3, memoryPerProcess: 103, taskTimeout: 40 } as const;
const COMMAND = { name: 'command', kind: 'command', processes: 1, memoryPerProcess: 104, taskTimeout: 50 } as const;
const ENGINES = ['mysql', 'mariadb', 'postgresql'] as const;
const MYSQL = { engine: 'mysql', host: 'instance' } as const;
const CLASSES: readonly WorkerClassName[] = ['sync', 'gthread', 'gevent', 'asgi'];

type Case = readonly [what: string, input: Partial<PlanInput>];

const CASES: readonly Case[] = [
  ...INSTANCE_SIZES.filter(({ architecture }) => architecture === 'arm64').map(({ instanceType }): Case => [
    `${instanceType} without data`,
    { instanceType },
  ]),
  ...CLASSES.map((workerClass): Case => [`${workerClass} without data`, { workerClass }]),
  ['threads and workers that are asked for', { workers: 3, threads: 2 }],
  ['greenlets that are asked for', { workerClass: 'gevent', workerConnections: 7 }],
  ['one vast worker', { memoryPerWorker: 1600 }],
  ['retiring workers', { maxRequests: 1001 }],
  ...ENGINES.flatMap((engine) =>
    CLASSES.map((workerClass): Case => [
      `${engine} on the instance, ${workerClass}`,
      { workerClass, workerConnections: 9, database: { engine, host: 'instance' } },
    ]),
  ),
  ...ENGINES.flatMap((engine) =>
    ([512, 1024, 4096] as const).map((memory): Case => [
      `${engine} in RDS with ${memory} MiB, 2 instances`,
      { maxInstances: 2, database: { engine, host: 'rds', memory } },
    ]),
  ),
  [
    'a pool that a small class bounds',
    { workerClass: 'asgi', database: { engine: 'postgresql', host: 'rds', memory: 1024 } },
  ],
  ['RDS of an unknown class', { database: { engine: 'postgresql', host: 'rds' } }],
  ...([900, 2048] as const).map((memory): Case => [
    `RDS Proxy before ${memory} MiB, 3 instances, background workers`,
    {
      maxInstances: 3,
      database: { engine: 'postgresql', host: 'rds', memory, pooling: 'rds-proxy' },
      backgroundWorkers: [CELERY, RQ],
      cache: { host: 'elasticache' },
    },
  ]),
  [
    'RDS Proxy elsewhere',
    { database: { engine: 'mysql', host: 'elsewhere', maxConnections: 33, pooling: 'rds-proxy' } },
  ],
  ['a database elsewhere, nothing stated', { database: { engine: 'postgresql', host: 'elsewhere' } }],
  ['a database elsewhere, 6 connections', { database: { engine: 'postgresql', host: 'elsewhere', maxConnections: 6 } }],
  [
    'a database elsewhere, age stated',
    { database: { engine: 'mysql', host: 'elsewhere', maxConnections: 99, connMaxAge: 7 } },
  ],
  ...([1, 2] as const).map((maxInstances): Case => [
    `PgBouncer on the instance, ${maxInstances} instances`,
    {
      maxInstances,
      database: { engine: 'postgresql', host: 'instance', pooling: 'pgbouncer' },
      backgroundWorkers: [CELERY],
    },
  ]),
  ...([14, 40, 400] as const).map((maxConnections): Case => [
    `PgBouncer before ${maxConnections} connections, 2 instances`,
    {
      maxInstances: 2,
      workers: 2,
      threads: 3,
      database: { engine: 'postgresql', host: 'elsewhere', maxConnections, pooling: 'pgbouncer' },
      backgroundWorkers: [CELERY],
    },
  ]),
  [
    'a short request before a pooler',
    { requestTimeout: 7, database: { engine: 'postgresql', host: 'rds', memory: 4096, pooling: 'rds-proxy' } },
  ],
  [
    'a request of 21 s before a pooler',
    {
      requestTimeout: 21,
      database: { engine: 'postgresql', host: 'elsewhere', maxConnections: 90, pooling: 'pgbouncer' },
    },
  ],
  ['a cache on each size', { instanceType: 't4g.nano', memoryPerWorker: 64, cache: { host: 'instance' } }],
  ['a cache on a large instance', { instanceType: 't3.large', cache: { host: 'instance' } }],
  ['a cache of 33 MiB for tasks', { cache: { host: 'instance', maxMemory: 33 }, backgroundWorkers: [CELERY] }],
  ['a cache that shall carry no tasks', { cache: { host: 'instance', broker: false }, backgroundWorkers: [CELERY] }],
  ['a cache beside commands', { cache: { host: 'elsewhere' }, backgroundWorkers: [COMMAND] }],
  ['a cache in ElastiCache for values', { cache: { host: 'elasticache', maxMemory: 44 } }],
  [
    'background workers of each kind',
    {
      instanceType: 't3.large',
      backgroundWorkers: [CELERY, BEAT, RQ, COMMAND],
      database: { engine: 'mariadb', host: 'instance' },
    },
  ],
  ...(['gevent', 'asgi'] as const).flatMap((workerClass): Case[] => [
    [`MySQL on the instance, ${workerClass}, nothing stated`, { workerClass, database: MYSQL }],
    [
      `MySQL in RDS, 3 instances, ${workerClass}, nothing stated`,
      { workerClass, maxInstances: 3, database: { engine: 'mysql', host: 'rds', memory: 2048 } },
    ],
  ]),
];

/** Without the timeouts: those follow formulas that test/plan/timeouts.test.ts holds. */
function rowsOf([what, input]: Case): string {
  const { plan, violations } = planRequestPath({ instanceType: 't3.small', ...input });
  const { workers, threads, workerConnections, slotsPerWorker, slots, maxRequests, maxRequestsJitter, backlog } =
    plan.appServer;
  const { maxConns, workerProcesses, workerConnections: nginxConnections, clientMaxBodySize } = plan.nginx;
  const parts = {
    workers: { workers, threads, workerConnections, slotsPerWorker, slots, maxRequests, maxRequestsJitter, backlog },
    nginx: { maxConns, workerProcesses, workerConnections: nginxConnections, clientMaxBodySize },
    memory: plan.memory,
    database: plan.database,
    connections: plan.connections,
    cache: plan.cache,
    backgroundWorkers: plan.backgroundWorkers,
    broken: violations.map(({ rule }) => rule),
  };
  const lines = Object.entries(parts).map(([name, part]) => `${name} ${JSON.stringify(part) ?? '-'}\n`);
  return `# ${what}\n${lines.join('')}`.replaceAll('"', '');
}

test('every number that follows from the instance, the database, the cache and the workers is the one that is checked in', () => {
  expectGolden('derived-plans.txt', CASES.map(rowsOf).join('\n'), 'plan');
});

test('the facts of every instance size are those of the EC2 user guide', () => {
  const sizes = INSTANCE_SIZES.map((size) => `${Object.values(size).join(' ')}\n`);
  expectGolden('instance-sizes.txt', sizes.join(''), 'plan');
});

test.each([
  ['t3.micro', 1024],
  ['t4g.small', 2048],
  ['t3.medium', 4096],
  ['t3.large', 8192],
  ['t3.xlarge', 16384],
  ['t4g.2xlarge', 32768],
  ['m5.large', 8192],
  ['m6g.xlarge', 16384],
  ['m7g.12xlarge', 196608],
  ['r6g.large', 16384],
  ['r5.4xlarge', 131072],
  ['r5.24xlarge', 786432],
  ['m5.micro', undefined],
  ['r5.metal', undefined],
  ['m5.xlarge2', undefined],
  ['m5.x2xlarge', undefined],
  ['x2g.large', undefined],
  ['db.t3.micro', undefined],
  ['t3', undefined],
  ['t3.constructor', undefined],
  ['', undefined],
])('a class %s of RDS has %p MiB', (instanceType, expected) => expect(rdsMemory(instanceType)).toBe(expected));
