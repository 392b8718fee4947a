import * as fc from 'fast-check';
import { INSTANCE_SIZES, planRequestPath, type PlanInput } from '../../lib/plan';
import { neededDisk, volumeFor } from '../../lib/plan/disk-plan';
import { FILLS_THE_DISK } from '../../lib/plan/overrides';
import { expectGolden } from '../support/golden';

const GIB = 1024;
const planOf = (input: Partial<PlanInput>) => planRequestPath({ instanceType: 't3.small', ...input });
const messagesOf = (input: Partial<PlanInput>) => planOf(input).violations.map(({ message }) => message);
const onInstance = { engine: 'mysql', host: 'instance' } as const;

const fits = (input: Partial<PlanInput>) => planOf(input).violations.every(({ rule }) => rule !== 'K1');

describe('the disk', () => {
  test('is planned for every size, class and volume as it is checked in', () => {
    const rows = [8, 16, 32, 100].flatMap((gibibytes) =>
      ['t3.micro', 't3.small', 't3.2xlarge'].flatMap((instanceType) =>
        (['sync', 'gthread', 'gevent', 'asgi'] as const).map((workerClass) => {
          const { plan, violations } = planOf({ instanceType, workerClass, volumeSize: gibibytes * GIB });
          const parts = Object.entries(plan.disk).filter(([name]) => name !== 'total');
          const errors = violations.filter(({ severity }) => severity === 'error').map(({ rule }) => rule);
          const numbers = parts.map(([name, value]) => `${name} ${value}`);
          return `${gibibytes} GiB ${instanceType} ${workerClass}: ${plan.nginx.proxyMaxTempFileSize} MiB × ${plan.nginx.maxConns}; ${numbers.join(', ')} ${errors.join(' ')}`.trim();
        }),
      ),
    );
    expectGolden('disk-plans.txt', `${rows.join('\n')}\n`, 'plan');
  });

  test('has 16 GiB unless another size is given, of which nothing is left over', () => {
    const { disk } = planOf({}).plan;
    expect(disk.total).toBe(16 * GIB);
    expect(neededDisk(disk) + disk.forApplication).toBe(16 * GIB);
  });

  test('holds three releases where the machine is changed in place, else one', () => {
    expect(planOf({}).plan.disk.releases).toBe(1024);
    expect(planOf({ database: onInstance }).plan.disk.releases).toBe(3072);
    expect(planOf({ database: { ...onInstance, host: 'rds', memory: 4096 } }).plan.disk.releases).toBe(1024);
  });

  test('holds the append-only log of queues three times', () => {
    const tasks = { name: 'rq', kind: 'rq', processes: 1, memoryPerProcess: 100, taskTimeout: 60 } as const;
    const cache = { host: 'instance', maxMemory: 200 } as const;
    expect(planOf({ cache, backgroundWorkers: [tasks] }).plan.disk.cache).toBe(600);
    expect(planOf({ cache: { ...cache, maxMemory: 40 }, backgroundWorkers: [tasks] }).plan.disk.cache).toBe(192);
    expect(planOf({ cache }).plan.disk.cache).toBe(0);
  });

  test('counts an upload that is worked on twice, and under ASGI three times', () => {
    expect(planOf({}).plan.disk.applicationUploads).toBe(40 * 10);
    expect(planOf({ workerClass: 'asgi', workerConnections: 2 }).plan.disk.applicationUploads).toBe(2 * 10 * 10);
  });

  test('counts in the application no more than nginx has received', () => {
    const { uploads, applicationUploads } = planOf({ clientMaxBodySize: 200 }).plan.disk;
    expect(applicationUploads).toBe(uploads);
    const asgi = planOf({ clientMaxBodySize: 200, workerClass: 'asgi' }).plan.disk;
    expect(asgi.applicationUploads).toBe(2 * asgi.uploads);
  });

  test('has room for uploads in the queue too, and for one browser’s where that is short', () => {
    const ext4 = (mebibytes: number) => Math.ceil(mebibytes * 1.02 + 16);
    expect(planOf({ clientMaxBodySize: 1 }).plan.disk.uploads).toBe(ext4(170));
    expect(planOf({ clientMaxBodySize: 500 }).plan.disk.uploads).toBe(ext4(6 * 500));
  });

  test.each<[string, Partial<PlanInput>]>([
    ['more in max_conns', { nginxDirectives: { 'upstream.max_conns': '900' } }],
    ['more slots', { threads: 40 }],
    ['a smaller volume', { volumeSize: 9 * GIB }],
    ['larger uploads', { clientMaxBodySize: 500 }],
    ['a larger override of client_max_body_size', { nginxDirectives: { client_max_body_size: '500m' } }],
  ])('lets nginx read less ahead with %s', (_what, input) => {
    expect(planOf(input).plan.nginx.proxyMaxTempFileSize).toBeLessThan(16);
  });

  test('lets nginx read no less ahead than one of its buffers, without which it does not start', () => {
    const { plan } = planOf({ volumeSize: 8 * GIB, nginxDirectives: { proxy_buffers: '8 1100k' } });
    expect(plan.nginx.proxyMaxTempFileSize).toBe(1.25);
  });

  test('gives uploads less room where an override lets nginx read more ahead', () => {
    const nginxDirectives = { proxy_max_temp_file_size: '44m' };
    const { plan, violations } = planOf({ nginxDirectives });
    expect(violations).toEqual([]);
    expect(plan.nginx.proxyMaxTempFileSize).toBe(44);
    expect(plan.disk.uploads).toBeLessThan(planOf({}).plan.disk.uploads);
  });

  test('holds a cache of nginx', () => {
    const nginxDirectives = { proxy_cache_path: '/var/lib/nginx/cache keys_zone=pages:1m max_size=2g inactive=1d' };
    expect(planOf({ nginxDirectives }).plan.disk.nginxCache).toBe(2048);
  });

  test('has no room for responses where they are not read ahead', () => {
    expect(planOf({ nginxDirectives: { proxy_max_temp_file_size: '0' } }).plan.disk.responses).toBe(0);
  });
});

const anyInput: fc.Arbitrary<PlanInput> = fc.record({
  instanceType: fc.constantFrom(...INSTANCE_SIZES.map(({ instanceType }) => instanceType)),
  workerClass: fc.constantFrom('sync', 'gthread', 'gevent', 'asgi'),
  volumeSize: fc.integer({ min: 8, max: 2000 }).map((gibibytes) => gibibytes * GIB),
  clientMaxBodySize: fc.oneof(fc.integer({ min: 0, max: 100 }), fc.integer({ min: 0, max: 60_000 }), fc.constant(0.5)),
  database: fc.constantFrom(undefined, onInstance),
  nginxDirectives: fc.constantFrom<Record<string, string>[]>(
    {},
    { proxy_max_temp_file_size: '0' },
    { proxy_max_temp_file_size: '1g' },
    { proxy_buffers: '8 4m' },
    { 'upstream.max_conns': '4000' },
  ),
});

test('the parts of the disk never exceed it where no violation says so, and the size that one names is enough', () => {
  fc.assert(
    fc.property(anyInput, (input) => {
      const { disk } = planRequestPath(input).plan;
      expect(Object.values(disk).every((value) => value >= 0 && Number.isInteger(value))).toBe(true);
      expect(neededDisk(disk) + disk.forApplication === disk.total).toBe(fits(input));
      const named = volumeFor(disk);
      expect(fits({ ...input, volumeSize: Math.max(8, named) * GIB })).toBe(true);
      if (!fits(input)) expect(fits({ ...input, volumeSize: (named - 2) * GIB })).toBe(named - 2 < 8);
    }),
    { numRuns: 2000 },
  );
});

describe('fails, and says what to change,', () => {
  test.each<[string, Partial<PlanInput>, string]>([
    [
      'on uploads that do not find room',
      { clientMaxBodySize: 5 * GIB },
      'what the disk must hold (70750 MiB) must be at most volumeSize (16384 MiB), else the disk is full one day, and everything on the machine stops with it; raise volumeSize to 72 GiB, or lower clientMaxBodySize (5120 MiB), of which 6 at once must fit, in nginx and in the application [K1]',
    ],
    [
      'on responses that do not find room',
      { nginxDirectives: { proxy_max_temp_file_size: '1g' } },
      'what the disk must hold (185722 MiB) must be at most volumeSize (16384 MiB), else the disk is full one day, and everything on the machine stops with it; raise volumeSize to 191 GiB, or lower proxy_max_temp_file_size (1024 MiB), which max_conns (170) responses may take each [K1]',
    ],
    [
      'on a volume that is too small for what is there anyhow',
      { volumeSize: 8 * GIB, database: onInstance },
      'what the disk must hold (9832 MiB) must be at most volumeSize (8192 MiB), else the disk is full one day, and everything on the machine stops with it; raise volumeSize to 10 GiB [K1]',
    ],
    [
      'on uploads without a limit, as a warning',
      { clientMaxBodySize: 0 },
      'clientMaxBodySize without a limit (1) must be equal to none (0), else one upload takes all the room that there is for uploads, and the others get a 503 meanwhile; state the largest upload that you expect: there is room for 1399 MiB [K2]',
    ],
  ])('%s', (_what, input, message) => {
    expect(messagesOf(input)).toEqual([message]);
  });

  test.each(['/var/lib/nginx/cache keys_zone=pages:1m', '/var/lib/nginx/cache keys_zone=pages:1m max_size=0'])(
    'on a cache without a bound: %s',
    (proxy_cache_path) => {
      expect(messagesOf({ nginxDirectives: { proxy_cache_path } })).toEqual([
        'nginxDirectives: proxy_cache_path has no max_size, and would fill the disk: add one, for example max_size=1g [V1]',
      ]);
    },
  );

  test.each(Object.entries(FILLS_THE_DISK))('on a way past the plan: %s', (name, why) => {
    expect(messagesOf({ nginxDirectives: { [name]: 'on' } })).toEqual([
      `nginxDirectives: "${name}" cannot be overridden: ${why}; remove it [V1]`,
    ]);
  });
});
