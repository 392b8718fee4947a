import { explainedSettings, explainPlan, planRequestPath, type PlanInput } from '../../lib/plan';

const { plan } = planRequestPath({
  instanceType: 't3.micro',
  requestTimeout: 45,
  queueTimeout: 3,
  workerClass: 'sync',
});

test('a plan explains every setting in the words of its program', () => {
  expect(explainedSettings(plan).map(({ hop, setting, value }) => `${hop} ${setting} ${value}`)).toEqual([
    'database statement timeout 42 s',
    'request guard deadline 45 s',
    'gunicorn timeout 47 s',
    'gunicorn graceful_timeout 49 s',
    'gunicorn keepalive off',
    'gunicorn workers 2',
    'gunicorn threads 1',
    'gunicorn.service TimeoutStopSec 54 s',
    'gunicorn.service WatchdogSec 30 s',
    'gunicorn.socket Backlog 4096',
    'nginx max_conns 56',
    'nginx proxy_read_timeout 52 s',
    'nginx proxy_send_timeout 52 s',
    'nginx send_timeout 57 s',
    'nginx worker_shutdown_timeout 67 s',
    'nginx.service TimeoutStopSec 72 s',
    'load balancer idle_timeout.timeout_seconds 57 s',
    'nginx client_header_timeout 62 s',
    'nginx keepalive_min_timeout 62 s',
    'nginx keepalive_timeout 72 s',
    'nginx worker_connections 8192',
    'nginx client_max_body_size 10 MiB',
    'nginx proxy_max_temp_file_size 16 MiB',
    'instance disk 16384 MiB',
    'target group deregistration_delay.timeout_seconds 57 s',
    'target group HealthCheckIntervalSeconds 10 s',
    'target group HealthCheckTimeoutSeconds 5 s',
    'instance memory 1024 MiB',
    'instance one worker more 256 MiB',
    'instance CPU 2 vCPU',
  ]);
});

test('where workers speak WebSocket, their number is explained', () => {
  const { plan: asgi } = planRequestPath({ instanceType: 't3.small', workerClass: 'asgi' });
  expect(explainPlan(asgi)).toContain(
    '| nginx | `max_conns of websockets` | 250 | as many as slots, beside the requests',
  );
  expect(explainPlan(plan)).not.toContain('websockets');
  expect(explainPlan(asgi)).toContain(
    '| gunicorn | `ping of WebSockets` | 20 s | at most 20 s and a third of proxy_read_timeout, which counts the silence: idle ones live |',
  );
  expect(explainPlan(plan)).not.toContain('ping');
});

test('a plan is printed as a Markdown table with a reason in every row', () => {
  const lines = explainPlan(plan).trimEnd().split('\n');
  expect(lines[0]).toBe('| hop | setting | value | because |');
  expect(lines.slice(2).every((line) => /^\|( [^|]+ \|){4}$/.test(line))).toBe(true);
});

test('the memory of one worker more is explained where the guard replaces workers', () => {
  expect(explainPlan(plan)).toContain(
    '| instance | `one worker more` | 256 MiB | while the guard replaces a worker; of 768 MiB the memory for workers carries 712 and swap up to 1024 |',
  );
  const off = planRequestPath({ instanceType: 't3.micro', requestGuard: false }).plan;
  expect(explainPlan(off)).not.toContain('one worker more');
});

test('without the guard the plan says so', () => {
  const off = planRequestPath({ instanceType: 't3.small', requestGuard: false }).plan;
  expect(explainPlan(off)).toContain(
    '| request guard | `deadline` | off | requestGuard is off: see the warnings for what is lost |',
  );
  expect(off.appServer.watchdogSec).toBe(0);
});

const rowsOf = (input: Partial<PlanInput>) =>
  explainedSettings(planRequestPath({ instanceType: 't3.large', ...input }).plan).map(
    ({ hop, setting, value, because }) => `${hop} ${setting} ${value}: ${because}`,
  );

test('what is off is called so', () => {
  const rows = rowsOf({ requestGuard: false, clientMaxBodySize: 0 });
  expect(rows).toContain('gunicorn.service WatchdogSec off: a hung master is replaced');
  expect(rows).toContain('nginx client_max_body_size off: clientMaxBodySize');
});

test('what differs for a path has rows of its own', () => {
  const locations = [
    { path: '/admin', allow: ['10.0.0.0/8', '::1'], basicAuth: true },
    { path: '/upload', clientMaxBodySize: 0, requestTimeout: 20 },
    { path: '/form', clientMaxBodySize: 1 },
  ];
  const because = 'locations: it, or the nearest path above it';
  expect(rowsOf({ locations }).filter((row) => row.endsWith(because))).toEqual([
    `nginx allow of /admin 10.0.0.0/8, ::1: ${because}`,
    `nginx auth_basic of /admin on: ${because}`,
    `nginx client_max_body_size of /form 1 MiB: ${because}`,
    `nginx client_max_body_size of /upload off: ${because}`,
    `request guard deadline of /upload 20 s: ${because}`,
  ]);
});

test('what an override turns on has a value', () => {
  expect(rowsOf({ gunicornSettings: { keepalive: 3 } })).toContain(
    'gunicorn keepalive 3 s: the next hop is a local UNIX socket: idle connections would take slots',
  );
});

test('an NLB is explained in its own words', () => {
  const rows = rowsOf({ loadBalancer: 'network' }).filter((row) => row.startsWith('load balancer'));
  expect(rows).toEqual([
    'load balancer tcp.idle_timeout.seconds 350 s: above keepalive_timeout: the NLB forgets idle flows silently, so nginx closes first',
  ]);
});

test.each([
  [undefined, '7522 MiB / 256 MiB, unless asked for'],
  [{ engine: 'mysql', host: 'rds', memory: 4096 }, ', as far as their connections allow, unless asked for'],
] as const)('workers are explained with what bounds them: %j', (database, end) => {
  const workers = rowsOf({ database }).find((row) => row.startsWith('gunicorn workers'));
  expect(workers?.startsWith('gunicorn workers 5: the lower of 2 × 2 vCPU + 1 and ')).toBe(true);
  expect(workers?.slice(-end.length)).toBe(end);
});
