import { planRequestPath, type PlanInput } from '../../lib/plan';

const planOf = (input: Partial<PlanInput>) => planRequestPath({ instanceType: 't3.small', ...input });
const rulesOf = (input: Partial<PlanInput>) => planOf(input).violations.map(({ rule }) => rule);
const messagesOf = (input: Partial<PlanInput>) => planOf(input).violations.map(({ message }) => message);

describe('overrides', () => {
  test.each([
    ['proxy_read_timeout', '2m', { proxyReadTimeout: 120 }],
    ['proxy_send_timeout', '61s', { proxySendTimeout: 61 }],
    ['send_timeout', '1m30s', { sendTimeout: 90 }],
    ['client_header_timeout', '200', { clientHeaderTimeout: 200 }],
    ['client_body_timeout', '500ms', { clientBodyTimeout: 0.5 }],
    ['client_max_body_size', '1g', { clientMaxBodySize: 1024 }],
    ['upstream.max_conns', '300', { maxConns: 300 }],
  ])('nginx %s %s is understood', (directive, value, expected) => {
    expect(planOf({ nginxDirectives: { [directive]: value } }).plan.nginx).toMatchObject(expected);
  });

  test.each([
    ['timeout', 62, { timeout: 62 }],
    ['graceful_timeout', 90, { gracefulTimeout: 90, timeoutStopSec: 95 }],
    ['max_requests', 1000, { maxRequests: 1000 }],
    ['preload_app', true, { preloadApp: true }],
  ])('gunicorn %s %p is understood, and systemd follows', (setting, value, expected) => {
    expect(planOf({ gunicornSettings: { [setting]: value } }).plan.appServer).toMatchObject(expected);
  });

  test('every directive of nginx that the plan knows sets its own number', () => {
    const nginxDirectives = {
      proxy_read_timeout: '201s',
      proxy_send_timeout: '202s',
      send_timeout: '203s',
      client_header_timeout: '204s',
      client_body_timeout: '205s',
      keepalive_timeout: '206s',
      keepalive_min_timeout: '207s',
      worker_shutdown_timeout: '208s',
      worker_processes: '2',
      worker_connections: '209',
      client_max_body_size: '210m',
      proxy_ignore_client_abort: 'on',
      'upstream.max_conns': '211',
      'upstream.keepalive': '212',
      'upstream.keepalive_timeout': '213s',
    };
    const { plan } = planOf({ nginxDirectives });
    expect(plan.nginx).toEqual({
      proxyReadTimeout: 201,
      proxySendTimeout: 202,
      sendTimeout: 203,
      clientHeaderTimeout: 204,
      clientBodyTimeout: 205,
      keepaliveTimeout: 206,
      keepaliveMinTimeout: 207,
      workerShutdownTimeout: 208,
      workerProcesses: 2,
      workerConnections: 209,
      clientMaxBodySize: 210,
      proxyIgnoreClientAbort: true,
      maxConns: 211,
      upstreamKeepalive: 212,
      upstreamKeepaliveTimeout: 213,
      // follows worker_shutdown_timeout
      timeoutStopSec: 213,
      // cannot be overridden
      healthReadTimeout: 2,
    });
    expect(plan.extraNginxDirectives).toEqual({});
  });

  test('every setting of gunicorn that the plan knows sets its own number', () => {
    const gunicornSettings = {
      timeout: 301,
      graceful_timeout: 302,
      keepalive: 303,
      max_requests: 304,
      max_requests_jitter: 305,
      preload_app: true,
      backlog: 306,
    };
    const { plan } = planOf({ gunicornSettings });
    expect(plan.appServer).toMatchObject({
      timeout: 301,
      gracefulTimeout: 302,
      keepalive: 303,
      maxRequests: 304,
      maxRequestsJitter: 305,
      preloadApp: true,
      backlog: 306,
      timeoutStopSec: 307,
    });
    expect(plan.extraGunicornSettings).toEqual({});
  });

  test('the least that a setting may be is nothing', () => {
    const { plan, violations } = planOf({
      nginxDirectives: { proxy_ignore_client_abort: 'off' },
      gunicornSettings: { max_requests: 0, preload_app: false },
    });
    expect(violations).toEqual([]);
    expect(plan.nginx.proxyIgnoreClientAbort).toBe(false);
    expect(plan.appServer).toMatchObject({ maxRequests: 0, preloadApp: false });
  });

  test('a drain that is shortened leaves the stop of its unit as it is', () => {
    const { plan } = planOf({
      nginxDirectives: { worker_shutdown_timeout: '75s' },
      gunicornSettings: { graceful_timeout: 60 },
    });
    const derived = planOf({}).plan;
    expect(plan.appServer.timeoutStopSec).toBe(derived.appServer.timeoutStopSec);
    expect(plan.nginx.timeoutStopSec).toBe(derived.nginx.timeoutStopSec);
  });

  test('what no rule knows is kept as written', () => {
    const { plan, violations } = planOf({
      nginxDirectives: { gzip_comp_level: '6' },
      gunicornSettings: { limit_request_line: 8190 },
    });
    expect(violations).toEqual([]);
    expect(plan.extraNginxDirectives).toEqual({ gzip_comp_level: '6' });
    expect(plan.extraGunicornSettings).toEqual({ limit_request_line: 8190 });
  });

  test('jitter follows max_requests', () => {
    expect(planOf({ maxRequests: 995 }).plan.appServer).toMatchObject({ maxRequests: 995, maxRequestsJitter: 100 });
  });
});

test('a name that every object of JavaScript has is an unknown one', () => {
  const { plan, violations } = planOf({ nginxDirectives: { constructor: 'a' }, gunicornSettings: { constructor: 1 } });
  expect(violations).toEqual([]);
  expect(plan.extraNginxDirectives).toEqual({ constructor: 'a' });
  expect(plan.extraGunicornSettings).toEqual({ constructor: 1 });
});

describe('fails on an override', () => {
  test('that breaks rules, naming all of them', () => {
    expect(rulesOf({ nginxDirectives: { proxy_read_timeout: '30s', keepalive_timeout: '20s' } })).toEqual([
      'A3',
      'B1',
      'B3b',
    ]);
  });

  test('that makes gunicorn kill what the plan allows', () => {
    expect(rulesOf({ workerClass: 'sync', gunicornSettings: { timeout: 30 } })).toEqual(['A1', 'A2', 'O10']);
  });

  test('that retires all workers together', () => {
    expect(rulesOf({ gunicornSettings: { max_requests: 500 } })).toEqual(['E6']);
  });

  test('of keep-alive to the application under threads', () => {
    expect(rulesOf({ nginxDirectives: { 'upstream.keepalive': '16' } })).toEqual(['B5', 'O3']);
  });

  test.each(['1;return 200', 'a{b', 'a}b', 'x\ny', 'x\ry', '60s # longer', ' ', ''])('with the value %j', (value) => {
    expect(messagesOf({ nginxDirectives: { proxy_read_timeout: value } })).toEqual([
      `nginxDirectives: "proxy_read_timeout" = ${JSON.stringify(value)} is not one directive: use a name in lower case and a value without ; { } # or a new line [V1]`,
    ]);
  });

  test.each(['Gzip', 'gzip types', '1gzip', 'gzip-types', '', 'upstream.', 'server.gzip', 'the upstream.gzip'])(
    'with the name %j',
    (name) => {
      expect(messagesOf({ nginxDirectives: { [name]: 'on' } })).toEqual([
        `nginxDirectives: ${JSON.stringify(name)} = "on" is not one directive: use a name in lower case and a value without ; { } # or a new line [V1]`,
      ]);
    },
  );

  test.each([
    ['proxy_read_timeout', 'soon'],
    ['worker_processes', 'auto'],
    ['worker_connections', '8192k'],
    ['upstream.max_conns', '-1'],
    ['client_max_body_size', 'much'],
    ['proxy_ignore_client_abort', 'yes'],
  ])('that cannot be read: %s %s', (name, value) => {
    expect(messagesOf({ nginxDirectives: { [name]: value } })).toEqual([
      `nginxDirectives: ${name} "${value}" cannot be read: write it as nginx does, for example 75s, 10m or on [V1]`,
    ]);
  });

  test.each([
    'zone',
    'limit_conn',
    'limit_conn_zone',
    'listen',
    'server_name',
    'proxy_pass',
    'include',
    'load_module',
    'upstream.server',
    'upstream.zone',
  ])('of %s, which would take the bound or the sockets away', (name) => {
    expect(messagesOf({ nginxDirectives: { [name]: 'x' } })).toEqual([
      `nginxDirectives: "${name}" cannot be overridden: it would take the sockets or the bound of the queue away; remove it [O9]`,
    ]);
  });

  test.each([
    ['workers', 'use workers of AppServer.gunicorn'],
    ['threads', 'use threads of AppServer.gunicorn'],
    ['worker_connections', 'use workerConnections of AppServer.gunicorn'],
    ['worker_class', 'use workerClass of AppServer.gunicorn'],
    ['bind', 'systemd owns the sockets'],
    ['wsgi_app', 'use wsgi or asgi of the application'],
    ['pidfile', 'systemd knows the process'],
    ['daemon', 'systemd knows the process'],
    ['when_ready', 'the request guard owns the hook'],
    ['post_worker_init', 'the request guard owns the hook'],
    ['pre_fork', 'connections are closed there before a fork'],
  ])('of the gunicorn setting %s: %s', (name, owner) => {
    expect(messagesOf({ gunicornSettings: { [name]: 1 } })).toEqual([
      `gunicorn settings: ${name} cannot be overridden here: ${owner} [V1]`,
    ]);
  });

  test('of a gunicorn setting with the wrong type', () => {
    expect(messagesOf({ gunicornSettings: { timeout: '30', preload_app: 1, keepalive: -1 } })).toEqual([
      'gunicorn settings: timeout "30" must be a number of 0 or more [V1]',
      'gunicorn settings: preload_app 1 must be a boolean [V1]',
      'gunicorn settings: keepalive -1 must be a number of 0 or more [V1]',
    ]);
  });

  test.each(['timeout = 1 #', 'Timeout', '1timeout', 'a-b', ''])('whose name is not a setting: %j', (name) => {
    expect(messagesOf({ gunicornSettings: { [name]: 1 } })).toEqual([
      `gunicorn settings: ${JSON.stringify(name)} is not the name of a setting: use lower case with underscores, for example limit_request_line [V1]`,
    ]);
  });
});
