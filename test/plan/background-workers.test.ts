import { checkPlan, explainedSettings, planRequestPath, type PlanInput } from '../../lib/plan';

const planOf = (input: Partial<PlanInput>) => planRequestPath({ instanceType: 't3.small', ...input });
const messagesOf = (input: Partial<PlanInput>, severity = 'error') =>
  planOf(input)
    .violations.filter((violation) => violation.severity === severity)
    .map(({ message }) => message);

const CELERY = { name: 'celery', kind: 'celery', processes: 2, memoryPerProcess: 192, taskTimeout: 300 } as const;
const BEAT = { name: 'celery-beat', kind: 'celery-beat', processes: 1, memoryPerProcess: 192, taskTimeout: 0 } as const;
const RQ = { name: 'rq', kind: 'rq', processes: 3, memoryPerProcess: 100, taskTimeout: 60 } as const;
const COMMAND = { name: 'consumer', kind: 'command', processes: 1, memoryPerProcess: 100, taskTimeout: 30 } as const;

test("background workers have memory, time to stop, and Celery's own visibility timeout", () => {
  const shared = { oncePerFleet: false, longestDelay: 0, leastVisibilityTimeout: 360, visibilityTimeout: 3600 };
  expect(planOf({ instanceType: 't3.large', backgroundWorkers: [CELERY, BEAT, RQ] }).plan.backgroundWorkers).toEqual([
    { ...CELERY, ...shared, memory: 448, timeoutStopSec: 315, connections: 2 },
    { ...BEAT, ...shared, oncePerFleet: true, memory: 256, timeoutStopSec: 15, connections: 1 },
    // three units with a parent each
    { ...RQ, ...shared, memory: 492, timeoutStopSec: 75, connections: 3 },
  ]);
});

test.each([
  ['a task that works', { taskTimeout: 7200 }, 7260],
  ['a task that waits until it is due', { longestDelay: 86400 }, 86460],
  ['neither', { longestDelay: 3000 }, 3600],
])('the visibility timeout is longer than %s, and never below the hour of Celery', (_, given, visibilityTimeout) => {
  const [worker] = planOf({ backgroundWorkers: [{ ...CELERY, ...given }] }).plan.backgroundWorkers;
  expect(worker).toMatchObject({ ...given, visibilityTimeout });
});

test('what takes no tasks from the broker has no part in its visibility timeout', () => {
  const [worker] = planOf({ backgroundWorkers: [CELERY, { ...COMMAND, taskTimeout: 21600 }] }).plan.backgroundWorkers;
  expect(worker).toMatchObject({ leastVisibilityTimeout: 360, visibilityTimeout: 3600 });
});

test('two workers of Celery with names have memory, connections and limits each', () => {
  const mail = { ...CELERY, name: 'mail', processes: 1, taskTimeout: 30 };
  const { plan } = planOf({ instanceType: 't3.large', backgroundWorkers: [CELERY, mail] });
  expect(plan.memory.backgroundWorkers).toBe(448 + 256);
  expect(plan.backgroundWorkers.map(({ timeoutStopSec, connections }) => [timeoutStopSec, connections])).toEqual([
    [315, 2],
    [45, 1],
  ]);
});

test('a cache on the instance gets a sixteenth of the memory, and evicts what was used least recently', () => {
  expect(planOf({ cache: { host: 'instance' } }).plan.cache).toEqual({
    host: 'instance',
    maxMemory: 128,
    maxmemoryPolicy: 'allkeys-lru',
    broker: false,
    appendonly: false,
    memory: 170,
  });
});

test.each([
  ['t3.nano', 32],
  ['t3.micro', 64],
  ['t3.medium', 256],
])('a cache on %s has %i MiB', (instanceType, maxMemory) => {
  expect(planOf({ instanceType, cache: { host: 'instance' } }).plan.cache).toMatchObject({ maxMemory });
});

test.each([CELERY, BEAT, RQ])('a cache that $kind takes tasks from evicts none and survives a restart', (worker) => {
  const { plan } = planOf({ cache: { host: 'instance', maxMemory: 100 }, backgroundWorkers: [worker] });
  expect(plan.cache).toMatchObject({
    maxMemory: 100,
    maxmemoryPolicy: 'volatile-lru',
    broker: true,
    appendonly: true,
    memory: 135,
  });
});

test('a command takes no tasks from the cache', () => {
  expect(planOf({ cache: { host: 'instance' }, backgroundWorkers: [COMMAND] }).plan.cache!.broker).toBe(false);
});

test.each([
  ['elasticache', 'volatile-lru'],
  ['elsewhere', ''],
] as const)('a cache in %s takes no memory, and its policy is "%s"', (host, maxmemoryPolicy) => {
  expect(planOf({ cache: { host }, backgroundWorkers: [CELERY] }).plan).toMatchObject({
    cache: { maxMemory: 0, maxmemoryPolicy, appendonly: false, memory: 0 },
    memory: { cache: 0, backgroundWorkers: 448 },
  });
});

test('a t3.small carries MariaDB, a cache and Celery beside two workers', () => {
  const { plan, violations } = planOf({
    database: { engine: 'mariadb', host: 'instance' },
    cache: { host: 'instance' },
    backgroundWorkers: [CELERY],
  });
  expect(violations).toEqual([]);
  expect(plan.appServer).toMatchObject({ workers: 2, threads: 13 });
  expect(plan.memory).toMatchObject({ database: 479, cache: 170, backgroundWorkers: 448, forWorkers: 588 });
});

describe('fails on an instance', () => {
  test('that is too small for what stands on it, and names all of it and the smallest that fits', () => {
    expect(
      messagesOf({
        instanceType: 't3.micro',
        database: { engine: 'mariadb', host: 'instance' },
        cache: { host: 'instance' },
        backgroundWorkers: [CELERY],
      }),
    ).toEqual([
      'not even one worker of memoryPerWorker (256 MiB) fits into the memory for workers (0 MiB) of t3.micro beside the database (289 MiB), the cache (90 MiB) and the background workers (448 MiB): use t3.small or larger, or lower memoryPerWorker, connections (threads, processes), maxMemory of the cache or processes of background workers [E4]',
    ]);
  });

  test('when no larger one would fit', () => {
    expect(messagesOf({ backgroundWorkers: [{ ...COMMAND, memoryPerProcess: 40000 }] })).toEqual([
      'not even one worker of memoryPerWorker (256 MiB) fits into the memory for workers (0 MiB) of t3.small beside the background workers (40064 MiB): lower memoryPerWorker or processes of background workers [E4]',
    ]);
  });
});

describe('fails on a background worker', () => {
  test('with the name of another', () => {
    const twins = [COMMAND, { ...COMMAND, memoryPerProcess: 50 }];
    expect(messagesOf({ backgroundWorkers: twins })).toEqual([
      'background workers with the name of another (1) must be equal to 0, else one unit of systemd overwrites the other; give each worker a name of its own [N17]',
    ]);
  });

  test('without time for a task', () => {
    expect(messagesOf({ backgroundWorkers: [{ ...COMMAND, taskTimeout: 0 }] })).toEqual([
      'taskTimeout (0 s) must be at least 1 s, else every task is killed when it starts; raise taskTimeout [N21]',
    ]);
  });

  test('without processes or memory', () => {
    expect(messagesOf({ backgroundWorkers: [{ ...COMMAND, processes: 0, memoryPerProcess: 0 }] })).toEqual([
      'processes (0) must be at least 1, else there is nothing to work with; set processes to a whole number of 1 or more [R9]',
      'memoryPerProcess (0 MiB) must be at least 1 MiB, else there is nothing to work with; set memoryPerProcess to a whole number of 1 or more [R9]',
    ]);
  });
});

test('fails on a cache without a limit', () => {
  expect(messagesOf({ cache: { host: 'instance', maxMemory: 0 } })).toEqual([
    'maxMemory of the cache (0 MiB) must be at least 1 MiB, else the cache grows until the OOM killer comes; raise maxMemory of the cache [N22]',
  ]);
});

test('fails on no instance at all', () => {
  expect(messagesOf({ maxInstances: 0 })).toEqual([
    'maxInstances (0) must be at least 1, else there is nothing to work with; set maxInstances to a whole number of 1 or more [R9]',
  ]);
});

test.each([CELERY, BEAT, RQ])('fails on a queue of $kind on an instance that each change replaces', (worker) => {
  const cache = { host: 'instance' } as const;
  const database = { engine: 'mysql', host: 'rds', memory: 2048 } as const;
  const lost = [
    'queues on an instance that each change replaces (1) must be equal to 0, else the tasks that wait there are lost with each release and each new image; use Cache.elastiCache or Cache.fromEndpoint, or a database or media on the instance (Database.mysqlOnInstance, Database.postgresOnInstance, Database.sqliteOnInstance, Media.onInstance), which is then changed in place and keeps its queue [N23]',
  ];
  expect(messagesOf({ cache, backgroundWorkers: [worker] })).toEqual(lost);
  expect(messagesOf({ cache, backgroundWorkers: [worker], database })).toEqual(lost);
});

test('a queue elsewhere, a queue that is changed in place, and a cache alone are fine', () => {
  const cache = { host: 'instance' } as const;
  const backgroundWorkers = [CELERY];
  expect(messagesOf({ cache: { host: 'elasticache' }, backgroundWorkers })).toEqual([]);
  expect(messagesOf({ cache, backgroundWorkers, database: { engine: 'mariadb', host: 'instance' } })).toEqual([]);
  expect(messagesOf({ cache, backgroundWorkers: [COMMAND] })).toEqual([]);
});

test('fails on a visibility timeout that is shorter than a delay', () => {
  const { plan } = planOf({ backgroundWorkers: [CELERY] });
  const late = { ...plan, backgroundWorkers: [{ ...plan.backgroundWorkers[0]!, longestDelay: 7200 }] };
  expect(checkPlan(late).filter(({ severity }) => severity === 'error')).toEqual([
    expect.objectContaining({
      message:
        'longestDelay (7200 s) must be less than visibility timeout (3600 s), else the broker gives a task to a second worker while the first waits until it is due; leave the visibility timeout to the plan [N24]',
    }),
  ]);
});

test('what a fleet does not share is a warning', () => {
  const backgroundWorkers = [BEAT];
  expect(messagesOf({ maxInstances: 3, cache: { host: 'instance' }, backgroundWorkers }, 'warning')).toEqual([
    'maxInstances with a cache on the instance (3) must be equal to 1, else what one instance caches, or puts into the queue, the others do not see; use Cache.elastiCache or Cache.fromEndpoint [N15]',
    'celery-beat without a broker that all instances share (1) must be equal to 0, else every instance queues each scheduled task once more; use Cache.elastiCache or Cache.fromEndpoint, or give BackgroundWorker.celeryBeat to a service with one instance [N16]',
  ]);
});

test.each(['elasticache', 'elsewhere'] as const)('a fleet with a broker in %s has one celery-beat', (host) => {
  expect(messagesOf({ maxInstances: 3, cache: { host }, backgroundWorkers: [BEAT] }, 'warning')).toEqual([]);
});

const NIGHTLY = { name: 'nightly', kind: 'schedule', processes: 1, memoryPerProcess: 200, taskTimeout: 1800 } as const;

test('a schedule has memory, a connection and time to end beside the others, and takes no tasks', () => {
  const { plan } = planOf({ cache: { host: 'elasticache' }, backgroundWorkers: [NIGHTLY] });
  expect(plan.backgroundWorkers).toEqual([
    expect.objectContaining({ memory: 264, connections: 1, timeoutStopSec: 1815, oncePerFleet: false }),
  ]);
  expect(plan.memory.backgroundWorkers).toBe(264);
  expect(plan.cache!.broker).toBe(false);
  const rows = explainedSettings(plan).filter(({ hop }) => hop === 'nightly.service');
  expect(rows.map(({ setting, value }) => `${setting} ${value}`)).toEqual([
    'processes 1',
    'TimeoutStartSec 1800 s',
    'TimeoutStopSec 1815 s',
  ]);
});

test('a schedule that runs once in a fleet has its lock beside the tasks, where the fleet shares a cache', () => {
  const backgroundWorkers = [{ ...NIGHTLY, oncePerFleet: true }];
  expect(planOf({ cache: { host: 'elasticache' }, backgroundWorkers }).plan.cache!.broker).toBe(true);
  expect(planOf({ cache: { host: 'instance' }, backgroundWorkers }).plan.cache!.broker).toBe(false);
  expect(messagesOf({ maxInstances: 3, cache: { host: 'elasticache' }, backgroundWorkers })).toEqual([]);
  expect(messagesOf({ maxInstances: 1, backgroundWorkers })).toEqual([]);
});

test.each([undefined, { host: 'instance' } as const])('fails once in a fleet with the cache %j', (cache) => {
  expect(messagesOf({ maxInstances: 3, cache, backgroundWorkers: [{ ...NIGHTLY, oncePerFleet: true }] })).toEqual([
    'schedules with oncePerFleet without a broker that all instances share (1) must be equal to 0, else every instance runs the command each time; use Cache.elastiCache or Cache.fromEndpoint, leave out oncePerFleet, or give it to a service with one instance [N28]',
  ]);
});

test('a schedule that every instance of several runs is a warning', () => {
  expect(messagesOf({ maxInstances: 3, backgroundWorkers: [NIGHTLY] }, 'warning')).toEqual([
    'schedules without oncePerFleet (1) must be equal to 0, else every instance runs the command each time; give oncePerFleet and a cache that all instances share, or acknowledge the warning where each instance has something of its own to do [N29]',
  ]);
  expect(messagesOf({ maxInstances: 1, backgroundWorkers: [NIGHTLY] }, 'warning')).toEqual([]);
  const once = { ...NIGHTLY, oncePerFleet: true };
  expect(messagesOf({ maxInstances: 3, cache: { host: 'elasticache' }, backgroundWorkers: [once] }, 'warning')).toEqual(
    [],
  );
});

test('a queue that only the application may know is a warning', () => {
  expect(messagesOf({ backgroundWorkers: [CELERY, COMMAND] }, 'warning')).toEqual([
    'background workers without a broker (1) must be equal to 0, else they have tasks only where the settings of the application name a broker; add a cache, or acknowledge the warning where the application has a broker of its own [N18]',
  ]);
});

test('a plan explains its database, its budget, its cache and its background workers', () => {
  const { plan } = planOf({
    instanceType: 't3.medium',
    database: { engine: 'postgresql', host: 'instance' },
    cache: { host: 'instance' },
    backgroundWorkers: [CELERY, BEAT, RQ],
  });
  const rows = explainedSettings(plan).map(({ hop, setting, value }) => `${hop} ${setting} ${value}`);
  expect(rows.slice(0, rows.indexOf('request guard deadline 60 s'))).toEqual([
    'database statement timeout 57 s',
    'postgresql shared_buffers 512 MiB',
    'postgresql effective_cache_size 1536 MiB',
    'postgresql work_mem 4 MiB',
    'postgresql log_min_duration_statement 1 s',
    'postgresql client_connection_check_interval 1 s',
    'Django connect_timeout 10 s',
    'Django CONN_MAX_AGE 600 s',
    'connections web 32',
    'connections surge 40',
    'connections background workers 6',
    'connections ops 5',
    'connections reserved 3',
    'connections max_connections 110',
    'cache maxmemory 256 MiB',
    'cache maxmemory-policy volatile-lru',
    'cache appendonly yes',
    'celery.service processes 2',
    'celery.service task time limit 300 s',
    'celery.service TimeoutStopSec 315 s',
    'celery.service visibility timeout 3600 s',
    'celery-beat.service processes 1',
    'rq@.service processes 3',
    'rq@.service task time limit 60 s',
    'rq@.service TimeoutStopSec 75 s',
  ]);
  expect(explainedSettings(plan).at(-3)!.because).toBe(
    'kernel 205, operating system 200, nginx 20, gunicorn master 40, database 1022, cache 330, background workers 1196, workers 1083',
  );
});

test.each<[string, PlanInput['database'], string[]]>([
  [
    'a proxy',
    { engine: 'mysql', host: 'rds', memory: 2048, pooling: 'rds-proxy' },
    [
      'mysql long_query_time 1 s',
      'mysql innodb_lock_wait_timeout, lock_wait_timeout 50 s',
      'Django connect_timeout 10 s',
      'Django CONN_MAX_AGE 600 s',
      'RDS Proxy MaxConnectionsPercent 93',
      'RDS Proxy ConnectionBorrowTimeout 10 s',
    ],
  ],
  [
    'PgBouncer',
    { engine: 'postgresql', host: 'elsewhere', maxConnections: 100, pooling: 'pgbouncer' },
    [
      'Django connect_timeout 10 s',
      'Django CONN_MAX_AGE 600 s',
      'PgBouncer default_pool_size 20',
      'PgBouncer max_client_conn 93',
      'PgBouncer query_wait_timeout 10 s',
    ],
  ],
  [
    'neither',
    { engine: 'postgresql', host: 'elsewhere', maxConnections: 200 },
    ['Django connect_timeout 10 s', 'Django CONN_MAX_AGE 600 s'],
  ],
])('a plan with %s explains what stands before its database', (_, database, expected) => {
  const rows = explainedSettings(planOf({ database }).plan).map(
    ({ hop, setting, value }) => `${hop} ${setting} ${value}`,
  );
  expect(
    rows.slice(
      1,
      rows.findIndex((row) => row.startsWith('connections web')),
    ),
  ).toEqual(expected);
});

test('a plan explains the pool of processes whose requests share connections', () => {
  const { plan } = planOf({ workerClass: 'asgi', database: { engine: 'postgresql', host: 'instance' } });
  const django = explainedSettings(plan).filter(({ hop }) => hop === 'Django');
  expect(django.map(({ setting, value }) => `${setting} ${value}`)).toEqual([
    'connect_timeout 10 s',
    'CONN_MAX_AGE 0 s',
    'pool max_size 8',
    'pool timeout 10 s',
  ]);
});
