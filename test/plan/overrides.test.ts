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

  test.each(['1;return 200', 'a{b', 'a}b', 'x\ny', 'x\ry', '60s # longer', ' '])('with the value %j', (value) => {
    expect(messagesOf({ nginxDirectives: { proxy_read_timeout: value } })).toEqual([
      `nginxDirectives: "proxy_read_timeout" = ${JSON.stringify(value)} is not one directive: use a name in lower case and a value without ; { } # or a new line [V1]`,
    ]);
  });

  test('that cannot be read', () => {
    expect(messagesOf({ nginxDirectives: { proxy_read_timeout: 'soon' } })).toEqual([
      'nginxDirectives: proxy_read_timeout "soon" cannot be read: write it as nginx does, for example 75s, 10m or on [V1]',
    ]);
  });

  test.each(['zone', 'limit_conn', 'listen', 'upstream.server'])(
    'of %s, which would take the bound or the sockets away',
    (name) => {
      expect(messagesOf({ nginxDirectives: { [name]: 'x' } })).toEqual([
        `nginxDirectives: "${name}" cannot be overridden: it would take the sockets or the bound of the queue away; remove it [O9]`,
      ]);
    },
  );

  test('of a gunicorn setting that a prop owns', () => {
    expect(messagesOf({ gunicornSettings: { workers: 4, bind: ':80' } })).toEqual([
      'gunicorn settings: workers cannot be overridden here: use workers of AppServer.gunicorn [V1]',
      'gunicorn settings: bind cannot be overridden here: systemd owns the sockets [V1]',
    ]);
  });

  test('of a gunicorn setting with the wrong type', () => {
    expect(messagesOf({ gunicornSettings: { timeout: '30', preload_app: 1, keepalive: -1 } })).toEqual([
      'gunicorn settings: timeout "30" must be a number of 0 or more [V1]',
      'gunicorn settings: preload_app 1 must be a boolean [V1]',
      'gunicorn settings: keepalive -1 must be a number of 0 or more [V1]',
    ]);
  });

  test('whose name is not a setting', () => {
    expect(messagesOf({ gunicornSettings: { 'timeout = 1 #': 1 } })).toEqual([
      'gunicorn settings: "timeout = 1 #" is not the name of a setting: use lower case with underscores, for example limit_request_line [V1]',
    ]);
  });
});
