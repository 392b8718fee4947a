import { checkPlan, planRequestPath, type PlanInput } from '../../lib/plan';

const planOf = (input: Partial<PlanInput>) => planRequestPath({ instanceType: 't3.small', ...input });
const messagesOf = (input: Partial<PlanInput>, severity = 'error') =>
  planOf(input)
    .violations.filter((violation) => violation.severity === severity)
    .map(({ message }) => message);

const MARIADB = { engine: 'mariadb', host: 'instance' } as const;
const POSTGRESQL = { engine: 'postgresql', host: 'instance' } as const;
const RDS = { engine: 'postgresql', host: 'rds', memory: 1024 } as const;
const ELSEWHERE = { engine: 'mysql', host: 'elsewhere', maxConnections: 70 } as const;
const CELERY = { name: 'celery', kind: 'celery', processes: 2, memoryPerProcess: 192, taskTimeout: 300 } as const;
const BEAT = { name: 'celery-beat', kind: 'celery-beat', processes: 1, memoryPerProcess: 192, taskTimeout: 0 } as const;

test.each(['mysql', 'mariadb', 'postgresql'] as const)(
  '%s with a cache and Celery on a t3.medium breaks no rule',
  (engine) => {
    const input: PlanInput = {
      instanceType: 't3.medium',
      database: { engine, host: 'instance' },
      cache: { host: 'instance' },
      backgroundWorkers: [CELERY, BEAT],
    };
    expect(planRequestPath(input).violations).toEqual([]);
  },
);

describe('fails on a budget', () => {
  const full = { workers: 5, threads: 8 };

  test('that a class of RDS cannot carry, and names the class that can', () => {
    expect(messagesOf({ ...full, database: RDS })).toEqual([
      'connections at the worst moment (109) must be at most max_connections (74), else the server turns connections away on the busiest day; lower threads, set databaseProxy, or use db.t3.small or larger [N1]',
    ]);
  });

  test('that no class can carry', () => {
    const database = { engine: 'mariadb', host: 'rds', memory: 4096 } as const;
    expect(messagesOf({ instanceType: 't3.2xlarge', workers: 17, threads: 40, database })).toEqual([
      'connections at the worst moment (1448) must be at most max_connections (149), else the server turns connections away on the busiest day; lower threads, or set databaseProxy [N1]',
    ]);
  });

  test('that a server elsewhere does not allow', () => {
    expect(
      messagesOf({ instanceType: 't3.medium', ...full, database: ELSEWHERE, backgroundWorkers: [CELERY] }),
    ).toEqual([
      'connections at the worst moment (106) must be at most max_connections (70), else the server turns connections away on the busiest day; lower threads or the processes of background workers, put a pooler before the database, or raise max_connections there [N1]',
    ]);
  });

  test('that is stated too small on the instance', () => {
    expect(messagesOf({ workers: 4, threads: 8, database: { ...MARIADB, maxConnections: 60 } })).toEqual([
      'connections at the worst moment (78) must be at most max_connections (60), else the server turns connections away on the busiest day; lower threads, or leave maxConnections to the plan [N1]',
    ]);
  });

  test.each([
    ['sync', 'workers'],
    ['gevent', 'workerConnections'],
    ['asgi', 'workerConnections'],
  ] as const)('and names the setting of %s that gives connections back', (workerClass, setting) => {
    const database = { ...ELSEWHERE, maxConnections: 12 };
    expect(messagesOf({ workerClass, workers: 5, workerConnections: 8, database })[0]).toContain(
      `; lower ${setting}, put`,
    );
  });

  test('that nobody has stated', () => {
    expect(messagesOf({ database: { engine: 'mysql', host: 'elsewhere' } })).toEqual([
      'max_connections (0) must be at least 1, else nobody knows whether the connections suffice; state maxConnections of the database [N3]',
    ]);
  });
});

test('above 80 % of the connections there is a warning', () => {
  expect(messagesOf({ workers: 5, threads: 8, database: { ...ELSEWHERE, maxConnections: 120 } }, 'warning')).toEqual([
    'percent of max_connections at the worst moment (85) must be at most 80, else the queries of killed workers, which go on for seconds, take what is left; lower threads, put a pooler before the database, or raise max_connections there [N2]',
  ]);
});

describe('fails on requests without a bound', () => {
  test('of asgi with MySQL and no request guard', () => {
    expect(messagesOf({ workerClass: 'asgi', requestGuard: false, database: MARIADB })).toEqual([
      'requestGuard with asgi (0) must be equal to 1, else nothing bounds the requests of a worker, and each opens a connection; leave requestGuard on, use PostgreSQL, whose pool bounds them, or use gthread [N5]',
    ]);
    expect(messagesOf({ workerClass: 'asgi', requestGuard: false, database: POSTGRESQL })).toEqual([]);
  });
});

describe('fails on connections that are kept', () => {
  test.each(['gevent', 'asgi'] as const)('by %s, whose requests share nothing', (workerClass) => {
    expect(messagesOf({ workerClass, database: { ...POSTGRESQL, connMaxAge: 60 } })).toEqual([
      'connMaxAge with gevent or asgi (60 s) must be equal to 0 s, else every request leaves a connection behind that no other can use; remove connMaxAge, or use gthread or sync [N8]',
    ]);
    expect(planOf({ workerClass, database: POSTGRESQL }).plan.database!.connMaxAge).toBe(0);
  });

  test('for less than no time', () => {
    expect(messagesOf({ database: { ...MARIADB, connMaxAge: -1 } })).toEqual([
      'connMaxAge (-1 s) must be at least 0 s, else every connection is closed as soon as it has been used; set connMaxAge to 0 or more [N7]',
    ]);
  });
});

test('connections that the server or its proxy closes first are a warning', () => {
  expect(messagesOf({ database: { ...RDS, pooling: 'rds-proxy', connMaxAge: 3600 } }, 'warning')).toEqual([
    'connMaxAge (3600 s) must be less than IdleClientTimeout of RDS Proxy (1800 s), else the proxy closes connections first, and the next request pays for a health check that fails; lower connMaxAge [N9]',
  ]);
  expect(messagesOf({ database: { ...MARIADB, connMaxAge: 86400 } }, 'warning')).toEqual([
    'connMaxAge (86400 s) must be less than wait_timeout (28800 s), else the server closes connections first, and the next request pays for a health check that fails; lower connMaxAge [N10]',
  ]);
  expect(messagesOf({ database: { ...POSTGRESQL, connMaxAge: 86400 } }, 'warning')).toEqual([]);
});

test('fails on a second instance with a database on the instance', () => {
  expect(messagesOf({ instanceType: 't3.large', maxInstances: 2, database: MARIADB })).toEqual([
    'maxInstances with a database on the instance (2) must be equal to 1, else every instance has data of its own, and clients see those of whichever answers; lower maxInstances to 1, or use a database in RDS [N6]',
  ]);
});

test('fails on a class that is too small for a proxy', () => {
  expect(messagesOf({ database: { ...RDS, memory: 450, pooling: 'rds-proxy' } })).toEqual([
    'MaxConnectionsPercent of RDS Proxy (7) must be at least 30, else the proxy has too few connections to share; take a larger class for the database [N14]',
  ]);
});

describe('fails on settings that were not derived here', () => {
  const { plan } = planOf({
    instanceType: 't3.large',
    database: POSTGRESQL,
    cache: { host: 'instance' },
    backgroundWorkers: [CELERY],
  });
  const database = plan.database!;
  const worker = plan.backgroundWorkers[0]!;

  test.each([
    [
      'a statement that may take as long as its request',
      { database: { ...database, statementTimeout: 60 } },
      'statement timeout of the database (60 s) must be less than requestTimeout (60 s), else the request ends before its query does, and the query goes on for nobody; leave the statement timeout to the plan [N11]',
    ],
    [
      'a pooler that lets requests wait as long as they may run',
      { database: { ...database, pooling: 'rds-proxy', borrowTimeout: 120 } },
      'wait for a connection of the pooler (120 s) must be less than requestTimeout (60 s), else the request ends without a word about the connection that it waited for; raise requestTimeout [N12]',
    ],
    [
      'a server that does not look whether its clients live',
      { database: { ...database, connectionCheckInterval: 0 } },
      'client_connection_check_interval (0 s) must be at least 1 s, else the query of a killed worker goes on, and its successor opens a connection more; leave client_connection_check_interval to the plan [N13]',
    ],
    [
      'a server that seldom looks whether its clients live',
      { database: { ...database, connectionCheckInterval: 60 } },
      'client_connection_check_interval (60 s) must be at most 10 s, else queries of killed workers hold connections longer than their successors take to start; leave client_connection_check_interval to the plan [N13]',
    ],
    [
      'a stop that is shorter than a task',
      { backgroundWorkers: [{ ...worker, timeoutStopSec: 90 }] },
      'taskTimeout (300 s) must be less than TimeoutStopSec of the background worker (90 s), else systemd kills a task that may still run; leave TimeoutStopSec to the plan [N19]',
    ],
    [
      'a visibility timeout that is shorter than a task',
      { backgroundWorkers: [{ ...worker, visibilityTimeout: 300 }] },
      'TimeoutStopSec of the background worker (315 s) must be less than visibility timeout (300 s), else the broker gives a task to a second worker while the first still works on it; leave the visibility timeout to the plan [N20]',
    ],
  ])('as %s', (_, change, message) => {
    expect(checkPlan({ ...plan, ...change }).map((violation) => violation.message)).toEqual([message]);
  });
});

describe('fails on numbers', () => {
  test.each<[Partial<PlanInput>, string]>([
    [{ maxInstances: 1.5 }, 'maxInstances (1.5) must be a whole number [I2]'],
    [{ database: { ...ELSEWHERE, maxConnections: NaN } }, 'maxConnections (NaN) must be a whole number [I2]'],
    [{ cache: { host: 'instance', maxMemory: Infinity } }, 'maxMemory (Infinity) must be a whole number [I2]'],
    [{ backgroundWorkers: [{ ...CELERY, processes: 0.5 }] }, 'processes (0.5) must be a whole number [I2]'],
  ])('%j', (input, message) => expect(messagesOf(input)).toEqual([message]));
});
