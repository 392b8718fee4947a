import { renderGunicornConf, type GunicornInput } from '../../lib/render';
import { expectGolden } from '../support/golden';
import { DISTINCT_PLAN, planOf } from '../support/plan';

const conf = (overrides: Partial<GunicornInput> = {}) =>
  renderGunicornConf({
    plan: planOf(),
    wsgi: 'mysite.wsgi:application',
    answerHealth: true,
    ...overrides,
  });

test('gunicorn.conf.py', () => {
  expectGolden('gunicorn.conf.py', conf());
});

test('gunicorn.conf.py with the application loaded before the fork', () => {
  expectGolden('gunicorn-preload.conf.py', conf({ plan: planOf({ preloadApp: true }) }));
});

test('gevent patches the standard library before the master loads the application', () => {
  const text = conf({ plan: planOf({ preloadApp: true, workerClass: 'gevent' }) });
  expect(text).toMatch(/^# .*\nfrom gevent import monkey\n\nmonkey.patch_all\(\) .*\n\nimport gc\n/);
  expect(conf({ plan: planOf({ preloadApp: true }) })).not.toContain('monkey');
  expect(conf({ plan: planOf({ workerClass: 'gevent' }) })).not.toContain('monkey');
});

test('gunicorn.conf.py for the worker class asgi', () => {
  expectGolden('gunicorn-asgi.conf.py', conf({ plan: planOf({ workerClass: 'asgi' }) }));
});

test('WebSockets are pinged without the request guard too', () => {
  expect(conf({ plan: planOf({ requestGuard: false, workerClass: 'asgi', requestTimeout: 10 }) })).toContain(
    'plumbline_hop.mend(worker, request_timeout=10, web_socket_ping=5)  # requestTimeout\n',
  );
});

test('gunicorn.conf.py without the request guard', () => {
  expectGolden('gunicorn-unguarded.conf.py', conf({ plan: planOf({ requestGuard: false, workerClass: 'sync' }) }));
});

test.each([
  ['gunicorn-database.conf.py', {}],
  ['gunicorn-database-preload.conf.py', { preloadApp: true }],
  ['gunicorn-database-unguarded.conf.py', { requestGuard: false, workerClass: 'sync' as const }],
])('%s: no worker shares a connection to the database', (golden, input) => {
  expectGolden(golden, conf({ plan: planOf({ ...input, database: { engine: 'mariadb', host: 'instance' } }) }));
});

test('each value of the plan stands where its comment says', () => {
  const text = conf({ plan: DISTINCT_PLAN });
  for (const line of [
    'worker_class = "gthread"  # appServer.workerClass',
    'workers = 201  # appServer.workers',
    'threads = 202  # appServer.threads',
    'worker_connections = 203  # appServer.workerConnections',
    'timeout = 206  # appServer.timeout',
    'graceful_timeout = 207  # appServer.gracefulTimeout',
    'keepalive = 208  # appServer.keepalive',
    'max_requests = 209  # appServer.maxRequests',
    'max_requests_jitter = 210  # appServer.maxRequestsJitter',
    'preload_app = True  # appServer.preloadApp',
    'backlog = 211  # appServer.backlog',
    '    request_timeout=101,  # requestTimeout',
    '    queue_timeout=102,  # queueTimeout',
    '    proxy_read_timeout=301,  # nginx.proxyReadTimeout',
    '    slots=204,  # appServer.slotsPerWorker',
    '    backlog=211,  # appServer.backlog',
  ]) {
    expect(text).toContain(`\n${line}\n`);
  }
});

test('a health check path of the application is left to the application', () => {
  const text = conf({ answerHealth: false });
  expect(text).toContain('    answer_health=False,\n');
});

test('settings of the user replace the one that stands there or are added, as Python values', () => {
  const gunicornSettings = { limit_request_line: 8190, forwarder_headers: ['A"1"', 'B'], reuse_port: true };
  const text = conf({ plan: planOf({ gunicornSettings }) });
  expect(text).toContain('limit_request_line = 8190  # override\n');
  expect(text).not.toContain('limit_request_line = 0');
  expect(text).toContain('forwarder_headers = ["A\\"1\\"", "B"]  # override\nreuse_port = True  # override\n');
});
