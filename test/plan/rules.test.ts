import * as fc from 'fast-check';
import { checkPlan, INSTANCE_SIZES, planRequestPath, RULES, type Plan, type PlanInput } from '../../lib/plan';
import { planMemory } from '../../lib/plan/memory-plan';
import { longestRequestTimeout } from '../../lib/plan/timeout-plan';

const smallestThatFits = (memoryPerWorker: number) =>
  INSTANCE_SIZES.filter((size) => planMemory(size, memoryPerWorker).forWorkers >= memoryPerWorker).map(
    ({ instanceType }) => instanceType,
  );

const validInput: fc.Arbitrary<PlanInput> = fc.integer({ min: 64, max: 2000 }).chain((memoryPerWorker) =>
  fc.record(
    {
      instanceType: fc.constantFrom(...smallestThatFits(memoryPerWorker)),
      memoryPerWorker: fc.constant(memoryPerWorker),
      requestTimeout: fc.integer({ min: 5, max: longestRequestTimeout(5) }),
      queueTimeout: fc.integer({ min: 1, max: 10 }).map((half) => half / 2),
      workerClass: fc.constantFrom('sync', 'gthread', 'gevent', 'asgi'),
      loadBalancer: fc.constantFrom('application', 'network'),
      threads: fc.integer({ min: 1, max: 32 }),
      workerConnections: fc.integer({ min: 1, max: 70 }),
      maxRequests: fc.integer({ min: 0, max: 5000 }),
      preloadApp: fc.boolean(),
      clientMaxBodySize: fc.integer({ min: 0, max: 5000 }),
      volumeSize: fc.integer({ min: 112, max: 1000 }).map((gibibytes) => gibibytes * 1024),
    } as const,
    { requiredKeys: ['instanceType', 'memoryPerWorker', 'volumeSize'] },
  ),
);

test('no valid input breaks a rule', () => {
  fc.assert(
    fc.property(validInput, (input) => {
      expect(planRequestPath(input).violations.filter(({ severity }) => severity === 'error')).toEqual([]);
    }),
    { numRuns: 500 },
  );
});

test('every timeout is a finite number that is not negative', () => {
  fc.assert(
    fc.property(validInput, (input) => {
      const { appServer, nginx, loadBalancer, memory } = planRequestPath(input).plan;
      const numbers = [appServer, nginx, loadBalancer, memory].flatMap((group) =>
        Object.values(group).filter((value) => typeof value === 'number'),
      );
      expect(numbers.every((value) => Number.isFinite(value) && value >= 0)).toBe(true);
    }),
  );
});

const SQLITE = { engine: 'sqlite', host: 'instance' } as const;
const MARIADB = { engine: 'mariadb', host: 'instance' } as const;
const POSTGRESQL = { engine: 'postgresql', host: 'instance' } as const;
const RDS = { engine: 'mysql', host: 'rds', memory: 2048 } as const;
const ELSEWHERE = { engine: 'postgresql', host: 'elsewhere' } as const;
const CELERY = { name: 'celery', kind: 'celery', processes: 2, memoryPerProcess: 192, taskTimeout: 300 } as const;
const BEAT = { name: 'celery-beat', kind: 'celery-beat', processes: 1, memoryPerProcess: 192, taskTimeout: 0 } as const;
/** Has everything that a rule can speak about. */
const COMPLETE: PlanInput = {
  instanceType: 't3.small',
  database: POSTGRESQL,
  cache: { host: 'instance' },
  backgroundWorkers: [CELERY],
};

/** For each rule a plan that breaks it; a rule without a line here is a rule that cannot be broken. */
const breaking: Record<string, PlanInput | ((plan: Plan) => Plan)> = {
  R1: { instanceType: 't3.small', requestTimeout: 1 },
  R2: { instanceType: 't3.small', requestTimeout: 5, queueTimeout: 6 },
  R3: { instanceType: 't3.small', loadBalancerIdleTimeout: 4001 },
  R4: { instanceType: 't3.small', loadBalancer: 'network', loadBalancerIdleTimeout: 30 },
  R5: { instanceType: 't3.small', requestTimeout: 3700 },
  R6: { instanceType: 't3.small', healthCheckInterval: 301 },
  R7: { instanceType: 't3.small', healthCheckTimeout: 121 },
  R8: (plan) => ({ ...plan, loadBalancer: { ...plan.loadBalancer, slowStart: 10 } }),
  R9: { instanceType: 't3.small', threads: 0 },
  A1: { instanceType: 't3.small', workerClass: 'sync', gunicornSettings: { timeout: 58 } },
  A2: { instanceType: 't3.small', workerClass: 'asgi', gunicornSettings: { timeout: 60 } },
  A3: { instanceType: 't3.small', nginxDirectives: { proxy_read_timeout: '60s' } },
  A4: { instanceType: 't3.small', requestGuard: false },
  A5: { instanceType: 't3.small', loadBalancerIdleTimeout: 66 },
  A7: { instanceType: 't3.small', upstreamTimeout: 70 },
  A8: { instanceType: 't3.small', nginxDirectives: { send_timeout: '60s' } },
  A9: { instanceType: 't3.small', loadBalancer: 'network', loadBalancerIdleTimeout: 60 },
  A10: { instanceType: 't3.small', nginxDirectives: { proxy_send_timeout: '60s' } },
  A12: { instanceType: 't3.small', locations: [{ path: '/reports', requestTimeout: 90 }] },
  A11: { instanceType: 't3.small', workerClass: 'asgi', gunicornSettings: { asgi_disconnect_grace_period: 3 } },
  B1: { instanceType: 't3.small', nginxDirectives: { keepalive_timeout: '71s' } },
  B2: { instanceType: 't3.small', nginxDirectives: { client_header_timeout: '60s' } },
  B2b: { instanceType: 't3.small', loadBalancer: 'network', nginxDirectives: { client_header_timeout: '61s' } },
  B3: { instanceType: 't3.small', nginxDirectives: { keepalive_min_timeout: '0' } },
  B3b: { instanceType: 't3.small', nginxDirectives: { keepalive_min_timeout: '500s' } },
  B3c: { instanceType: 't3.small', database: MARIADB, nginxDirectives: { keepalive_min_timeout: '1s' } },
  B4: { instanceType: 't3.small', nginxDirectives: { worker_connections: '300' } },
  B5: { instanceType: 't3.small', workerClass: 'gevent', nginxDirectives: { 'upstream.keepalive': '8' } },
  B8: {
    instanceType: 't3.small',
    workerClass: 'asgi',
    nginxDirectives: { 'upstream.keepalive': '8' },
    gunicornSettings: { keepalive: 75 },
  },
  B9: { instanceType: 't3.small', loadBalancer: 'network', nginxDirectives: { keepalive_timeout: '350s' } },
  O3: { instanceType: 't3.small', nginxDirectives: { 'upstream.keepalive': '8' } },
  C1: { instanceType: 't3.small', gunicornSettings: { graceful_timeout: 30 } },
  C1b: { instanceType: 't3.small', workerClass: 'sync', gunicornSettings: { graceful_timeout: 62 } },
  C2: (plan) => ({ ...plan, appServer: { ...plan.appServer, timeoutStopSec: 5 } }),
  C5: (plan) => ({ ...plan, nginx: { ...plan.nginx, timeoutStopSec: 5 } }),
  C5b: { instanceType: 't3.small', nginxDirectives: { worker_shutdown_timeout: '10s' } },
  C8: (plan) => ({ ...plan, loadBalancer: { ...plan.loadBalancer, deregistrationDelay: 30 } }),
  D1: { instanceType: 't3.small', healthCheckInterval: 5 },
  D6: (plan) => ({
    ...plan,
    loadBalancer: { ...plan.loadBalancer, slowStart: 30, loadBalancingAlgorithm: 'least_outstanding_requests' },
  }),
  E4: { instanceType: 't3.small', workers: 7 },
  E7: { instanceType: 't3.large', workers: 5, memoryPerWorker: 1400 },
  E6: { instanceType: 't3.small', gunicornSettings: { max_requests: 9 } },
  O1: { instanceType: 't3.small', nginxDirectives: { 'upstream.max_conns': '89' } },
  O2: { instanceType: 't3.small', workerClass: 'gevent', workerConnections: 400 },
  O2b: { instanceType: 't3.small', gunicornSettings: { backlog: 8192 } },
  O4: { instanceType: 't3.small', queueTimeout: 0.4 },
  O6: { instanceType: 't3.small', nginxDirectives: { proxy_ignore_client_abort: 'on' } },
  O7: { instanceType: 't3.small', healthCheckTimeout: 4 },
  O8: { instanceType: 't3.small', nginxDirectives: { worker_connections: '1024' } },
  O10: { instanceType: 't3.small', workerClass: 'sync' },
  O11: (plan) => ({
    ...plan,
    loadBalancer: { ...plan.loadBalancer, loadBalancingAlgorithm: 'least_outstanding_requests' },
  }),
  G1: { instanceType: 't3.small', requestGuard: false },
  K1: { instanceType: 't3.small', clientMaxBodySize: 1024 },
  K2: { instanceType: 't3.small', clientMaxBodySize: 0 },
  N1: { instanceType: 't3.small', workers: 5, threads: 8, database: { ...ELSEWHERE, maxConnections: 40 } },
  N2: { instanceType: 't3.small', workers: 5, threads: 8, database: { ...ELSEWHERE, maxConnections: 120 } },
  N3: { instanceType: 't3.small', database: { ...ELSEWHERE, maxConnections: 0 } },
  N5: { instanceType: 't3.small', workerClass: 'asgi', requestGuard: false, database: MARIADB },
  N6: { instanceType: 't3.small', maxInstances: 2, database: MARIADB },
  N7: { instanceType: 't3.small', database: { ...MARIADB, connMaxAge: -1 } },
  N8: { instanceType: 't3.small', workerClass: 'asgi', database: { ...POSTGRESQL, connMaxAge: 60 } },
  N9: { instanceType: 't3.small', database: { ...RDS, pooling: 'rds-proxy', connMaxAge: 1800 } },
  N10: { instanceType: 't3.small', database: { ...MARIADB, connMaxAge: 28800 } },
  N11: (plan) => ({ ...plan, database: { ...plan.database!, statementTimeout: 60 } }),
  N12: { instanceType: 't3.small', requestTimeout: 1, database: { ...RDS, pooling: 'rds-proxy' } },
  N26: (plan) => ({ ...plan, database: { ...plan.database!, lockWaitTimeout: 60 } }),
  N31: { instanceType: 't3.small', workerClass: 'gevent', database: SQLITE },
  N32: { instanceType: 't3.small', requestTimeout: 1, database: SQLITE },
  N27: (plan) => ({ ...plan, database: { ...plan.database!, connectTimeout: 60 } }),
  N13: (plan) => ({ ...plan, database: { ...plan.database!, connectionCheckInterval: 0 } }),
  N14: { instanceType: 't3.small', database: { ...RDS, memory: 450, pooling: 'rds-proxy' } },
  N15: { instanceType: 't3.small', maxInstances: 2, cache: { host: 'instance' } },
  N16: { instanceType: 't3.small', maxInstances: 2, backgroundWorkers: [BEAT] },
  N28: {
    instanceType: 't3.small',
    maxInstances: 2,
    backgroundWorkers: [{ ...CELERY, kind: 'schedule', oncePerFleet: true }],
  },
  N29: {
    instanceType: 't3.small',
    maxInstances: 2,
    backgroundWorkers: [{ ...CELERY, kind: 'schedule' }],
  },
  N30: { instanceType: 't3.small', maxInstances: 2, media: { host: 'instance' } },
  N17: { instanceType: 't3.small', backgroundWorkers: [CELERY, CELERY] },
  N18: { instanceType: 't3.small', backgroundWorkers: [CELERY] },
  N19: (plan) => ({ ...plan, backgroundWorkers: [{ ...plan.backgroundWorkers[0]!, timeoutStopSec: 90 }] }),
  N20: (plan) => ({ ...plan, backgroundWorkers: [{ ...plan.backgroundWorkers[0]!, visibilityTimeout: 300 }] }),
  N21: { instanceType: 't3.small', backgroundWorkers: [{ ...CELERY, taskTimeout: 0 }] },
  N22: { instanceType: 't3.small', cache: { host: 'instance', maxMemory: 0 } },
  N23: { instanceType: 't3.small', cache: { host: 'instance' }, backgroundWorkers: [CELERY] },
  N24: (plan) => ({ ...plan, backgroundWorkers: [{ ...plan.backgroundWorkers[0]!, longestDelay: 3600 }] }),
};

test('the list of breaking inputs names every rule', () => {
  expect(Object.keys(breaking).sort()).toEqual([...new Set(RULES.map(({ id }) => id))].sort());
});

test.each(Object.entries(breaking))(
  'rule %s is broken by some input, and says both values and what to change',
  (id, input) => {
    const violations =
      typeof input === 'function'
        ? checkPlan(input(planRequestPath(COMPLETE).plan))
        : planRequestPath(input).violations;
    const violation = violations.find(({ rule }) => rule === id);
    expect(violation?.message).toMatch(new RegExp(`\\((.+)\\).* must be .*, else .+; .+ \\[${id}\\]$`));
    expect(violation?.message).not.toMatch(/^[A-Z].*\.$/);
  },
);

const everyRange: Partial<PlanInput>[] = [
  { healthCheckInterval: 2 },
  { healthCheckTimeout: 1 },
  { loadBalancerIdleTimeout: 0 },
  { maxInstances: 0 },
  { backgroundWorkers: [{ ...CELERY, processes: 0 }] },
  { backgroundWorkers: [{ ...CELERY, memoryPerProcess: 0 }] },
];

test.each(everyRange)('each half of a range is a rule of its own: %j', (input) => {
  expect(
    planRequestPath({ instanceType: 't3.small', ...input }).violations.some(({ rule }) => rule.startsWith('R')),
  ).toBe(true);
});

test('a configuration that we did not write can be checked: the usual defaults break the chain', () => {
  const { plan } = planRequestPath({ instanceType: 't3.small', workerClass: 'sync', requestTimeout: 60 });
  const usual: Plan = {
    ...plan,
    appServer: { ...plan.appServer, timeout: 30, gracefulTimeout: 30, timeoutStopSec: 5, backlog: 2048, keepalive: 2 },
    nginx: {
      ...plan.nginx,
      proxyReadTimeout: 60,
      sendTimeout: 60,
      clientHeaderTimeout: 60,
      keepaliveTimeout: 75,
      timeoutStopSec: 5,
    },
    loadBalancer: { ...plan.loadBalancer, idleTimeout: 60, deregistrationDelay: 300 },
  };
  expect(checkPlan(usual).map(({ rule }) => rule)).toEqual([
    'A1',
    'A2',
    'A5',
    'A8',
    'B2',
    'B3b',
    'C1',
    'C1b',
    'C2',
    'C5',
    'O10',
  ]);
});

test('every rule names its source', () => {
  expect(RULES.filter(({ source, breaks, change }) => !(source && breaks && change))).toEqual([]);
});
