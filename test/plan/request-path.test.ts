import { planRequestPath, type PlanInput } from '../../lib/plan';
import { webSocketPing } from '../../lib/plan/timeout-plan';

const planOf = (input: Partial<PlanInput> = {}) => planRequestPath({ instanceType: 't3.small', ...input });
const errorsOf = (input: Partial<PlanInput>) =>
  planOf(input)
    .violations.filter(({ severity }) => severity === 'error')
    .map(({ message }) => message);

describe('a t3.small with requests of 300 seconds behind an ALB', () => {
  const { plan, violations } = planOf({ requestTimeout: 300 });

  test('breaks no rule', () => expect(violations).toEqual([]));

  test('has every timeout in line', () => {
    expect({
      statement: plan.statementTimeout,
      timeout: plan.appServer.timeout,
      graceful: plan.appServer.gracefulTimeout,
      unitStop: plan.appServer.timeoutStopSec,
      read: plan.nginx.proxyReadTimeout,
      proxySend: plan.nginx.proxySendTimeout,
      send: plan.nginx.sendTimeout,
      idle: plan.loadBalancer.idleTimeout,
      header: plan.nginx.clientHeaderTimeout,
      keepaliveMin: plan.nginx.keepaliveMinTimeout,
      keepalive: plan.nginx.keepaliveTimeout,
      shutdown: plan.nginx.workerShutdownTimeout,
      nginxStop: plan.nginx.timeoutStopSec,
      deregistration: plan.loadBalancer.deregistrationDelay,
    }).toEqual({
      statement: 297,
      timeout: 302,
      graceful: 304,
      unitStop: 309,
      read: 306,
      proxySend: 306,
      send: 311,
      idle: 311,
      header: 316,
      keepaliveMin: 316,
      keepalive: 326,
      shutdown: 321,
      nginxStop: 326,
      deregistration: 311,
    });
  });

  test('has five workers of eight threads, and a bounded queue', () => {
    expect(plan.appServer).toMatchObject({
      workers: 5,
      threads: 8,
      slots: 40,
      workerConnections: 8,
      backlog: 4096,
      keepalive: 0,
    });
    expect(plan.nginx).toMatchObject({ maxConns: 170, workerProcesses: 1, workerConnections: 8192 });
  });
});

test('nothing asked for means 60 seconds, a queue of 2 seconds and threads', () => {
  expect(planOf().plan).toMatchObject({
    requestTimeout: 60,
    queueTimeout: 2,
    requestGuard: true,
    appServer: { workerClass: 'gthread' },
  });
});

test('behind an NLB nginx closes idle connections first', () => {
  const { plan, violations } = planOf({ requestTimeout: 300, loadBalancer: 'network' });
  expect(violations).toEqual([]);
  expect([plan.nginx.keepaliveTimeout, plan.loadBalancer.idleTimeout]).toEqual([75, 350]);
});

test('behind an NLB a client has seconds for the head of its request, however long the request may take', () => {
  expect(planOf({ requestTimeout: 3000, loadBalancer: 'network' }).plan.nginx.clientHeaderTimeout).toBe(20);
});

test('behind an NLB with TLS requests may take as long as its 350 seconds allow, and the message says what can be done', () => {
  const errors = (requestTimeout: number) =>
    errorsOf({ requestTimeout, loadBalancer: 'network', loadBalancerIdleTimeout: 350 });
  expect(errors(343)).toEqual([]);
  expect(errors(344)).toEqual([
    'nginx proxy_read_timeout (350 s) must be less than load balancer idle timeout (350 s), else the load balancer forgets a silent flow, and the client gets a reset without a status; lower requestTimeout, or raise the TCP idle timeout of the load balancer: that of a TLS listener is 350 s and cannot be changed [A9]',
  ]);
});

test('a machine that is changed in place stops as soon as its requests have ended', () => {
  const { nginx } = planOf({ requestTimeout: 300, database: { engine: 'mariadb', host: 'instance' } }).plan;
  expect(nginx).toMatchObject({ keepaliveMinTimeout: 0, workerShutdownTimeout: 311, timeoutStopSec: 316 });
});

test('a coroutine of asgi has as long after its response as a request', () => {
  expect(planOf({ requestTimeout: 20.5, workerClass: 'asgi' }).plan.appServer.asgiDisconnectGracePeriod).toBe(21);
});

test.each([
  [5, undefined, 3],
  [30, undefined, 12],
  [60, undefined, 20],
  [300, undefined, 20],
  [20, '29s', 9],
])('with requests of %d s and proxy_read_timeout %s a WebSocket is pinged every %d s', (requestTimeout, read, ping) => {
  const nginxDirectives = read === undefined ? undefined : { proxy_read_timeout: read };
  expect(webSocketPing(planOf({ requestTimeout, workerClass: 'asgi', nginxDirectives }).plan)).toBe(ping);
});

test.each([
  [5, 2, 2],
  [30, 27, 10],
  [60, 50, 10],
])('with requests of %d s a lock of MySQL is waited for %d s, a connection %d s', (requestTimeout, lock, connect) => {
  const { database } = planOf({
    requestTimeout,
    database: { engine: 'mysql', host: 'instance' },
    instanceType: 't3.medium',
  }).plan;
  expect(database).toMatchObject({ lockWaitTimeout: lock, connectTimeout: connect });
});

test('an NLB waits longer than its default when requests do', () => {
  expect(planOf({ requestTimeout: 600, loadBalancer: 'network' }).plan.loadBalancer.idleTimeout).toBe(611);
});

test.each([
  ['t3.micro', 2, 13],
  ['t3.small', 5, 8],
  ['t3.medium', 5, 8],
  ['t3.xlarge', 9, 8],
  ['t3.2xlarge', 17, 8],
  ['t4g.small', 5, 8],
])('%s gets %i workers of %i threads', (instanceType, workers, threads) => {
  expect(planOf({ instanceType }).plan.appServer).toMatchObject({ workers, threads });
});

test.each([
  ['sync', 1, 5, 65],
  ['gthread', 8, 40, 170],
  ['gevent', 50, 250, 800],
  ['asgi', 50, 250, 800],
] as const)(
  '%s works on %i requests a worker, %i in all, and lets %i in',
  (workerClass, slotsPerWorker, slots, maxConns) => {
    const { plan } = planOf({ workerClass });
    expect(plan.appServer).toMatchObject({ slotsPerWorker, slots });
    expect(plan.nginx.maxConns).toBe(maxConns);
  },
);

test('a small memory per worker does not raise the workers above what the CPU can use', () => {
  expect(planOf({ memoryPerWorker: 64 }).plan.appServer.workers).toBe(5);
});

test('a large memory per worker lowers the workers', () => {
  expect(planOf({ memoryPerWorker: 600 }).plan.appServer.workers).toBe(2);
});

test('a swap file is planned up to 4 GiB only', () => {
  expect(planOf({ instanceType: 't3.medium' }).plan.memory.swap).toBe(2048);
  expect(planOf({ instanceType: 't3.large' }).plan.memory.swap).toBe(0);
});

test('a stated idle timeout moves the keep-alives, not the read timeout', () => {
  const { plan } = planOf({ requestTimeout: 100, loadBalancerIdleTimeout: 400 });
  expect(plan.nginx).toMatchObject({ proxyReadTimeout: 106, clientHeaderTimeout: 405, keepaliveTimeout: 415 });
});

describe('fails', () => {
  test('on a request timeout under 5 seconds', () => {
    expect(errorsOf({ requestTimeout: 4 })).toEqual([
      'requestTimeout (4 s) must be at least 5 s, else the margins between the hops would be longer than the request; raise requestTimeout [R1]',
    ]);
  });

  test('on a request timeout over what the hops allow, and points to background workers', () => {
    expect(errorsOf({ requestTimeout: 3590 })).toContain(
      'requestTimeout (3590 s) must be at most what a deregistration delay of 3600 s allows (3589 s), else a drain would cut requests; lower requestTimeout and move longer work into a background worker [R1]',
    );
    expect(errorsOf({ requestTimeout: 3589 })).toEqual([]);
  });

  test('on a size where not even one worker fits, and names the smallest that fits', () => {
    expect(errorsOf({ instanceType: 't3.nano' })).toEqual([
      'not even one worker of memoryPerWorker (256 MiB) fits into the memory for workers (226 MiB) of t3.nano: use t3.micro or larger, or lower memoryPerWorker [E4]',
    ]);
  });

  test('on workers that exceed the memory, and names the OOM killer', () => {
    expect(errorsOf({ workers: 7 })).toEqual([
      'workers × memoryPerWorker (1792 MiB) must be at most memory for workers (1685 MiB), else the OOM killer ends a worker in the middle of a request, which looks like a timeout; lower workers or memoryPerWorker, or take a larger instance [E4]',
    ]);
  });

  test('on an unknown instance family, and lists the known types', () => {
    expect(errorsOf({ instanceType: 'm5.large' })[0]).toMatch(
      /^instanceType "m5\.large" is not known: use one of t3\.nano, t3\.micro, .*, t4g\.2xlarge \[I1\]$/,
    );
  });

  test.each([
    ['workers', 2.5, 'workers (2.5) must be a whole number [I2]'],
    ['requestTimeout', NaN, 'requestTimeout (NaN) must be a number [I2]'],
    ['queueTimeout', Infinity, 'queueTimeout (Infinity) must be a number [I2]'],
  ])('on %s of %d', (name, value, message) => expect(errorsOf({ [name]: value })).toEqual([message]));

  test.each([0, -1])('on %d workers, with that sentence alone', (workers) => {
    for (const more of [{}, { workerClass: 'sync' }, { workerClass: 'asgi' }] as const) {
      expect(errorsOf({ workers, ...more })).toEqual([
        `workers (${workers}) must be at least 1, else there is nothing to work with; set workers to a whole number of 1 or more [R9]`,
      ]);
    }
  });

  test('on the idle timeout of an imported ALB that is too short', () => {
    expect(errorsOf({ requestTimeout: 300, loadBalancerIdleTimeout: 60 })).toEqual([
      'nginx proxy_read_timeout (306 s) must be less than load balancer idle timeout (60 s), else the load balancer answers 504 without a cause, and nginx logs 499 instead of the reason; raise the idle timeout of the load balancer, or lower requestTimeout [A5]',
    ]);
  });

  test('on a CDN that gives up before the load balancer', () => {
    expect(errorsOf({ upstreamTimeout: 60 })).toEqual([
      'load balancer idle timeout (71 s) must be at most upstreamTimeout (60 s), else whoever stands before the load balancer gives up first, which the load balancer logs as 460; raise upstreamTimeout there, or lower requestTimeout [A7]',
    ]);
  });

  test('with every violation at once', () => {
    const rules = planOf({ workers: 9, queueTimeout: 0.2, upstreamTimeout: 30, healthCheckTimeout: 20 }).violations.map(
      ({ rule }) => rule,
    );
    expect(rules).toEqual(['A7', 'O4', 'D1', 'E4']);
  });
});

describe('while a worker is replaced there is one more', () => {
  const workersOf = (input: Partial<PlanInput>) =>
    planRequestPath({ instanceType: 't3.small', ...input }).plan.appServer.workers;

  test('which swap carries, so that small instances lose no worker for it', () => {
    for (const [instanceType, workers] of [
      ['t3.micro', 2],
      ['t3.small', 5],
      ['t3.medium', 5],
    ] as const) {
      expect(workersOf({ instanceType })).toBe(workers);
      expect(workersOf({ instanceType, requestGuard: false })).toBe(workers);
    }
  });

  test('which the memory must carry where there is no swap', () => {
    const large = { instanceType: 't3.large', memoryPerWorker: 1800 };
    expect(workersOf({ ...large, requestGuard: false })).toBe(4);
    expect(workersOf(large)).toBe(3);
  });

  test('fails where neither does', () => {
    expect(
      planRequestPath({ instanceType: 't3.large', memoryPerWorker: 1800, workers: 4 }).violations.map(
        ({ message }) => message,
      ),
    ).toEqual([
      '(workers + 1) × memoryPerWorker (9000 MiB) must be at most memory for workers + swap (7522 MiB), else the OOM killer ends a worker while the request guard replaces one, whose successor starts first; lower workers or memoryPerWorker, or take a larger instance [E7]',
    ]);
  });
});
