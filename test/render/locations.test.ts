import { OPERATING_SYSTEMS, nginxIncludes, renderNginxConf, type NginxInput } from '../../lib/render';
import type { PlanInput } from '../../lib/plan';
import { expectGolden } from '../support/golden';
import { planOf } from '../support/plan';

/** nginx.conf, and behind it what it includes. */
const conf = (plan: Partial<PlanInput>, overrides: Partial<NginxInput> = {}) => {
  const input: NginxInput = {
    plan: planOf(plan),
    operatingSystem: OPERATING_SYSTEMS['debian-13'],
    allowedHosts: ['example.com'],
    healthCheckPath: '/health',
    trustedProxies: ['10.0.0.0/16'],
    ...overrides,
  };
  return (
    renderNginxConf(input) +
    nginxIncludes(input)
      .map(({ text }) => text)
      .join('')
  );
};
const serverOf = (text: string) => text.slice(text.indexOf('  server {'));

test('a whole server with a site that is not for everybody', () => {
  const text = conf({
    locations: [
      { path: '/', basicAuth: true },
      { path: '/admin', allow: ['192.0.2.0/24', '2001:db8::/32'], requestTimeout: 20 },
      { path: '/hooks', basicAuth: false, clientMaxBodySize: 0.5 },
      { path: '/static/plans', allow: ['192.0.2.0/24'] },
    ],
  });
  expectGolden('nginx-locations.conf', serverOf(text));
});

test('without locations nothing is said of them', () => {
  expect(conf({})).not.toMatch(/plumbline_locations|allow|deny|auth_basic|\$authorization|\$request_timeout/);
  expect(conf({})).toContain('  proxy_set_header X-Plumbline-Deadline "";\n');
});

test('a path that is the health check stands once, with its settings', () => {
  const text = conf({ locations: [{ path: '/up', allow: ['192.0.2.0/24'] }] }, { healthCheckPath: '/up' });
  expect(text.match(/location = \/up \{/g)).toHaveLength(1);
  expect(text).toContain(
    [
      '    location = /up {',
      '      if ($balancer) { rewrite ^ /.plumbline/health last; }',
      '      allow 192.0.2.0/24;',
      '      deny all;',
      '      proxy_pass http://app;',
      '',
    ].join('\n'),
  );
});

test('under asgi nginx waits on each path as long as on all, for the sake of WebSockets', () => {
  const locations = [{ path: '/quick', requestTimeout: 20 }];
  expect(serverOf(conf({ locations })).match(/proxy_read_timeout \S+;/g)).toEqual([
    'proxy_read_timeout 2s;',
    'proxy_read_timeout 26s;',
    'proxy_read_timeout 26s;',
  ]);
  expect(serverOf(conf({ locations, workerClass: 'asgi' })).match(/proxy_read_timeout \S+;/g)).toEqual([
    'proxy_read_timeout 2s;',
  ]);
});

test('a limit on requests does not hold for the health check', () => {
  const zone = { limit_req_zone: '$binary_remote_addr zone=all:1m rate=1r/s', limit_req: 'zone=all' };
  const text = conf({ nginxDirectives: zone });
  expect(text).toContain("      limit_req_dry_run on; # how often is the load balancer's\n");
});
