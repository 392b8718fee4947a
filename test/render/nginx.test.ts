import { OPERATING_SYSTEMS, nginxIncludes, renderNginxConf, type NginxInput } from '../../lib/render';
import { expectGolden } from '../support/golden';
import { DISTINCT_PLAN, planOf } from '../support/plan';

const input = (overrides: Partial<NginxInput> = {}): NginxInput => ({
  plan: planOf(),
  operatingSystem: OPERATING_SYSTEMS['debian-13'],
  allowedHosts: ['example.com', 'www.example.com'],
  healthCheckPath: '/health',
  trustedProxies: ['10.0.0.0/16'],
  ...overrides,
});
const conf = (overrides: Partial<NginxInput> = {}) => renderNginxConf(input(overrides));

test('nginx.conf behind an Application Load Balancer', () => {
  expectGolden('nginx.conf', conf());
});

test('the location of static files', () => {
  const includes = nginxIncludes(input());
  expect(includes.map(({ path }) => path)).toEqual(['/etc/nginx/plumbline_static.conf']);
  expectGolden('nginx-static.conf', includes[0]!.text);
});

test('nginx.conf behind a Network Load Balancer, for the worker class asgi, on Amazon Linux', () => {
  const plan = planOf({ workerClass: 'asgi', loadBalancer: 'network' });
  expectGolden('nginx-asgi-network.conf', conf({ plan, operatingSystem: OPERATING_SYSTEMS['amazon-linux-2023'] }));
});

test('each value of the plan stands where its comment says', () => {
  const text = conf({ plan: DISTINCT_PLAN });
  for (const line of [
    'worker_processes 313; # workerProcesses',
    'worker_rlimit_nofile 628; # 2 x workerConnections',
    'worker_shutdown_timeout 308s; # workerShutdownTimeout',
    'events { worker_connections 314; } # workerConnections',
    'client_header_timeout 304s; # clientHeaderTimeout',
    'client_body_timeout 305s; # clientBodyTimeout',
    'send_timeout 303s; # sendTimeout',
    'keepalive_timeout 306s; # keepaliveTimeout',
    'keepalive_min_timeout 307s; # keepaliveMinTimeout, since nginx 1.27.4',
    'client_max_body_size 315m; # clientMaxBodySize',
    'proxy_read_timeout 301s; # proxyReadTimeout',
    'proxy_send_timeout 302s; # proxySendTimeout',
    'proxy_ignore_client_abort on; # proxyIgnoreClientAbort',
    'max_conns=310; # maxConns: slots and queue',
    'keepalive 311; # upstreamKeepalive',
    'keepalive_timeout 312s; # upstreamKeepaliveTimeout',
    '      proxy_read_timeout 316s; # healthReadTimeout',
  ]) {
    expect(text).toContain(`${line}\n`);
  }
});

test('idle connections to the application are kept only where the plan keeps some', () => {
  expect(conf()).toContain('proxy_set_header Connection close;');
  expect(conf({ plan: DISTINCT_PLAN })).toContain('proxy_set_header Connection "";');
});

test('WebSockets, which have no deadline, have as many places as there are slots and take none of a request', () => {
  const plan = planOf({ workerClass: 'asgi', workers: 3, workerConnections: 70 });
  const text = conf({ plan });
  expect(text).toContain('max_conns=680; # maxConns: slots and queue\n');
  expect(text).toContain('max_conns=210; # as many as slots\n');
  expect(text).toContain('map $http_upgrade $upstream { default app; websocket websockets; }\n');
  expect(text).toContain('location / { proxy_pass http://$upstream; }\n');
  expect(text).toContain('map $upstream_addr $full { default ""; app full; health full; websockets full; }\n');
});

test('WebSockets and requests together find room in the backlog', () => {
  const plan = planOf({ instanceType: 't3.2xlarge', workerClass: 'asgi', workerConnections: 70 });
  expect(plan.nginx.maxConns).toBe(3620);
  expect(conf({ plan })).toContain('max_conns=475; # as many as slots\n');
});

test('where no worker class speaks WebSocket, nothing is said of them', () => {
  for (const workerClass of ['sync', 'gthread', 'gevent'] as const) {
    expect(conf({ plan: planOf({ workerClass }) })).not.toContain('websocket');
  }
});

test('without a limit on bodies the limit is switched off', () => {
  expect(conf({ plan: planOf({ clientMaxBodySize: 0 }) })).toContain('client_max_body_size 0;');
});

test('where a Network Load Balancer ends TLS, the application hears of it', () => {
  const plan = planOf({ loadBalancer: 'network' });
  expect(conf({ plan, tls: true })).toContain('set $forwarded_proto https;');
  expect(conf({ plan })).toContain('set $forwarded_proto $scheme;');
});

test.each(['application', 'network'] as const)(
  'no location cancels the headers that are set, behind %p',
  (loadBalancer) => {
    const text = conf({ plan: planOf({ loadBalancer, workerClass: 'asgi' }) });
    expect(text.indexOf('proxy_set_header')).toBeLessThan(text.indexOf('  server {'));
    expect(text.slice(text.indexOf('  server {'))).not.toContain('proxy_set_header');
  },
);

test.each([
  [['*'], 'localhost'],
  [[], 'localhost'],
  [['.example.com'], 'example.com'],
  [['${Token[DNSName.7]}', 'b.example.com'], '${Token[DNSName.7]}'],
])('with the allowed hosts %p the health check asks for %s', (allowedHosts, host) => {
  expect(conf({ allowedHosts })).toContain(`      set $forwarded_host ${host};\n`);
});

describe('directives of the user', () => {
  const withDirectives = (nginxDirectives: Record<string, string>) => conf({ plan: planOf({ nginxDirectives }) });

  test('replace the one that stands there', () => {
    const text = withDirectives({ server_tokens: 'on' });
    expect(text).toContain('  server_tokens on; # override\n');
    expect(text).not.toContain('server_tokens off');
  });

  test('are added to those that may stand more than once', () => {
    const text = withDirectives({ proxy_set_header: 'X-Region eu-west-1' });
    expect(text).toContain('  proxy_set_header X-Region eu-west-1; # override\n');
    expect(text).toContain('  proxy_set_header X-Real-IP $remote_addr;\n');
  });

  test('stand in the main context where they belong there', () => {
    const text = withDirectives({ pcre_jit: 'on' });
    expect(text.indexOf('pcre_jit on; # override')).toBeLessThan(text.indexOf('http {'));
  });
});
