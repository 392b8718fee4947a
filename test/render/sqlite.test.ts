import { renderBootstrap, renderFiles } from '../../lib/render';
import { bootstrapInput } from '../support/bootstrap-input';
import { expectGolden } from '../support/golden';
import { planOf } from '../support/plan';

const celery = { name: 'celery', kind: 'celery', processes: 1, memoryPerProcess: 192, taskTimeout: 300 } as const;
const nightly = { ...celery, name: 'nightly', kind: 'schedule' } as const;
const plan = planOf({
  instanceType: 't3.large',
  database: { engine: 'sqlite', host: 'instance' },
  cache: { host: 'instance' },
  backgroundWorkers: [celery, nightly],
});
const input = bootstrapInput({
  plan,
  database: { onInstance: true },
  dataVolume: 'vol-0123456789abcdef0',
  backgroundWorkers: [
    { name: 'celery', kind: 'celery', app: 'mysite' },
    { name: 'nightly', kind: 'schedule', command: 'python manage.py clearsessions', schedule: '*-*-* 03:00:00 UTC' },
  ],
});
const textOf = (end: string) => renderFiles(input).find(({ path }) => path.endsWith(end))!.text;

test('gunicorn.service may write to the folder of SQLite, and starts after the volume', () => {
  expectGolden('gunicorn-sqlite.service', textOf('/gunicorn.service'));
});

test.each(['/gunicorn.service', '/celery.service', '/nightly.service'])('so may and does %s', (unit) => {
  const text = textOf(unit);
  expect(text).toContain('\nReadWritePaths=/srv/data/sqlite\n');
  expect(text).toMatch(/\nAfter=.* srv-data\.mount\n/);
  expect(text).not.toMatch(/\n(Wants|Requires)=.*srv-data/);
});

test('nothing of a server is on the machine', () => {
  expect(
    renderFiles(input)
      .map(({ path }) => path)
      .join(),
  ).not.toMatch(/mysql|mariadb|postgresql|pgbouncer/);
  expect(textOf('/gunicorn.conf.py')).not.toContain('orphans');
  expect(textOf('/gunicorn.conf.py')).toContain('plumbline_fork.refuse_shared');
});

test('the file is made after the volume is mounted and before the release is tried', () => {
  expect(renderBootstrap(input).match(/^run (data|configuration|database|django|migrate) .*/gm)).toEqual([
    'run data data',
    'run configuration configuration',
    'run database sqlite',
    'run django django',
    'run migrate migrate',
  ]);
});
