import { execFileSync } from 'node:child_process';
import { renderBootstrap, renderFiles, type BackgroundWorkerSource, type BootstrapInput } from '../../lib/render';
import { bootstrapInput } from '../support/bootstrap-input';
import { expectGolden } from '../support/golden';
import { planOf } from '../support/plan';

const WORKERS: readonly BackgroundWorkerSource[] = [
  { name: 'celery', kind: 'celery', app: 'mysite', queues: ['mail', 'reports'] },
  { name: 'celery-beat', kind: 'celery-beat', app: 'mysite' },
  { name: 'rq', kind: 'rq', queues: ['high', 'default'] },
  { name: 'mailer', kind: 'command', command: `python -m mailer --greeting "it's 100%" --home $HOME` },
  { name: 'mail', kind: 'celery', app: 'mysite', queues: ['mail'] },
  { name: 'reports', kind: 'rq', queues: ['reports'] },
  { name: 'nightly', kind: 'schedule', command: 'python manage.py nightly', schedule: 'Mon..Fri *-*-* 03:00:00 UTC' },
];
const plan = planOf({
  instanceType: 't3.large',
  // which keeps the queue on the instance
  database: { engine: 'postgresql', host: 'instance' },
  cache: { host: 'instance' },
  backgroundWorkers: WORKERS.map(({ name, kind }, index) => ({
    name,
    kind,
    processes: index + 2,
    memoryPerProcess: 100 + index,
    taskTimeout: 300 + index,
  })),
});
const input = (changes: Partial<BootstrapInput> = {}) =>
  bootstrapInput({ plan, backgroundWorkers: WORKERS, ...changes });
const unitOf = (name: string, changes: Partial<BootstrapInput> = {}) =>
  renderFiles(input(changes)).find(({ path }) => path === `/etc/systemd/system/${name}.service`)?.text;

test.each(['celery', 'celery-beat', 'rq@', 'mailer'])('%s.service', (name) => {
  expectGolden(`${name}.service`, unitOf(name) ?? '');
});

describe('a schedule', () => {
  const timerOf = (changes: Partial<BootstrapInput> = {}) =>
    renderFiles(input(changes)).find(({ path }) => path === '/etc/systemd/system/nightly.timer')?.text;
  const once = {
    ...plan,
    backgroundWorkers: plan.backgroundWorkers.map((worker) => ({ ...worker, oncePerFleet: worker.name === 'nightly' })),
  };

  test('is a service that ends, and a timer', () => {
    expectGolden('nightly.service', unitOf('nightly') ?? '');
    expectGolden('nightly.timer', timerOf() ?? '');
  });

  test('once in a fleet asks the broker, and leaves a missed run to another machine', () => {
    expect(unitOf('nightly', { plan: once })).toContain(
      '\nExecCondition=/srv/app/current/.venv/bin/python -m plumbline_schedule begin nightly 642\n' +
        'ExecStopPost=/srv/app/current/.venv/bin/python -m plumbline_schedule end nightly\n',
    );
    expect(timerOf({ plan: once })).not.toContain('Persistent');
  });

  test('has nowhere to ask where the machine knows no broker', () => {
    const alone = { plan: { ...once, cache: undefined } };
    expect(unitOf('nightly', alone)).not.toContain('plumbline_schedule');
    expect(timerOf(alone)).toContain('\nPersistent=yes\n');
  });

  test('fails with a time that systemd does not know', () => {
    const backgroundWorkers = WORKERS.map((worker) =>
      worker.kind === 'schedule' ? { ...worker, schedule: '25:00 UTC' } : worker,
    );
    expect(() => renderFiles(input({ backgroundWorkers }))).toThrow(
      'backgroundWorkers nightly schedule "25:00 UTC" must have an hour',
    );
  });
});

test('each value of the plan stands in its setting', () => {
  expect(unitOf('celery')).toContain(' --concurrency 2 --time-limit 300 ');
  expect(unitOf('celery')).toContain('\nTimeoutStopSec=315\nMemoryMax=264M\n');
  expect(unitOf('celery-beat')).toContain('\nTimeoutStopSec=316\nMemoryMax=367M\n');
  expect(unitOf('mailer')).toContain('\nTimeoutStopSec=318\nMemoryMax=579M\n');
});

test('a process of rq is a unit of its own, with its share of the memory', () => {
  const reports = Array.from({ length: 7 }, (_, index) => `reports@${index + 1}`).join(' ');
  expect(unitOf('rq@')).toContain('\nMemoryMax=166M\n');
  expect(renderBootstrap(input())).toContain(
    `\nrun workers start_workers celery celery-beat rq@1 rq@2 rq@3 rq@4 mailer mail ${reports} nightly.timer\n`,
  );
});

test('a second worker of a kind is a unit, a node and a folder of its own', () => {
  expect(unitOf('celery')).toContain(' --hostname celery@%%h ');
  expect(unitOf('mail')).toMatch(/\nRuntimeDirectory=plumbline_mail\n[^]* --hostname mail@%%h [^]* --queues mail\n/);
  expect(unitOf('mail')).toContain('\nTimeoutStopSec=319\nMemoryMax=688M\n');
  expect(unitOf('reports@')).toMatch(/\nRuntimeDirectory=plumbline_reports_%i\n[^]* rqworker reports /);
});

test("no worker's folder is that of the machine's secrets, whatever its name", () => {
  const [first] = WORKERS;
  const named = { ...plan, backgroundWorkers: [{ ...plan.backgroundWorkers[0]!, name: 'secrets' }] };
  const unit = unitOf('secrets', { plan: named, backgroundWorkers: [{ ...first!, name: 'secrets' }] });
  expect(unit).toContain('\nRuntimeDirectory=plumbline_secrets\n');
});

test('each has its secrets fetched when it starts', () => {
  const fetched = '\nExecStartPre=/usr/bin/python3 -I /usr/local/lib/plumbline/plumbline_secrets.py write\n';
  expect(unitOf('celery')).toContain(fetched);
  expect(unitOf('rq@')).toContain(fetched);
  expect(unitOf('celery', { secrets: [] })).not.toContain('secrets');
});

test('without queues celery and rq take those of their own', () => {
  const backgroundWorkers = WORKERS.map(({ queues: _, ...worker }) => worker);
  expect(unitOf('celery', { backgroundWorkers })).not.toContain('--queues');
  expect(unitOf('rq@', { backgroundWorkers })).toContain(' manage.py rqworker default --with-scheduler\n');
});

test('without a broker that the machine knows, celery-beat has nowhere to lock', () => {
  expect(unitOf('celery-beat', { plan: { ...plan, cache: undefined } })).toContain(
    '/celery -A mysite beat --loglevel INFO --schedule /var/lib/app/celerybeat-schedule\n',
  );
});

test('they start after the database and the cache', () => {
  expect(unitOf('celery')).toContain(
    '\nAfter=network-online.target plumbline_secrets.socket valkey.service\nWants=network-online.target plumbline_secrets.socket valkey.service\n',
  );
});

test('all get the sandbox of the application', () => {
  expect(renderBootstrap(input())).toContain("\nsandboxed='celery celery-beat rq@ mailer mail reports@ nightly'\n");
});

test('a command comes to its shell as it was given', () => {
  const line = /^ExecStart=\/bin\/bash -c "(.*)"$/m.exec(unitOf('mailer') ?? '')?.[1] ?? '';
  // what systemd does with it
  const given = line.replace(/\$\$/g, '$').replace(/%%/g, '%').replace(/\\(.)/g, '$1');
  expect(given).toBe(WORKERS[3]?.command);
  execFileSync('bash', ['-nc', given]);
});

test('a token in a command stays as it is', () => {
  const command = 'python -m mailer ${Token[Bucket.7]} $HOME';
  const backgroundWorkers = WORKERS.map((worker) => (worker.kind === 'command' ? { ...worker, command } : worker));
  expect(unitOf('mailer', { backgroundWorkers })).toContain('"python -m mailer ${Token[Bucket.7]} $$HOME"');
});

test('fails on workers that the plan does not have', () => {
  const backgroundWorkers = [WORKERS[1]!];
  expect(() => renderFiles(input({ backgroundWorkers }))).toThrow(
    new Error('the plan has no background worker celery-beat at place 1: plan the same ones'),
  );
});
