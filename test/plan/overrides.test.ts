import { planRequestPath, type PlanInput } from '../../lib/plan';
import { isSetting } from '../../lib/plan/gunicorn-settings';
import { REFUSED_DIRECTIVES } from '../../lib/plan/overrides';
import { OWNED_SETTINGS } from '../../lib/plan/owned-settings';

const planOf = (input: Partial<PlanInput>) => planRequestPath({ instanceType: 't3.small', ...input });
const rulesOf = (input: Partial<PlanInput>) => planOf(input).violations.map(({ rule }) => rule);
/** What is wrong with the overrides themselves, and not with the numbers that they give. */
const unreadable = (input: Partial<PlanInput>) => rulesOf(input).filter((rule) => rule === 'V1');
const messagesOf = (input: Partial<PlanInput>) => planOf(input).violations.map(({ message }) => message);

const DIRECTIVE_VALUE =
  'a value with each quote closed, without a new line, without ; { } # outside of quotes, and no \\ at its end';

describe('overrides', () => {
  test.each([
    ['proxy_read_timeout', '2m', { proxyReadTimeout: 120 }],
    ['proxy_send_timeout', '61s', { proxySendTimeout: 61 }],
    ['send_timeout', '1m30s', { sendTimeout: 90 }],
    ['client_header_timeout', '200', { clientHeaderTimeout: 200 }],
    ['client_body_timeout', '500ms', { clientBodyTimeout: 0.5 }],
    ['keepalive_timeout', '1h', { keepaliveTimeout: 3600 }],
    ['keepalive_min_timeout', '7s', { keepaliveMinTimeout: 7 }],
    ['worker_shutdown_timeout', '8s', { workerShutdownTimeout: 8 }],
    ['worker_processes', '3', { workerProcesses: 3 }],
    ['worker_connections', '9999', { workerConnections: 9999 }],
    ['client_max_body_size', '64m', { clientMaxBodySize: 64 }],
    ['proxy_max_temp_file_size', '5m', { proxyMaxTempFileSize: 5 }],
    ['proxy_max_temp_file_size', '0', { proxyMaxTempFileSize: 0 }],
    ['proxy_ignore_client_abort', 'on', { proxyIgnoreClientAbort: true }],
    ['proxy_ignore_client_abort', 'off', { proxyIgnoreClientAbort: false }],
    ['upstream.max_conns', '300', { maxConns: 300, proxyMaxTempFileSize: 10.5 }],
    ['upstream.keepalive', '12', { upstreamKeepalive: 12 }],
    ['upstream.keepalive_timeout', '13s', { upstreamKeepaliveTimeout: 13 }],
  ])('nginx %s %s is understood, and nothing else changes', (directive, value, expected) => {
    const { plan } = planOf({ nginxDirectives: { [directive]: value } });
    expect(plan.nginx).toEqual({ ...planOf({}).plan.nginx, ...expected, timeoutStopSec: plan.nginx.timeoutStopSec });
    expect(plan.extraNginxDirectives).toEqual({});
    expect(unreadable({ nginxDirectives: { [directive]: value } })).toEqual([]);
  });

  test.each([
    ['timeout', 62, { timeout: 62 }],
    ['graceful_timeout', 90, { gracefulTimeout: 90, timeoutStopSec: 95 }],
    ['keepalive', 0, { keepalive: 0 }],
    ['max_requests', 1000, { maxRequests: 1000 }],
    ['max_requests_jitter', 77, { maxRequestsJitter: 77 }],
    ['preload_app', true, { preloadApp: true }],
    ['backlog', 1234, { backlog: 1234 }],
  ])('gunicorn %s %p is understood, and systemd follows', (setting, value, expected) => {
    const { plan } = planOf({ gunicornSettings: { [setting]: value } });
    expect(plan.appServer).toEqual({ ...planOf({}).plan.appServer, ...expected });
    expect(plan.extraGunicornSettings).toEqual({});
    expect(unreadable({ gunicornSettings: { [setting]: value } })).toEqual([]);
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

  test('a name that every object has is a name like any other', () => {
    const name = 'constructor';
    expect(messagesOf({ nginxDirectives: { [name]: 'on' }, gunicornSettings: { [name]: 1 } })).toEqual([
      'nginxDirectives: "constructor" is no directive of nginx that has an effect here: remove it, or see https://nginx.org/en/docs/dirindex.html for its name [V1]',
      'gunicorn settings: "constructor" is no setting of gunicorn: remove it, or see https://docs.gunicorn.org/en/stable/settings.html for its name [V1]',
    ]);
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

  test.each(['1;return 200', 'a{b', 'a}b', 'x\ny', 'x\ry', 'x\ty', '60s # longer', ' ', '"60s', "60s'", '60s\\'])(
    'with the value %j, whether the plan knows the directive or not',
    (value) => {
      for (const name of ['proxy_read_timeout', 'gzip_types', 'upstream.keepalive']) {
        expect(messagesOf({ nginxDirectives: { [name]: value } })).toEqual([
          `nginxDirectives: "${name}" = ${JSON.stringify(value)} is not one directive: use a name in lower case and ${DIRECTIVE_VALUE} [V1]`,
        ]);
      }
    },
  );

  test.each(['server.listen', 'upstream.', 'xupstream.keepalive', ''])('with the name %j', (name) => {
    expect(messagesOf({ nginxDirectives: { [name]: 'on' } })).toEqual([
      `nginxDirectives: ${JSON.stringify(name)} = "on" is not one directive: use a name in lower case and ${DIRECTIVE_VALUE} [V1]`,
    ]);
  });

  test('as often as there are some', () => {
    expect(rulesOf({ nginxDirectives: { listen: '80', gzip: '"' }, gunicornSettings: { bind: 'x' } })).toEqual([
      'O9',
      'V1',
      'V1',
    ]);
  });

  test.each([
    ['proxy_read_timeout', 'soon'],
    ['worker_processes', 'auto'],
    ['worker_processes', 'x2'],
    ['upstream.max_conns', '2x'],
    ['client_max_body_size', '1t'],
    ['proxy_ignore_client_abort', 'maybe'],
  ])('that cannot be read: %s %s', (name, value) => {
    expect(planOf({ nginxDirectives: { [name]: value } }).violations).toEqual([
      {
        rule: 'V1',
        severity: 'error',
        message: `nginxDirectives: ${name} ${JSON.stringify(value)} cannot be read: write it as nginx does, for example 75s, 10m or on [V1]`,
      },
    ]);
  });

  test('of what would take the bound or the sockets away: the list is complete', () => {
    expect(REFUSED_DIRECTIVES).toEqual([
      'zone',
      'limit_conn',
      'limit_conn_zone',
      'listen',
      'server_name',
      'proxy_pass',
      'include',
      'load_module',
    ]);
  });

  test.each([...REFUSED_DIRECTIVES, 'upstream.server', 'upstream.zone'])(
    'of %s, which would take the bound or the sockets away',
    (name) => {
      expect(messagesOf({ nginxDirectives: { [name]: 'x' } })).toEqual([
        `nginxDirectives: "${name}" cannot be overridden: it would take the sockets or the bound of the queue away; remove it [O9]`,
      ]);
    },
  );

  test('of a gunicorn setting that something else owns: the list is complete', () => {
    expect(Object.keys(OWNED_SETTINGS).sort()).toEqual(
      [
        ...['workers', 'threads', 'worker_connections', 'worker_class', 'bind', 'pidfile', 'daemon', 'dirty_workers'],
        ...['dirty_apps', 'config', 'raw_env', 'wsgi_app', 'paste', 'raw_paste_global_conf', 'chdir', 'pythonpath'],
        ...['protocol', 'proxy_protocol', 'proxy_allow_ips', 'uwsgi_allow_ips', 'certfile', 'keyfile', 'ca_certs'],
        ...['cert_reqs', 'user', 'group', 'initgroups', 'umask', 'control_socket', 'control_socket_mode'],
        ...['control_socket_disable', 'errorlog', 'worker_tmp_dir', 'check_config', 'print_config', 'reload'],
        ...['reload_engine', 'reload_extra_files', 'spew', 'when_ready', 'post_worker_init', 'pre_fork', 'post_fork'],
        ...['on_starting', 'child_exit'],
      ].sort(),
    );
    expect(Object.keys(OWNED_SETTINGS).filter((name) => !isSetting(name))).toEqual([]);
  });

  test.each(Object.entries(OWNED_SETTINGS))('of the gunicorn setting %s: %s', (name, owner) => {
    expect(messagesOf({ gunicornSettings: { [name]: 4 } })).toEqual([
      `gunicorn settings: ${name} cannot be overridden here: ${owner} [V1]`,
    ]);
  });

  test.each(['underscores_in_headers', 'ignore_invalid_headers', 'proxy_pass_request_headers'])(
    'of %s, by which forged headers would arrive',
    (name) => {
      expect(messagesOf({ nginxDirectives: { [name]: 'on' } })).toEqual([
        `nginxDirectives: "${name}" cannot be overridden: headers that a client forges would reach the application; remove it [V1]`,
      ]);
    },
  );

  test.each(['timeout', 'graceful_timeout', 'max_requests', 'asgi_disconnect_grace_period'])(
    'of the gunicorn setting %s by a fraction, which gunicorn would refuse at boot',
    (name) => {
      expect(messagesOf({ gunicornSettings: { [name]: 99.5 } })).toEqual([
        `gunicorn settings: ${name} (99.5) must be a whole number [V1]`,
      ]);
    },
  );

  test('of a gunicorn setting with the wrong type', () => {
    expect(messagesOf({ gunicornSettings: { timeout: '30', preload_app: 1, keepalive: -1 } })).toEqual([
      'gunicorn settings: timeout "30" must be a number of 0 or more [V1]',
      'gunicorn settings: preload_app 1 must be a boolean [V1]',
      'gunicorn settings: keepalive -1 must be a number of 0 or more [V1]',
    ]);
  });

  test.each([
    ['Gzip', 'gzip'],
    ['gzip types', 'gzip_types'],
    ['_gzip', 'gzip'],
    ['clientMaxBodySize', 'client_max_body_size'],
    ['proxy-read-timeout', 'proxy_read_timeout'],
  ])('with the name %j, which is nearly one', (name, meant) => {
    expect(messagesOf({ nginxDirectives: { [name]: 'on' } })).toEqual([
      `nginxDirectives: ${JSON.stringify(name)} = "on" is not one directive: use a name in lower case, here ${meant}, and ${DIRECTIVE_VALUE} [V1]`,
    ]);
  });

  test.each([
    ['1timeout', 'timeout'],
    ['Timeout', 'timeout'],
    ['time out', 'timeout'],
    ['gracefulTimeout', 'graceful_timeout'],
  ])('whose name %j is nearly a setting', (name, meant) => {
    expect(messagesOf({ gunicornSettings: { [name]: 1 } })).toEqual([
      `gunicorn settings: ${JSON.stringify(name)} is not the name of a setting: use lower case with underscores, here ${meant} [V1]`,
    ]);
  });

  test.each(['timeout = 1 #', ''])('whose name %j is not a setting', (name) => {
    expect(messagesOf({ gunicornSettings: { [name]: 1 } })).toEqual([
      `gunicorn settings: ${JSON.stringify(name)} is not the name of a setting: use lower case with underscores, for example limit_request_line [V1]`,
    ]);
  });
});
