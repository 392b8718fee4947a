import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  OPERATING_SYSTEMS,
  renderFiles,
  renderGunicornConf,
  renderGunicornService,
  renderGunicornSocket,
  renderNginxDropIn,
} from '../../lib/render';
import { RUNTIME_DIRECTORY } from '../../lib/runtime';
import { bootstrapInput } from '../support/bootstrap-input';
import { expectGolden } from '../support/golden';
import { DISTINCT_PLAN, planOf } from '../support/plan';

const NONE = { units: [], secrets: false };

test('gunicorn.service', () => {
  expectGolden('gunicorn.service', renderGunicornService(planOf(), { units: [], secrets: true }));
});

test('gunicorn.socket', () => {
  expectGolden('gunicorn.socket', renderGunicornSocket(planOf(), OPERATING_SYSTEMS['debian-13']));
});

test('the drop-in of nginx.service', () => {
  expectGolden('nginx.service.d-plumbline.conf', renderNginxDropIn(planOf()));
});

test('where there are WebSockets, they are closed as soon as nginx begins to stop', () => {
  expectGolden('nginx.service.d-plumbline-asgi.conf', renderNginxDropIn(planOf({ workerClass: 'asgi' })));
});

test('each value of the plan stands in its setting', () => {
  const service = renderGunicornService(DISTINCT_PLAN, NONE);
  expect(service).toContain('\nTimeoutStartSec=212\nTimeoutStopSec=213\nWatchdogSec=214\n');
  expect(renderGunicornSocket(DISTINCT_PLAN, OPERATING_SYSTEMS['amazon-linux-2023'])).toContain('\nBacklog=211\n');
  expect(renderNginxDropIn(DISTINCT_PLAN)).toContain('\nTimeoutStopSec=309\nLimitNOFILE=628\n');
});

test('the sockets belong to the group of nginx', () => {
  const group = (name: keyof typeof OPERATING_SYSTEMS) =>
    /^SocketGroup=(.*)$/m.exec(renderGunicornSocket(planOf(), OPERATING_SYSTEMS[name]))?.[1];
  expect(group('amazon-linux-2023')).toBe('nginx');
  expect(group('ubuntu-24.04')).toBe('www-data');
});

test('secrets are fetched before each start only where there are some', () => {
  expect(renderGunicornService(planOf(), NONE)).not.toContain('secrets');
});

test('without the request guard nobody beats for the watchdog, so there is none', () => {
  expect(renderGunicornService(planOf({ requestGuard: false }), NONE)).not.toContain('WatchdogSec');
});

test.each([
  ['mysql', 'none', true],
  ['mariadb', 'none', true],
  ['mysql', 'rds-proxy', false],
  ['postgresql', 'none', false],
] as const)('%s, pooling %s: queries of killed workers are looked for: %s', (engine, pooling, looked) => {
  const plan = planOf({ database: { engine, pooling, host: 'elsewhere', maxConnections: 300 } });
  const unit = '\nRuntimeDirectoryPreserve=restart\nExecStopPost=/bin/rm -f /run/plumbline/serving\n';
  expect(renderGunicornService(plan, NONE).includes(unit)).toBe(looked);
  const conf = renderGunicornConf({
    plan,
    wsgi: 'mysite.wsgi:application',
    answerHealth: true,
  });
  expect(conf.includes('\nchild_exit = plumbline_orphans.child_exit\n')).toBe(looked);
});

test('heaps of threads are bounded where there are threads', () => {
  expect(renderGunicornService(planOf(), { units: [], secrets: true })).toContain('MALLOC_ARENA_MAX=2');
  expect(renderGunicornService(planOf({ workerClass: 'sync' }), NONE)).not.toContain('MALLOC_ARENA_MAX');
});

describe('the boundary between root and the application', () => {
  const runtime = (name: string) => readFileSync(join(RUNTIME_DIRECTORY, name), 'utf8');
  const settingsOf = (text: string) => text.split('\n').filter((line) => /^\w+=/.test(line));
  const units = renderFiles(
    bootstrapInput({
      operatingSystem: OPERATING_SYSTEMS['debian-13'],
      plan: planOf({
        instanceType: 't3.large',
        database: { engine: 'mariadb', host: 'instance' },
        cache: { host: 'instance' },
        backgroundWorkers: [
          { name: 'celery', kind: 'celery', processes: 2, memoryPerProcess: 192, taskTimeout: 300 },
          { name: 'rq', kind: 'rq', processes: 2, memoryPerProcess: 192, taskTimeout: 300 },
          { name: 'mailer', kind: 'command', processes: 1, memoryPerProcess: 192, taskTimeout: 300 },
        ],
      }),
      backgroundWorkers: [
        { name: 'celery', kind: 'celery', app: 'mysite' },
        { name: 'rq', kind: 'rq' },
        { name: 'mailer', kind: 'command', command: 'true' },
      ],
    }),
  ).filter(({ path }) => path.startsWith('/etc/systemd/'));

  test('services of the application live in this sandbox, each line of which they would miss', () => {
    expect(settingsOf(runtime('plumbline_sandbox.conf'))).toEqual([
      'ProtectSystem=strict',
      'ProtectHome=yes',
      'PrivateTmp=yes',
      'PrivateDevices=yes',
      'ProtectHostname=yes',
      'ProtectClock=yes',
      'ProtectKernelTunables=yes',
      'ProtectKernelModules=yes',
      'ProtectKernelLogs=yes',
      'ProtectControlGroups=yes',
      'ProtectProc=invisible',
      'RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6',
      'RestrictNamespaces=yes',
      'RestrictRealtime=yes',
      'RestrictSUIDSGID=yes',
      'LockPersonality=yes',
      'RemoveIPC=yes',
      'NoNewPrivileges=yes',
      'SystemCallArchitectures=native',
      'SystemCallErrorNumber=EPERM',
    ]);
  });

  test('what is more than that is in each unit', () => {
    const ofApplication = units.filter(({ text }) => text.includes('\nUser=app\n'));
    expect(ofApplication.map(({ path }) => path.split('/').pop())).toEqual([
      'gunicorn.service',
      'celery.service',
      'rq@.service',
      'mailer.service',
    ]);
    for (const { text } of ofApplication) {
      expect(text).toContain('\nCapabilityBoundingSet=\nPrivateUsers=yes\nSystemCallFilter=@system-service\n');
      expect(text).toContain('\nSystemCallFilter=~@privileged @resources\n');
    }
  });

  test("no unit runs anything as root with an environment or from a folder of the application's", () => {
    expect(units.length).toBeGreaterThan(6);
    for (const { path, text } of units) {
      expect([path, settingsOf(text).filter((line) => /^Exec\w+=[@:|-]*[+!]/.test(line))]).toEqual([path, []]);
      const files = settingsOf(text).filter((line) => line.startsWith('EnvironmentFile='));
      if (!text.includes('\nUser=app\n')) expect([path, files]).toEqual([path, []]);
      expect(files.every((file) => /=(\/etc\/gunicorn\/|-\/run\/plumbline-secrets\/)environment$/.test(file))).toBe(
        true,
      );
    }
  });

  test('nginx and a cache on the machine never reach the metadata service, whoever else may', () => {
    const never = units.filter(({ text }) => text.includes('\nIPAddressDeny=169.254.169.254 fd00:ec2::254\n'));
    expect(never.map(({ path }) => path.split('/').at(-2))).toEqual(['nginx.service.d', 'valkey-server.service.d']);
    expect(settingsOf(runtime('plumbline_no_metadata.conf'))).toEqual(['IPAddressDeny=169.254.169.254 fd00:ec2::254']);
  });

  test('root answers the application alone, a few at a time, with no environment and no capability', () => {
    expect(settingsOf(runtime('plumbline_secrets.socket'))).toEqual(
      expect.arrayContaining([
        'SocketUser=app',
        'SocketMode=0600',
        'Accept=yes',
        'MaxConnections=4',
        'Backlog=8',
        'TriggerLimitIntervalSec=0',
      ]),
    );
    const service = settingsOf(runtime('plumbline_secrets@.service'));
    expect(service).toEqual(
      expect.arrayContaining([
        'RuntimeDirectoryMode=0700',
        'RuntimeDirectoryPreserve=yes',
        'CapabilityBoundingSet=',
        'SystemCallFilter=@system-service',
        'SystemCallFilter=~@privileged @resources',
      ]),
    );
    expect(service.filter((line) => /^(Environment|PassEnvironment|WorkingDirectory)/.test(line))).toEqual([]);
  });
});

test('a project in a folder of the release runs there, and imports from others', () => {
  const layout = { workingDirectory: 'apps/shop', pythonPath: ['.', 'libs/src'] };
  const unit = renderGunicornService(planOf({}), { units: [], secrets: false, layout });
  expect(unit).toContain('\nWorkingDirectory=/srv/app/current/apps/shop\n');
  expect(unit).toContain(' PYTHONPATH=/usr/local/lib/plumbline:/srv/app/current:/srv/app/current/libs/src PYTHON');
});
