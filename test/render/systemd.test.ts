import {
  OPERATING_SYSTEMS,
  renderGunicornConf,
  renderGunicornService,
  renderGunicornSocket,
  renderNginxDropIn,
} from '../../lib/render';
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
