import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { planRequestPath } from '../../lib/plan';
import {
  isFixed,
  OPERATING_SYSTEMS,
  renderBootstrap,
  renderFiles,
  renderGunicornConf,
  type BootstrapInput,
} from '../../lib/render';
import { RUNTIME_DIRECTORY } from '../../lib/runtime';
import { bootstrapInput, longestToken } from '../support/bootstrap-input';
import { expectGolden } from '../support/golden';
import { DISTINCT_PLAN, planOf } from '../support/plan';

const script = (input: Partial<BootstrapInput> = {}) => renderBootstrap(bootstrapInput(input));
const fileOf = (path: string, input: Partial<BootstrapInput> = {}) =>
  renderFiles(bootstrapInput(input)).find((file) => file.path === path)?.text;
const stepsOf = (text: string) => [...text.matchAll(/^run (?:'([^']+)'|(\S+))/gm)].map((match) => match[1] ?? match[2]);

test('the whole script', () => {
  expectGolden('bootstrap.sh', script());
});

/** A machine with everything: a database in place, a cache, background workers. */
const everything: Partial<BootstrapInput> = {
  operatingSystem: OPERATING_SYSTEMS['debian-13'],
  plan: planOf({
    instanceType: 't3.medium',
    database: { engine: 'postgresql', host: 'instance' },
    cache: { host: 'instance' },
    backgroundWorkers: [{ name: 'celery', kind: 'celery', processes: 2, memoryPerProcess: 192, taskTimeout: 300 }],
  }),
  database: { onInstance: true },
  machineEnvironment: { PLUMBLINE_DATABASE_ENGINE: 'postgresql', PLUMBLINE_DATABASE_HOST: '/var/run/postgresql' },
  backgroundWorkers: [{ name: 'celery', kind: 'celery', app: 'mysite' }],
  dataVolume: longestToken('DataVolume', 'vol-0123456789abcdef0'.length),
  newVolume: true,
};

test('the whole script of a machine that is changed in place', () => {
  expectGolden('bootstrap-in-place.sh', script(everything));
});

test('a database, a cache and background workers leave it under 14 KB', () => {
  expect(Buffer.byteLength(script(everything))).toBeLessThanOrEqual(14 * 1024);
});

test.each(['sync', 'gthread', 'gevent', 'asgi'] as const)(
  'the script of the reference stack with %s workers takes at most 12 KB with its tokens at their longest',
  (workerClass) => {
    const text = script({ plan: planOf({ workerClass, requestTimeout: 3000 }) });
    expect(Buffer.byteLength(text)).toBeLessThanOrEqual(14 * 1024);
  },
);

test.each(Object.values(OPERATING_SYSTEMS))('the script for $name parses', (operatingSystem) => {
  execFileSync('bash', ['-n'], { input: script({ operatingSystem }) });
});

const steps = readdirSync(RUNTIME_DIRECTORY).filter((file) => file.endsWith('.sh'));

test.each(steps)('%s parses', (file) => {
  execFileSync('bash', ['-n', join(RUNTIME_DIRECTORY, file)]);
});

test('for every valid input the script and the configuration of gunicorn parse', () => {
  const folder = mkdtempSync(join(tmpdir(), 'plumbline-'));
  const inputs = fc.record({
    instanceType: fc.constantFrom('t3.nano', 't3.micro', 't3.small', 't3.2xlarge'),
    requestTimeout: fc.integer({ min: 5, max: 3000 }),
    workerClass: fc.constantFrom('sync' as const, 'gthread' as const, 'gevent' as const, 'asgi' as const),
    preloadApp: fc.boolean(),
    requestGuard: fc.boolean(),
    memoryPerWorker: fc.constant(64),
  });
  const environments = fc.dictionary(fc.stringMatching(/^[A-Z]{1,8}$/), fc.string({ unit: 'grapheme-ascii' }));
  const files = fc.sample(fc.tuple(inputs, environments), 25).flatMap(([input, environment], index) => {
    const { plan } = planRequestPath(input);
    const conf = renderGunicornConf({ plan, wsgi: 'a:b', answerHealth: true });
    writeFileSync(join(folder, `conf${index}.py`), conf);
    execFileSync('bash', ['-n'], { input: script({ plan, environment }) });
    return [join(folder, `conf${index}.py`)];
  });
  execFileSync('python3', ['-m', 'py_compile', ...files]);
  rmSync(folder, { recursive: true });
});

test('the same input gives the same script', () => {
  expect(script()).toBe(script());
});

test('values of the plan that the steps need stand at the top', () => {
  expect(script({ plan: DISTINCT_PLAN })).toContain(
    '\nswap=608 uploads=707 responses=709 backlog=211 start_timeout=212\n',
  );
});

test('the machine fetches before it installs, and serves last', () => {
  expect(stepsOf(script())).toEqual([
    'fetch',
    'system',
    'packages',
    'tools',
    'dependencies',
    'configuration',
    'secrets',
    'django',
    'check',
    'serve',
  ]);
});

test('an application in a Git repository is cloned at its ref', () => {
  const fetch = { kind: 'git', repository: 'https://example.com/site.git', ref: 'v1.2' } as const;
  const text = script({ application: { fetch, wsgi: 'site:app' } });
  expect(text).toContain("packages='python3.13 python3.13-pip git-core'");
  expect(text).toContain('run clone clone https://example.com/site.git v1.2\n');
  expect(text).not.toContain('app.zip');
});

test('what the application wants of the operating system comes with the machine, before anything of the application', () => {
  const text = script({ systemPackages: ['gettext', 'libmagic1'] });
  expect(text).toContain("packages='python3.13 python3.13-pip gettext libmagic1'");
});

test('where packages are named is said outright, or looked for', () => {
  const { application } = bootstrapInput();
  const said = { requirements: 'requirements/eu.txt', dependencyGroups: ['prod', 'aws'], extras: ['mail', 'sms'] };
  expect(script({ application: { ...application, ...said } })).toContain(
    "requirements=requirements/eu.txt\ngroups='prod,aws'\nextras='mail,sms'\n",
  );
  expect(script()).not.toMatch(/^(requirements|groups|extras)=/m);
});

test('what a private index asks for is named to the step that installs, and to nothing else', () => {
  const secret = { name: 'UV_INDEX', kind: 'secretsmanager', id: 'arn:x', jsonField: "it's" } as const;
  const text = script({ packageSecrets: [{ name: 'UV_DEFAULT_INDEX', kind: 'ssm', id: '/pypi' }, secret] });
  expect(text).toContain("package_secrets='UV_DEFAULT_INDEX ssm /pypi\nUV_INDEX secretsmanager arn:x it'\\''s'\n");
  expect(text.split('/pypi')).toHaveLength(2);
});

test('without a ref the default branch is cloned', () => {
  const fetch = { kind: 'git', repository: 'https://example.com/site.git' } as const;
  expect(script({ application: { fetch, wsgi: 'site:app' } })).toContain(
    'run clone clone https://example.com/site.git HEAD\n',
  );
});

test('gevent comes with what its worker needs', () => {
  expect(script({ plan: planOf({ workerClass: 'gevent' }) })).toContain("gunicorn='gunicorn[gevent]==27.0.1'");
});

test.each([
  ['celery', { kind: 'celery', app: 'site' }, 'celery[redis]==5.7.0:celery packaging==26.3:packaging'],
  ['celery-beat', { kind: 'celery-beat', app: 'site' }, 'celery[redis]==5.7.0:celery packaging==26.3:packaging'],
  ['rq', { kind: 'rq' }, 'django-rq==4.2.0:django_rq'],
] as const)('%s is installed where the application does not bring it', (name, source, driver) => {
  const numbers = { name, kind: source.kind, processes: 1, memoryPerProcess: 192, taskTimeout: 60 };
  const cache = { host: 'elasticache', broker: true } as const;
  const plan = planOf({ cache, backgroundWorkers: [numbers] });
  expect(script({ plan, backgroundWorkers: [{ name, ...source }] })).toContain(
    `drivers='redis==8.1.0:redis ${driver}'`,
  );
});

test('the driver of the database is installed where the application brings none', () => {
  const driversOf = (engine: 'mysql' | 'postgresql', workerClass: 'gthread' | 'gevent' = 'gthread') =>
    /^drivers='(.*)'$/m.exec(script({ plan: planOf({ workerClass, database: { engine, host: 'instance' } }) }))?.[1];
  expect(driversOf('mysql')).toBe('pymysql==1.2.4:MySQLdb,pymysql');
  expect(driversOf('postgresql')).toBe('psycopg[binary,pool]==3.3.9:psycopg,psycopg2');
  expect(driversOf('postgresql', 'gevent')).toBe(
    'psycopg[binary,pool]==3.3.9:psycopg psycopg-pool==3.3.3:psycopg_pool',
  );
});

test('migrations run after the settings are known and before the release serves, where they are wanted', () => {
  const database = { onInstance: false };
  expect(stepsOf(script({ database })).slice(-4)).toEqual(['django', 'migrate', 'check', 'serve']);
  expect(stepsOf(script({ database, migrate: false }))).not.toContain('migrate');
  expect(stepsOf(script())).not.toContain('migrate');
});

test('static files are collected unless the user says otherwise', () => {
  expect(script({ collectStatic: false })).toMatch(/^collect_static=false$/m);
  for (const collectStatic of [true, undefined]) expect(script({ collectStatic })).not.toContain('collect_static');
});

test('the certificates of Amazon RDS are fetched where the database has one of them', () => {
  const bundle = '\n  rds_bundle /etc/gunicorn/rds-bundle.pem\n';
  expect(script({ database: { onInstance: false, caBundle: true } })).toContain(bundle);
  expect(script({ database: { onInstance: false } })).not.toContain('rds_bundle');
});

test('an object of a bucket in another region is asked for there', () => {
  const fetch = { kind: 's3', bucket: 'releases', key: 'v1.zip', region: 'us-west-2' } as const;
  const text = script({ application: { fetch, wsgi: 'app:app' } });
  expect(text).toContain("\n  region=us-west-2 s3 $downloads/app.zip 'releases' 'v1.zip'\n");
});

test('files with a token are in the script, the others are not', () => {
  const text = script({ environment: { BUCKET: '${Token[Bucket.7]}' } });
  expect(text).toContain("BUCKET='${Token[Bucket.7]}'\nEOF\n");
  expect(text).not.toContain('wsgi_app');
  expect(
    renderFiles(bootstrapInput())
      .filter(isFixed)
      .map(({ path }) => path),
  ).toEqual([
    '/etc/nginx/plumbline_static.conf',
    '/etc/gunicorn/gunicorn.conf.py',
    '/etc/systemd/system/gunicorn.service',
    '/etc/systemd/system/gunicorn.socket',
    '/etc/systemd/system/nginx.service.d/plumbline.conf',
  ]);
});

test('a script that has been applied ends at once, every other one takes its place', () => {
  const folder = mkdtempSync(join(tmpdir(), 'plumbline-'));
  const text = script(everything)
    .replaceAll('/var/lib/', `${folder}/`)
    .replace(/^step=start.*$/m, `lib=${folder}/lib logs=${folder}/logs downloads=${folder}/downloads`)
    .replace(/^data_volume=[^]*/m, 'echo applies\necho $sum >$state/applied\n');
  const file = join(folder, 'script');
  const run = () => execFileSync('bash', [file], { encoding: 'utf8' });
  writeFileSync(file, text);
  expect([run(), run()]).toEqual(['applies\n', '']);
  writeFileSync(file, `${text}# changed\n`);
  expect([run(), run()]).toEqual(['applies\n', '']);
  writeFileSync(file, `${text.replace('echo applies', 'exit 0')}# fails\n`);
  expect(run()).toBe('');
  writeFileSync(file, `${text}# changed\n`);
  expect(run()).toBe('applies\n');
  rmSync(folder, { recursive: true });
});

test('without secrets none are fetched', () => {
  const text = script({ secrets: [] });
  expect(text).not.toContain('secrets');
  execFileSync('bash', ['-n'], { input: text });
});

test('secrets are listed with their service, id and field', () => {
  const text = fileOf('/etc/gunicorn/secrets', {
    secrets: [
      { name: 'DATABASE_PASSWORD', kind: 'secretsmanager', id: 'db', jsonField: 'pass word' },
      { name: 'API_KEY', kind: 'ssm', id: '/site/api-key' },
    ],
  });
  expect(text).toBe('DATABASE_PASSWORD secretsmanager db pass word\nAPI_KEY ssm /site/api-key\n');
});

test('without anybody who waits for it there is no signal', () => {
  expect(script({ signal: undefined })).not.toContain('signal');
});

test('commands of the user are steps of their own, before the configuration is checked', () => {
  const text = script({ extraCommands: [{ name: 'migrate', commands: ['as_app python manage.py migrate', 'date'] }] });
  expect(stepsOf(text).slice(-3)).toEqual(['migrate', 'check', 'serve']);
  expect(text).toContain("3<<'EOF'\nas_app python manage.py migrate\ndate\nEOF\n");
});

test('a broken command of the user does not break the script around it', () => {
  execFileSync('bash', ['-n'], { input: script({ extraCommands: [{ name: 'broken', commands: ['if ('] }] }) });
});

test('the environment is written as systemd reads it, with the allowed hosts', () => {
  const text = fileOf('/etc/gunicorn/environment', {
    environment: { GREETING: "it's $5", PLAIN: 'x' },
    machineEnvironment: { PLUMBLINE_DATABASE_HOST: '/run/mysqld/mysqld.sock' },
    allowedHosts: ['a.example', 'b.example'],
  });
  expect(text).toBe(
    'PLUMBLINE_ALLOWED_HOSTS=a.example,b.example\nPLUMBLINE_DATABASE_HOST=/run/mysqld/mysqld.sock\nGREETING="it\'s \\$5"\nPLAIN=x\n',
  );
});

test('settings that the user names are the settings of the Django project', () => {
  expect(script({ environment: { DJANGO_SETTINGS_MODULE: 'mysite.production' } })).toContain(
    'settings_module=mysite.production\n',
  );
});

test('a health check path of the application is asked as it is', () => {
  const text = script({ healthCheckPath: '/up' });
  expect(text).toContain('\nhealth_path=/up ');
  expect(text).toContain(' answer_health=false ');
  expect(text).toContain('    location = /up {\n');
});

test('tokens pass through unchanged', () => {
  const token = (name: string) => `\${Token[${name}.42]}`;
  const text = script({
    application: { fetch: { kind: 's3', bucket: token('Bucket'), key: token('Key') }, wsgi: 'a:b' },
    allowedHosts: [token('DNSName')],
    trustedProxies: [token('CidrBlock')],
    environment: { URL: `https://${token('Host')}/?a=1&b=2` },
    region: token('Region'),
    urlSuffix: token('Suffix'),
    signal: { stack: token('Stack'), logicalId: token('LogicalId') },
  });
  for (const name of ['Bucket', 'Key', 'DNSName', 'CidrBlock', 'Host', 'Region', 'Suffix', 'Stack', 'LogicalId']) {
    expect(text).toContain(token(name));
  }
});
