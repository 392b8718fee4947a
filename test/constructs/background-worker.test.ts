import { Duration, Size, Token } from 'aws-cdk-lib';
import { InstanceType } from 'aws-cdk-lib/aws-ec2';
import { Annotations, Match } from 'aws-cdk-lib/assertions';
import { BackgroundWorker, Cache, Database, type ScheduleOptions, type WebServiceProps } from '../../lib';
import { machineOf, serve } from '../support/stacks';

const made = (backgroundWorkers: BackgroundWorker[], props: Partial<WebServiceProps> = {}) =>
  serve({ backgroundWorkers, cache: Cache.redisOnInstance(), database: Database.mysqlOnInstance(), ...props });
const unitOf = (machine: string, unit: string) =>
  machine.split(`== /etc/systemd/system/${unit}.service\n`)[1]?.split('\n== ')[0];

describe('a worker of Celery', () => {
  test('has two processes of 192 MiB, and five minutes for a task', () => {
    expect(made([BackgroundWorker.celery({ app: 'mysite' })]).service.plan.backgroundWorkers).toEqual([
      expect.objectContaining({ name: 'celery', processes: 2, memoryPerProcess: 192, taskTimeout: 300 }),
    ]);
  });

  test('has what it is given', () => {
    const worker = BackgroundWorker.celery({
      app: 'mysite.tasks:app',
      concurrency: 1,
      memoryPerProcess: Size.mebibytes(300),
      taskTimeout: Duration.minutes(10),
      longestDelay: Duration.days(1),
      queues: ['mail', 'reports'],
    });
    const { service, template } = made([worker]);
    expect(service.plan.backgroundWorkers).toEqual([
      expect.objectContaining({ processes: 1, memoryPerProcess: 300, taskTimeout: 600, longestDelay: 86400 }),
    ]);
    expect(unitOf(machineOf(template()), 'celery')).toContain('mysite.tasks:app');
  });

  test('has limits that the application knows: a task is over before the broker gives it to another', () => {
    const machine = machineOf(made([BackgroundWorker.celery({ app: 'mysite' })]).template());
    expect(machine).toMatch(/PLUMBLINE_TASK_TIMEOUT=300\n/);
    expect(machine).toMatch(/PLUMBLINE_LEAST_VISIBILITY_TIMEOUT=360\nPLUMBLINE_VISIBILITY_TIMEOUT=3600\n/);
  });

  test('warns where no cache can be its broker', () => {
    const { stack } = made([BackgroundWorker.celery({ app: 'mysite' })], { cache: undefined });
    Annotations.fromStack(stack).hasWarning('/Test/Site', Match.stringLikeRegexp('without a broker'));
  });
});

describe('two workers of a kind', () => {
  test('are units of their own, each with its queues', () => {
    const { service, template } = made(
      [
        BackgroundWorker.celery({ app: 'mysite', concurrency: 1, queues: ['celery'] }),
        BackgroundWorker.celery({ app: 'mysite', name: 'mail', concurrency: 1, queues: ['mail'] }),
        BackgroundWorker.rq({ name: 'reports', queues: ['reports'] }),
      ],
      { instanceType: new InstanceType('t3.large') },
    );
    expect(service.plan.backgroundWorkers.map(({ name }) => name)).toEqual(['celery', 'mail', 'reports']);
    expect(unitOf(machineOf(template()), 'mail')).toContain(' --queues mail\n');
    expect(unitOf(machineOf(template()), 'reports@')).toContain(' rqworker reports ');
  });
});

describe('the scheduler of Celery', () => {
  test('starts no task, so it stops at once', () => {
    const { service, template } = made([BackgroundWorker.celeryBeat({ app: 'mysite' })]);
    expect(service.plan.backgroundWorkers).toEqual([
      expect.objectContaining({ name: 'celery-beat', processes: 1, taskTimeout: 0 }),
    ]);
    expect(unitOf(machineOf(template()), 'celery-beat')).toContain('plumbline_beat mysite ');
  });
});

describe('workers of RQ', () => {
  test('are units of their own', () => {
    const { service, template } = made([BackgroundWorker.rq({ processes: 2, queues: ['high', 'low'] })]);
    expect(service.plan.backgroundWorkers).toEqual([expect.objectContaining({ name: 'rq', processes: 2 })]);
    expect(unitOf(machineOf(template()), 'rq@')).toMatch(/rqworker high low/);
  });
});

describe('a command', () => {
  test('is a unit with its name', () => {
    const worker = BackgroundWorker.command('consumer', 'python manage.py consume --all', {
      taskTimeout: Duration.seconds(30),
    });
    const { service, template } = made([worker], { cache: undefined });
    expect(service.plan.backgroundWorkers).toEqual([
      expect.objectContaining({ name: 'consumer', kind: 'command', taskTimeout: 30 }),
    ]);
    expect(unitOf(machineOf(template()), 'consumer')).toContain('python manage.py consume --all');
  });

  test('leaves the limits of tasks to the queues that have some', () => {
    const worker = BackgroundWorker.command('consumer', 'python manage.py consume');
    expect(machineOf(made([worker]).template())).not.toContain('PLUMBLINE_TASK_TIMEOUT');
  });
});

describe('a schedule', () => {
  const nightly = (options: Partial<ScheduleOptions> = {}) =>
    BackgroundWorker.schedule('nightly', {
      command: 'python manage.py nightly',
      schedule: '*-*-* 03:00:00 UTC',
      ...options,
    });

  test('is a service with a timer, which the deployment starts', () => {
    const { service, template } = made([nightly({ taskTimeout: Duration.hours(1) })]);
    expect(service.plan.backgroundWorkers).toEqual([
      expect.objectContaining({ name: 'nightly', kind: 'schedule', taskTimeout: 3600, oncePerFleet: false }),
    ]);
    const machine = machineOf(template());
    expect(unitOf(machine, 'nightly')).toContain('python manage.py nightly');
    expect(machine).toContain('\nOnCalendar=*-*-* 03:00:00 UTC\n');
  });

  test('once in a fleet asks the cache that all share', () => {
    const worker = nightly({ oncePerFleet: true });
    const { template } = made([worker], { cache: Cache.elastiCache(), database: undefined, maxInstances: 2 });
    expect(unitOf(machineOf(template()), 'nightly')).toContain(' -m plumbline_schedule begin nightly ');
  });

  test('fails with a time that is none, without a command and with the name of a unit, all at once', () => {
    expect(() => BackgroundWorker.schedule('logrotate', { command: ' ', schedule: '*-*-* 24:00 UTC' })).toThrow(
      new Error(
        'name "logrotate" must not be that of another unit on the machine: choose another\n' +
          'command " " must be one line, for example python manage.py consume\n' +
          'schedule "*-*-* 24:00 UTC" must have an hour from 0 to 23, * for each, or lists (1,15), ranges (1..5) and steps (0/15) of them',
      ),
    );
  });

  test('fails once in a fleet and more than once a minute', () => {
    expect(() => nightly({ schedule: '*:*:0/10 UTC', oncePerFleet: true })).toThrow(
      'schedule "*:*:0/10 UTC" must be due at most once a minute with oncePerFleet: give one second, or leave out oncePerFleet',
    );
  });
});

describe('fails', () => {
  test.each<[string, () => BackgroundWorker, string]>([
    [
      'a module that is none',
      () => BackgroundWorker.celery({ app: 'mysite/celery.py' }),
      'app "mysite/celery.py" must be a module, for example mysite or mysite.celery:app',
    ],
    [
      'a scheduler without a module',
      () => BackgroundWorker.celeryBeat({ app: '' }),
      'app "" must be a module, for example mysite or mysite.celery:app',
    ],
    [
      'half a process',
      () => BackgroundWorker.celery({ app: 'mysite', concurrency: 0.5 }),
      'concurrency (0.5) must be a whole number of at least 1',
    ],
    ['no process', () => BackgroundWorker.rq({ processes: 0 }), 'processes (0) must be a whole number of at least 1'],
    [
      'a queue with a space',
      () => BackgroundWorker.rq({ queues: ['my queue'] }),
      'queue "my queue" must be a name of letters, digits and _ . -',
    ],
    ['no queue', () => BackgroundWorker.rq({ queues: [] }), 'queues must name at least one queue'],
    [
      'the name of another unit',
      () => BackgroundWorker.command('nginx', 'true'),
      'name "nginx" must not be that of another unit on the machine: choose another',
    ],
    ...['celery-beat', 'rq', 'ssh', 'systemd-journald', 'cloud-init'].map(
      (name): [string, () => BackgroundWorker, string] => [
        `${name} for the name of a worker of Celery`,
        () => BackgroundWorker.celery({ app: 'mysite', name }),
        `name "${name}" must not be that of another unit on the machine: choose another`,
      ],
    ),
    [
      'an empty name for workers of RQ',
      () => BackgroundWorker.rq({ name: '' }),
      'name "" must start with a letter and hold lower case letters, digits and hyphens alone',
    ],
    [
      'a name with a slash, and a command of two lines, both at once',
      () => BackgroundWorker.command('../consumer', 'a\nb'),
      'name "../consumer" must start with a letter and hold lower case letters, digits and hyphens alone\n' +
        'command "a\\nb" must be one line, for example python manage.py consume',
    ],
    ...(['taskTimeout', 'longestDelay'] as const).map((prop): [string, () => BackgroundWorker, string] => [
      `a token for ${prop}`,
      () => BackgroundWorker.celery({ app: 'mysite', [prop]: Duration.seconds(Token.asNumber({ Ref: 'A' })) }),
      `${prop} is a token and its value is not known at synthesis: every other number is derived from it, so give a literal value`,
    ]),
  ])('with %s', (_, make, message) => {
    expect(make).toThrow(new Error(message));
  });

  test('with two workers of one name', () => {
    const worker = () => BackgroundWorker.celery({ app: 'mysite', concurrency: 1 });
    expect(() => made([worker(), worker()])).toThrow(/background workers with the name of another.*\[N17\]/);
  });
});
