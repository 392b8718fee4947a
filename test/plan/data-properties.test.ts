import * as fc from 'fast-check';
import {
  INSTANCE_SIZES,
  planRequestPath,
  type BackgroundWorkerInput,
  type CacheInput,
  type DatabaseInput,
  type PlanInput,
} from '../../lib/plan';

const engine = fc.constantFrom('mysql', 'mariadb', 'postgresql');
const database: fc.Arbitrary<DatabaseInput> = fc.oneof(
  fc.record({ engine, host: fc.constant('instance') }),
  fc.record({
    engine,
    host: fc.constant('rds'),
    memory: fc.constantFrom(1024, 2048, 4096, 8192, 16384),
    pooling: fc.constantFrom('none', 'rds-proxy'),
  }),
  fc.record({
    engine,
    host: fc.constant('elsewhere'),
    maxConnections: fc.integer({ min: 20, max: 5000 }),
    pooling: fc.constantFrom('none', 'rds-proxy'),
  }),
);

const cache: fc.Arbitrary<CacheInput> = fc.oneof(
  fc.record({ host: fc.constant('instance'), maxMemory: fc.integer({ min: 1, max: 512 }) }, { requiredKeys: ['host'] }),
  fc.record({ host: fc.constantFrom('elasticache', 'elsewhere') }),
);

const backgroundWorker: fc.Arbitrary<BackgroundWorkerInput> = fc.record({
  name: fc.string({ minLength: 1, maxLength: 8 }),
  kind: fc.constantFrom('celery', 'rq', 'command'),
  processes: fc.integer({ min: 1, max: 8 }),
  memoryPerProcess: fc.integer({ min: 64, max: 512 }),
  taskTimeout: fc.integer({ min: 1, max: 7200 }),
  longestDelay: fc.integer({ min: 0, max: 864000 }),
});

/** Nothing that the plan derives is stated, so that it alone is to blame for what breaks. */
const derivedInput: fc.Arbitrary<PlanInput> = fc.record(
  {
    instanceType: fc.constantFrom(...INSTANCE_SIZES.map(({ instanceType }) => instanceType)),
    workerClass: fc.constantFrom('sync', 'gthread', 'gevent', 'asgi'),
    workerConnections: fc.integer({ min: 1, max: 50 }),
    requestTimeout: fc.integer({ min: 5, max: 3000 }),
    database,
    cache,
    backgroundWorkers: fc.uniqueArray(backgroundWorker, { maxLength: 3, selector: ({ name }) => name }),
  },
  { requiredKeys: ['instanceType', 'database'] },
);

/** Where each change replaces the instance, a queue on it is an error (N23). */
const losesItsQueue = ({ database, cache, backgroundWorkers = [] }: PlanInput) =>
  cache?.host === 'instance' &&
  database?.host !== 'instance' &&
  backgroundWorkers.some(({ kind }) => kind !== 'command');
const soundInput = derivedInput.filter((input) => !losesItsQueue(input));

const errorsOf = (input: PlanInput) =>
  planRequestPath(input)
    .violations.filter(({ severity }) => severity === 'error')
    .map(({ rule }) => rule);

test('a derived plan breaks no rule but those that say that the instance or the server is too small', () => {
  fc.assert(
    fc.property(soundInput, (input) => {
      expect(errorsOf(input).filter((rule) => !['E4', 'E7', 'N1'].includes(rule))).toEqual([]);
    }),
    { numRuns: 500 },
  );
});

test('a derived plan on 8 GiB and more, with room in the server, breaks no rule', () => {
  fc.assert(
    fc.property(soundInput, fc.constantFrom('t3.large', 't3.xlarge', 't4g.2xlarge'), (input, instanceType) => {
      const roomy = { ...input.database!, ...(input.database!.host !== 'instance' && { maxConnections: 2000 }) };
      const workers = (input.backgroundWorkers ?? []).map((worker) => ({ ...worker, processes: 1 }));
      expect(errorsOf({ ...input, instanceType, database: roomy, backgroundWorkers: workers })).toEqual([]);
    }),
    { numRuns: 300 },
  );
});

test('a server of ours that is big enough keeps a fifth of its connections free', () => {
  fc.assert(
    fc.property(soundInput, (input) => {
      const { plan, violations } = planRequestPath(input);
      const { total, maxConnections, usedPercent, web, surge, backgroundWorkers, ops, reserved } = plan.connections!;
      expect(web + surge + backgroundWorkers + ops + reserved).toBe(total);
      const short = violations.some(({ rule }) => rule === 'N1' || rule === 'N2');
      if (!short && plan.database!.pooling === 'none') {
        expect(total).toBeLessThanOrEqual(maxConnections * 0.8 + 1e-9);
        expect(usedPercent).toBeLessThanOrEqual(80);
      }
    }),
    { numRuns: 500 },
  );
});

test('everything on the instance together never takes more than its memory', () => {
  fc.assert(
    fc.property(soundInput, (input) => {
      const { plan, violations } = planRequestPath(input);
      const { kernel, operatingSystem, nginx, appServerMaster, database: server, cache: cached, ...rest } = plan.memory;
      const workers = plan.appServer.workers * rest.perWorker;
      const taken = kernel + operatingSystem + nginx + appServerMaster + server + cached + rest.backgroundWorkers;
      if (!violations.some(({ rule }) => rule === 'E4')) expect(taken + workers).toBeLessThanOrEqual(rest.total);
    }),
    { numRuns: 500 },
  );
});

test('one worker more, while one is replaced, finds memory or swap, and its connections are counted', () => {
  fc.assert(
    fc.property(derivedInput, (input) => {
      const { plan, violations } = planRequestPath(input);
      const { forWorkers, perWorker, swap } = plan.memory;
      if (!violations.some(({ rule }) => rule === 'E4' || rule === 'E7')) {
        expect((plan.appServer.workers + 1) * perWorker).toBeLessThanOrEqual(forWorkers + swap);
      }
      if (plan.database!.pooling !== 'none') return;
      const { plan: without } = planRequestPath({ ...input, workers: plan.appServer.workers, requestGuard: false });
      if (without.connections!.perWorker !== plan.connections!.perWorker) return;
      const replacedOn = plan.connections!.instances + (plan.database!.host === 'instance' ? 0 : 1);
      expect(plan.connections!.surge - without.connections!.surge).toBe(replacedOn * plan.connections!.perWorker);
    }),
    { numRuns: 500 },
  );
});

test('every number of a database, a cache, a budget and background workers is finite and not negative', () => {
  fc.assert(
    fc.property(soundInput, (input) => {
      const { database: server, cache: cached, connections, backgroundWorkers } = planRequestPath(input).plan;
      const numbers = [server, cached ?? {}, connections, ...backgroundWorkers].flatMap((group) =>
        Object.values(group!).filter((value) => typeof value === 'number'),
      );
      expect(numbers.every((value) => Number.isFinite(value) && value >= 0)).toBe(true);
    }),
  );
});
