import { OPERATING_SYSTEMS, renderBootstrap, type BackgroundWorkerSource } from '../../lib/render';
import { renderFiles } from '../../lib/render/files';
import { bootstrapInput } from '../support/bootstrap-input';
import { planOf } from '../support/plan';

const operatingSystem = OPERATING_SYSTEMS['debian-13'];
const numbers = { processes: 2, memoryPerProcess: 64, taskTimeout: 300 };

test('commands of a step run in the release that is about to serve', () => {
  const extraCommands = [{ name: 'load fixtures', commands: ['one', 'two'] }];
  expect(renderBootstrap(bootstrapInput({ extraCommands }))).toContain(
    "commands_0() {\n  cd /srv/app/next\n  bash -euo pipefail /dev/fd/3 3<<'EOF'\none\ntwo\nEOF\n}\n",
  );
});

test('processes of RQ are units of one template, however many they are', () => {
  const worker = { name: 'rq', kind: 'rq', ...numbers, processes: 11 } as const;
  const plan = planOf({ instanceType: 't3.large', cache: { host: 'elasticache' }, backgroundWorkers: [worker] });
  const script = renderBootstrap(bootstrapInput({ plan, backgroundWorkers: [{ name: 'rq', kind: 'rq' }] }));
  expect(script).toContain("\nsandboxed='rq@'\n");
  expect(script).toContain(' rq@9 rq@10 rq@11\n');
});

test.each<[string, BackgroundWorkerSource, string]>([
  [
    'Celery without queues',
    { name: 'mail', kind: 'celery', app: 'site' },
    '-A site worker --hostname mail@%%h --loglevel INFO --concurrency 2 --time-limit 300 --include plumbline_celery',
  ],
  [
    'Celery with queues',
    { name: 'mail', kind: 'celery', app: 'site', queues: ['high', 'low'] },
    '-A site worker --hostname mail@%%h --loglevel INFO --concurrency 2 --time-limit 300 --include plumbline_celery --queues high,low',
  ],
  ['RQ without queues', { name: 'rq', kind: 'rq' }, 'manage.py rqworker default --with-scheduler'],
  [
    'RQ with queues',
    { name: 'rq', kind: 'rq', queues: ['high', 'low'] },
    'manage.py rqworker high low --with-scheduler',
  ],
])('%s is started with what it works on, and nothing more', (_, source, end) => {
  const { name, kind } = source;
  const plan = planOf({ cache: { host: 'elasticache' }, backgroundWorkers: [{ name, kind, ...numbers }] });
  const unit = renderFiles(bootstrapInput({ operatingSystem, plan, backgroundWorkers: [source] })).at(-1)!;
  const command = unit.text.split('\n').find((line) => line.startsWith('ExecStart='))!;
  expect(command.slice(-end.length - 1)).toBe(` ${end}`);
});

test('fails on background workers that the plan does not have', () => {
  const mail = { name: 'mail', kind: 'celery', app: 'site' } as const;
  const plan = planOf({ backgroundWorkers: [{ name: 'mail', kind: 'celery', ...numbers }] });
  for (const [some, place] of [
    [{ backgroundWorkers: [mail] }, 1],
    [{ plan, backgroundWorkers: [mail, mail] }, 2],
  ] as const) {
    expect(() => renderFiles(bootstrapInput(some))).toThrow(
      new Error(`the plan has no background worker mail at place ${place}: plan the same ones`),
    );
  }
});

test('fails on every value that a file cannot hold, at once', () => {
  expect(() => renderFiles(bootstrapInput({ healthCheckPath: 'up', allowedHosts: ['a b'] }))).toThrow(
    new Error(
      'allowedHosts "a b" must be a host name, as in the ALLOWED_HOSTS of Django\n' +
        'healthCheckPath "up" must be a path of letters, digits and - _ . ~ / that starts with /',
    ),
  );
});
