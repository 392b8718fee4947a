import * as fc from 'fast-check';
import { planRequestPath, type PlanInput } from '../../lib/plan';

const planOf = (input: Partial<PlanInput>) => planRequestPath({ instanceType: 't3.small', ...input });
const messagesOf = (input: Partial<PlanInput>) =>
  planOf(input)
    .violations.filter(({ severity }) => severity === 'error')
    .map(({ message }) => message);

const CELERY = { name: 'celery', kind: 'celery', processes: 2, memoryPerProcess: 192, taskTimeout: 300 } as const;
const ELSEWHERE = { engine: 'mysql', host: 'elsewhere', maxConnections: 500 } as const;

describe('what nobody asks for', () => {
  const { plan } = planOf({});

  test('is a service that loads the application in each worker', () => {
    expect(plan.appServer).toMatchObject({ preloadApp: false, maxRequests: 0, maxRequestsJitter: 0, watchdogSec: 30 });
  });

  test('is a target group with checks each 10 seconds, in turn and without a slow start', () => {
    expect(plan.loadBalancer).toMatchObject({
      type: 'application',
      healthCheckInterval: 10,
      healthCheckTimeout: 5,
      healthyThresholdCount: 2,
      unhealthyThresholdCount: 3,
      loadBalancingAlgorithm: 'round_robin',
      slowStart: 0,
    });
  });

  test('is nothing beside the application', () => {
    expect(plan).toMatchObject({
      maxInstances: 1,
      upstreamTimeout: 0,
      extraNginxDirectives: {},
      extraGunicornSettings: {},
    });
  });
});

test('behind an NLB a stated idle timeout is that of the NLB alone', () => {
  const [stated, derived] = [
    planOf({ loadBalancer: 'network', loadBalancerIdleTimeout: 1000 }),
    planOf({ loadBalancer: 'network' }),
  ];
  expect(stated.plan.loadBalancer.idleTimeout).toBe(1000);
  expect(stated.plan.nginx).toEqual(derived.plan.nginx);
});

describe('the memory of a worker', () => {
  test('may be all that a size has for workers', () => {
    expect(messagesOf({ instanceType: 't3.micro', memoryPerWorker: 712 })).toEqual([]);
    expect(messagesOf({ instanceType: 't3.micro', memoryPerWorker: 713 })[0]).toMatch(
      /^not even one worker .* \(712 MiB\)/,
    );
  });

  test.each(['t3', 't3a', 't4g'])(
    'that does not fit into %s.nano fits into the smallest of its family that has as much',
    (family) => {
      const advice = (memoryPerWorker: number) => messagesOf({ instanceType: `${family}.nano`, memoryPerWorker })[0];
      expect(advice(712)).toContain(`use ${family}.micro or larger`);
      expect(advice(713)).toContain(`use ${family}.small or larger`);
    },
  );
});

describe('fails', () => {
  test.each<[string, Partial<PlanInput>]>([
    ['workers', { workers: 1.5 }],
    ['threads', { threads: 1.5 }],
    ['workerConnections', { workerConnections: 1.5 }],
    ['maxRequests', { maxRequests: 1.5 }],
    ['maxInstances', { maxInstances: 1.5 }],
    ['maxConnections', { database: { ...ELSEWHERE, maxConnections: 1.5 } }],
    ['processes', { backgroundWorkers: [CELERY, { ...CELERY, name: 'other', processes: 1.5 }] }],
  ])('on a fraction of %s', (name, input) => {
    expect(messagesOf(input)).toEqual([`${name} (1.5) must be a whole number [I2]`]);
  });

  test.each<[Partial<PlanInput>, string]>([
    [{ instanceType: 'm5.large' }, 'I1'],
    [{ memoryPerWorker: NaN }, 'I2'],
    [{ nginxDirectives: { listen: '80' } }, 'O9'],
    [{ nginxDirectives: { gzip: '' } }, 'V1'],
  ])('on %j with an error of rule %s, not a warning', (input, rule) => {
    expect(planOf(input).violations[0]).toMatchObject({ rule, severity: 'error' });
  });

  test('on an unknown type once, beside all else that is wrong', () => {
    const { violations } = planOf({ instanceType: 'm5.large', requestTimeout: 4 });
    expect(violations.map(({ rule }) => rule)).toEqual(['I1', 'R1']);
  });
});

test.each(['pgbouncer', 'rds-proxy'] as const)('%s bounds what gevent opens', (pooling) => {
  const few = { ...ELSEWHERE, maxConnections: 60, pooling };
  expect(messagesOf({ workerClass: 'gevent', database: few })).toEqual([]);
  expect(planOf({ workerClass: 'gevent', database: few }).plan.appServer.slotsPerWorker).toBe(50);
});

test('fractions of a second and of a MiB are numbers as others', () => {
  expect(messagesOf({ requestTimeout: 10.5, memoryPerWorker: 100.5 })).toEqual([]);
});

// What the plan gives away when connections are short: threads, then workers.
test('derived workers leave a fifth of the connections free while a worker can give one away', () => {
  const input: fc.Arbitrary<PlanInput> = fc.record({
    instanceType: fc.constantFrom('t3.large', 't3.2xlarge'),
    workerClass: fc.constantFrom('sync', 'gthread', 'gevent', 'asgi'),
    workerConnections: fc.integer({ min: 1, max: 20 }),
    maxInstances: fc.integer({ min: 1, max: 6 }),
    database: fc.record({
      engine: fc.constantFrom('mysql', 'postgresql'),
      host: fc.constantFrom('rds', 'elsewhere'),
      maxConnections: fc.integer({ min: 150, max: 1500 }),
    }),
    backgroundWorkers: fc.array(fc.record({ ...fcConstants(CELERY), processes: fc.integer({ min: 1, max: 9 }) }), {
      maxLength: 1,
    }),
  });
  fc.assert(
    fc.property(input, fc.option(fc.integer({ min: 1, max: 20 }), { nil: undefined }), (some, threads) => {
      const { total, maxConnections, workers } = planRequestPath({ ...some, ...(threads && { threads }) }).plan
        .connections!;
      if (workers > 1) expect(total).toBeLessThanOrEqual(maxConnections * 0.8);
    }),
    { numRuns: 500 },
  );
});

function fcConstants<T extends object>(values: T): { [K in keyof T]: fc.Arbitrary<T[K]> } {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, fc.constant(value)])) as never;
}

test('of a class whose processes have a pool fewer workers need fewer connections', () => {
  const database = { engine: 'postgresql', host: 'elsewhere', maxConnections: 12 } as const;
  expect(messagesOf({ workerClass: 'asgi', workers: 5, database })[0]).toContain('; lower workers, put a pooler');
});
