import { OPERATING_SYSTEMS, renderGunicornConf, renderNginxConf, type NginxInput } from '../../lib/render';
import { DISTINCT_PLAN, planOf } from '../support/plan';

const conf = (nginxDirectives: Record<string, string>, overrides: Partial<NginxInput> = {}) =>
  renderNginxConf({
    plan: planOf({ nginxDirectives }),
    operatingSystem: OPERATING_SYSTEMS['debian-13'],
    allowedHosts: ['example.com'],
    healthCheckPath: '/health',
    trustedProxies: ['10.0.0.0/16', '10.1.0.0/16'],
    ...overrides,
  });
const [mainPart, httpPart] = [0, 1] as const;
const partsOf = (text: string) => text.split(/^events .*\nhttp \{$/m);
const linesOf = (text: string, name: string) =>
  text.split('\n').filter((line) => new RegExp(`^ {0,2}${name} `).test(line));

test.each(['env', 'pcre_jit', 'thread_pool', 'timer_resolution', 'worker_cpu_affinity', 'worker_priority'])(
  'an override of %s stands in the main context, once',
  (name) => {
    const parts = partsOf(conf({ [name]: 'on' }));
    expect(linesOf(parts[mainPart]!, name)).toEqual([`${name} on; # override`]);
    expect(linesOf(parts[httpPart]!, name)).toEqual([]);
  },
);

test.each(['error_log', 'worker_rlimit_nofile'])(
  'an override of %s takes the place of the one in the main context',
  (name) => {
    const parts = partsOf(conf({ [name]: 'on' }));
    expect(linesOf(parts[mainPart]!, name)).toEqual([`${name} on; # override`]);
    expect(linesOf(parts[httpPart]!, name)).toEqual([]);
  },
);

test.each(['sendfile', 'access_log', 'proxy_buffers', 'proxy_http_version'])(
  'an override of %s takes the place of the one in the http context',
  (name) => {
    const parts = partsOf(conf({ [name]: 'on' }));
    expect(linesOf(parts[mainPart]!, name)).toEqual([]);
    expect(linesOf(parts[httpPart]!, name)).toEqual([`  ${name} on; # override`]);
  },
);

test('a directive that stands nowhere is added to the http context, once', () => {
  const parts = partsOf(conf({ gzip_comp_level: '6' }));
  expect(linesOf(parts[mainPart]!, 'gzip_comp_level')).toEqual([]);
  expect(linesOf(parts[httpPart]!, 'gzip_comp_level')).toEqual(['  gzip_comp_level 6; # override']);
});

test.each(['proxy_hide_header', 'proxy_set_header'])('an override of %s is added to those that stand there', (name) => {
  const standing = linesOf(conf({}), name);
  expect(linesOf(conf({ [name]: 'on' }), name)).toEqual([...standing, `  ${name} on; # override`]);
});

test('addresses of clients are read behind an Application Load Balancer whose ranges are known, and only there', () => {
  const real = (text: string) => [...linesOf(text, 'set_real_ip_from'), ...linesOf(text, 'real_ip_header')];
  expect(real(conf({}))).toEqual([
    '  set_real_ip_from 10.0.0.0/16;',
    '  set_real_ip_from 10.1.0.0/16;',
    '  real_ip_header X-Forwarded-For;',
  ]);
  expect(real(conf({}, { trustedProxies: [] }))).toEqual([]);
  expect(real(conf({}, { plan: planOf({ loadBalancer: 'network' }) }))).toEqual([]);
});

test('an upgrade goes through with idle connections to the application and without', () => {
  const asgi = { ...DISTINCT_PLAN.appServer, workerClass: 'asgi' };
  const upgrade = (upstreamKeepalive: number) => {
    const plan = { ...DISTINCT_PLAN, appServer: asgi, nginx: { ...DISTINCT_PLAN.nginx, upstreamKeepalive } };
    return /map \$http_upgrade .*/.exec(conf({}, { plan }))![0];
  };
  expect(upgrade(8)).toBe('map $http_upgrade $connection_upgrade { default upgrade; "" ""; }');
  expect(upgrade(0)).toBe('map $http_upgrade $connection_upgrade { default upgrade; "" close; }');
});

test('a setting of gunicorn stands once, whether it replaces one or not', () => {
  const gunicornSettings = { limit_request_line: 8190, reuse_port: true };
  const text = renderGunicornConf({
    plan: planOf({ gunicornSettings }),
    wsgi: 'a:b',
    answerHealth: true,
  });
  expect(text.match(/^(limit_request_line|reuse_port) = .*$/gm)).toEqual([
    'limit_request_line = 8190  # override',
    'reuse_port = True  # override',
  ]);
});
