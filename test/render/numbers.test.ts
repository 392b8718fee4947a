import * as fc from 'fast-check';
import { planRequestPath, type PlanInput } from '../../lib/plan';
import { OPERATING_SYSTEMS, renderFiles, type RenderedFile } from '../../lib/render';
import { rdsParameters } from '../../lib/rds-parameters';
import { bootstrapInput } from '../support/bootstrap-input';

/** Seconds as a person may write them: `Duration.millis(5100)`. */
const fraction = (from: number, to: number) =>
  fc.integer({ min: from * 1000, max: to * 1000 }).map((milliseconds) => milliseconds / 1000);

const inputs = fc.record({
  instanceType: fc.constant('t3.large'),
  requestTimeout: fraction(5, 3000),
  queueTimeout: fraction(0.5, 5),
  workerClass: fc.constantFrom('sync', 'gthread', 'gevent', 'asgi'),
  loadBalancer: fc.constantFrom('application', 'network'),
  workerConnections: fc.integer({ min: 1, max: 20 }),
  clientMaxBodySize: fc.integer({ min: 1, max: 1 << 20 }).map((kibibytes) => kibibytes / 1024),
  database: fc.record({ engine: fc.constantFrom('mysql', 'mariadb', 'postgresql'), host: fc.constant('instance') }),
} as const) satisfies fc.Arbitrary<PlanInput>;

/** What is no whole number where the program knows none: everywhere but in Python and in PostgreSQL. */
const FRACTIONS_ARE_READ = [
  '/etc/gunicorn/gunicorn.conf.py',
  '/etc/plumbline/postgresql.conf',
  '/etc/gunicorn/environment',
];

const oddNumbers = ({ path, text }: RenderedFile) =>
  FRACTIONS_ARE_READ.includes(path)
    ? []
    : text
        .split('\n')
        .filter((line) =>
          /^ *(?!proxy_http_version|set_real_ip_from)\w+( = |=| )(\d+\.\d+(?![\d.])|NaN|Infinity|\d+e)/.test(line),
        )
        .map((line) => `${path}: ${line}`);

test('every number of every file is one that its program can read', () => {
  fc.assert(
    fc.property(inputs, (input) => {
      const { plan, violations } = planRequestPath(input);
      fc.pre(violations.every(({ severity }) => severity !== 'error'));
      const operatingSystem = OPERATING_SYSTEMS[input.database.engine === 'mysql' ? 'ubuntu-24.04' : 'debian-13'];
      const files = renderFiles(bootstrapInput({ plan, operatingSystem, database: { onInstance: true } }));
      expect(files.flatMap(oddNumbers)).toEqual([]);
    }),
  );
});

test('every parameter of RDS is one that its engine can read', () => {
  fc.assert(
    fc.property(inputs, (input) => {
      const { plan } = planRequestPath({ ...input, database: { ...input.database, host: 'rds', memory: 8192 } });
      const odd = Object.entries(rdsParameters(plan.database!)).filter(([name, value]) =>
        // MariaDB knows fractions of a second, to the microsecond
        name === 'max_statement_time' ? !/^\d+(\.\d{1,6})?$/.test(value) : /\d+\.\d|NaN|Infinity/.test(value),
      );
      expect(odd).toEqual([]);
    }),
  );
});

test.each([5.1, 8.2, 10.7])('MySQL reads its statement timeout with requests of %d s', (requestTimeout) => {
  const { plan } = planRequestPath({
    instanceType: 't3.medium',
    requestTimeout,
    database: { engine: 'mysql', host: 'instance' },
  });
  const files = renderFiles(
    bootstrapInput({ plan, operatingSystem: OPERATING_SYSTEMS['ubuntu-24.04'], database: { onInstance: true } }),
  );
  const text = files.map((file) => file.text).join('');
  expect(text).toContain(`max_execution_time = ${Math.round((requestTimeout - 3) * 1000)}  #`);
});

test.each([
  [0.5, '512k'],
  [1.0009765625, '1025k'],
  [10, '10m'],
])('a body of %d MiB is %s to nginx', (clientMaxBodySize, size) => {
  const { plan } = planRequestPath({ instanceType: 't3.small', clientMaxBodySize });
  const [conf] = renderFiles(bootstrapInput({ plan }));
  expect(conf!.text).toContain(`client_max_body_size ${size}; #`);
});

test('half a second of an override is milliseconds to nginx', () => {
  const { plan } = planRequestPath({ instanceType: 't3.small', nginxDirectives: { send_timeout: '999500ms' } });
  expect(renderFiles(bootstrapInput({ plan }))[0]!.text).toContain('send_timeout 999500ms; #');
});
