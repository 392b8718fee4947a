import * as fc from 'fast-check';
import { explainPlan, INSTANCE_SIZES, planRequestPath, type DatabaseInput, type PlanInput } from '../../lib/plan';

const planned = (input: Partial<PlanInput>) => planRequestPath({ instanceType: 't3.small', ...input });
const planOf = (input: Partial<PlanInput>) => planned(input).plan;
const errorsOf = (input: Partial<PlanInput>) =>
  planned(input)
    .violations.filter(({ severity }) => severity === 'error')
    .map(({ rule }) => rule);

const ON_INSTANCE = { engine: 'mysql', host: 'instance' } as const;
const ELSEWHERE = { engine: 'mysql', host: 'elsewhere', maxConnections: 151 } as const;
/** Classes whose requests share a process, with a database whose drivers have no pool. */
const CLASSES = ['gevent', 'asgi'] as const;

describe.each(CLASSES)('%s without a pool of connections', (workerClass) => {
  test.each<[string, string, DatabaseInput, number, number, number]>([
    ['on a small instance', 't3.small', ON_INSTANCE, 1, 3, 43],
    ['on a larger one', 't4g.medium', ON_INSTANCE, 1, 5, 50],
    ['with a small class of RDS', 't4g.medium', { engine: 'mysql', host: 'rds', memory: 2048 }, 1, 5, 8],
    ['with MariaDB, which allows half', 't4g.medium', { engine: 'mariadb', host: 'rds', memory: 2048 }, 1, 5, 3],
    ['with the 151 connections of an untouched server', 't4g.medium', ELSEWHERE, 1, 5, 9],
    ['in a fleet', 't4g.medium', ELSEWHERE, 4, 5, 3],
  ])('%s has fewer slots, not fewer workers', (_, instanceType, database, maxInstances, workers, slotsPerWorker) => {
    const input = { workerClass, instanceType, database, maxInstances };
    expect(planOf(input).appServer).toMatchObject({ workers, slotsPerWorker, slots: workers * slotsPerWorker });
    expect(planOf(input).connections).toMatchObject({ perWorker: slotsPerWorker });
    expect(errorsOf(input)).toEqual([]);
  });

  test('keeps the slots that are asked for, and has fewer workers', () => {
    expect(planOf({ workerClass, workerConnections: 30, database: ELSEWHERE }).appServer).toMatchObject({
      workers: 1,
      slotsPerWorker: 30,
    });
  });

  test('has as many slots as without a database where nothing is short', () => {
    const database = { ...ELSEWHERE, maxConnections: 1000 };
    expect(planOf({ workerClass, database }).appServer.slots).toBe(planOf({ workerClass }).appServer.slots);
  });

  test('says why its slots are fewer, and only there', () => {
    const row = { gevent: '| gunicorn | `worker_connections` |', asgi: '| request guard | `slots` |' }[workerClass];
    expect(explainPlan(planOf({ workerClass, database: ELSEWHERE }))).toContain(
      `${row} 9 | 45 slots: what the instance works on at the same time; without a pool each may hold a connection, so that these give way before workers do |`,
    );
    const pooled = explainPlan(planOf({ workerClass, database: { engine: 'postgresql', host: 'instance' } }));
    const bare = explainPlan(planOf({ workerClass }));
    for (const table of [pooled, bare]) {
      expect(table).toContain(`${row} 50 |`);
      expect(table).not.toContain('give way');
      expect(table).not.toContain('`threads`');
    }
  });
});

test('few slots for want of connections are a warning that says where more come from', () => {
  const database = { ...ELSEWHERE, maxConnections: 60 };
  expect(planned({ workerClass: 'asgi', database }).violations).toEqual([
    expect.objectContaining({
      rule: 'O10',
      message:
        'slots (15) must be at least 25, else work that waits (databases, other services) gets a fifth of what threads would give; give the database more connections, use gthread, more threads, or acknowledge the warning where the application only computes [O10]',
    }),
  ]);
});

const engine = fc.constantFrom('mysql', 'mariadb');
const database: fc.Arbitrary<DatabaseInput> = fc.oneof(
  fc.record({ engine, host: fc.constant('instance') }),
  fc.record({ engine, host: fc.constant('rds'), memory: fc.constantFrom(1024, 2048, 4096, 8192) }),
  fc.record({ engine, host: fc.constant('elsewhere'), maxConnections: fc.integer({ min: 1, max: 3000 }) }),
);
const input = fc.record({
  instanceType: fc.constantFrom(...INSTANCE_SIZES.map(({ instanceType }) => instanceType)),
  workerClass: fc.constantFrom(...CLASSES),
  memoryPerWorker: fc.integer({ min: 64, max: 1024 }),
  requestGuard: fc.constantFrom(true, false),
  database,
  maxInstances: fc.integer({ min: 1, max: 20 }),
});
/** One instance holds its own database (N6), and asgi is bounded by the guard (N5). */
const sound = input.filter(
  ({ database: { host }, maxInstances, requestGuard, workerClass }) =>
    (host !== 'instance' || maxInstances === 1) && (requestGuard || workerClass === 'gevent'),
);

test('slots without a pool break no rule but those that say that the instance or the server is too small', () => {
  fc.assert(
    fc.property(sound, (some) => {
      const errors = errorsOf(some);
      expect(errors.filter((rule) => !['E4', 'E7', 'N1'].includes(rule))).toEqual([]);
      // the server is too small only for a single connection of a single worker
      const { workers, slotsPerWorker } = planOf(some).appServer;
      if (errors.includes('N1')) expect([workers, slotsPerWorker]).toEqual([1, 1]);
    }),
    { numRuns: 1000 },
  );
});

test('no worker is given away while any has a slot to give', () => {
  fc.assert(
    fc.property(sound, (some) => {
      const { appServer, instance } = planOf(some);
      const { workers, slotsPerWorker } = appServer;
      const wish = 2 * instance.vcpus + 1;
      if (workers === wish || slotsPerWorker === 1) return;
      // one worker more, each with as few slots as threads have: there is no memory for it
      const one = planned({ ...some, workers: workers + 1 });
      const tooFew = one.plan.appServer.slotsPerWorker < 8;
      expect(tooFew || one.violations.some(({ rule }) => ['E4', 'E7'].includes(rule))).toBe(true);
    }),
    { numRuns: 1000 },
  );
});

test('there are as many workers as with threads, and at least as many slots', () => {
  fc.assert(
    fc.property(sound, (some) => {
      const threads = planOf({ ...some, workerClass: 'gthread' }).appServer;
      const { workers, slots } = planOf(some).appServer;
      expect(workers).toBe(threads.workers);
      expect(slots).toBeGreaterThanOrEqual(threads.slots);
    }),
    { numRuns: 1000 },
  );
});
