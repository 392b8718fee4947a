import type { DatabasePlan } from '../../lib/plan';
import { OPERATING_SYSTEMS, renderFiles, type BootstrapInput } from '../../lib/render';
import { renderMysqlConf, renderPostgresqlConf } from '../../lib/render/database';
import { bootstrapInput } from '../support/bootstrap-input';
import { expectGolden } from '../support/golden';
import { planOf } from '../support/plan';

/** No two fields have the same value, so that a swapped field shows. */
const DISTINCT_DATABASE: DatabasePlan = {
  engine: 'postgresql',
  host: 'instance',
  maxConnections: 701,
  statementTimeout: 702,
  lockWaitTimeout: 718,
  connectTimeout: 719,
  bufferMemory: 703,
  effectiveCacheSize: 704,
  workMem: 705,
  slowQuery: 706,
  connectionCheckInterval: 707,
  connMaxAge: 708,
  poolSize: 709,
  pooling: 'none',
  poolerSize: 710,
  poolerClients: 711,
  maxConnectionsPercent: 712,
  borrowTimeout: 713,
  memory: 714,
};

type Engine = 'mysql' | 'mariadb' | 'postgresql';

/** The files that a database on the instance brings, each under its path. */
function databaseFiles(os: keyof typeof OPERATING_SYSTEMS, engine: Engine): string {
  const operatingSystem = OPERATING_SYSTEMS[os];
  const plan = planOf({ instanceType: 't3.medium', database: { engine, host: 'instance' } });
  const input: Partial<BootstrapInput> = { operatingSystem, plan };
  const bare = renderFiles(bootstrapInput(input)).map(({ path }) => path);
  return renderFiles(bootstrapInput({ ...input, database: { onInstance: true } }))
    .filter(({ path }) => !bare.includes(path))
    .map(({ path, text }) => `==> ${path}\n${text}`)
    .join('\n');
}

test.each([
  ['debian-13', 'mariadb'],
  ['amazon-linux-2023', 'mariadb'],
  ['ubuntu-24.04', 'mysql'],
  ['debian-13', 'postgresql'],
  ['amazon-linux-2023', 'postgresql'],
] as const)('on %s, the files of %s', (os, engine) => {
  expectGolden(`database-${os}-${engine}.txt`, databaseFiles(os, engine));
});

test.each(['mariadb', 'mysql'] as const)('each value of the plan stands where its comment says, in %s', (engine) => {
  const text = renderMysqlConf({ ...DISTINCT_DATABASE, engine });
  for (const line of [
    'max_connections = 701  # maxConnections',
    'innodb_buffer_pool_size = 703M  # bufferMemory',
    'long_query_time = 706  # slowQuery',
    ...(engine === 'mysql' ? ['max_execution_time = 702000  # statementTimeout'] : []),
  ]) {
    expect(text).toContain(`\n${line}\n`);
  }
});

test('each value of the plan stands where its comment says, in postgresql', () => {
  const text = renderPostgresqlConf(DISTINCT_DATABASE);
  for (const line of [
    'max_connections = 701  # maxConnections',
    'shared_buffers = 703MB  # bufferMemory',
    'effective_cache_size = 704MB  # effectiveCacheSize',
    'work_mem = 705MB  # workMem',
    'client_connection_check_interval = 707s  # connectionCheckInterval',
    'log_min_duration_statement = 706s  # slowQuery',
    'auto_explain.log_min_duration = 706s  # slowQuery',
  ]) {
    expect(text).toContain(`\n${line}\n`);
  }
});

test('gunicorn starts after the database, and runs on while it restarts', () => {
  const files = renderFiles(
    bootstrapInput({
      plan: planOf({ database: { engine: 'mariadb', host: 'instance' } }),
      database: { onInstance: true },
    }),
  );
  const unit = files.find(({ path }) => path.endsWith('/gunicorn.service'))?.text;
  expect(unit).toContain('\nAfter=gunicorn.socket network-online.target plumbline_secrets.socket mariadb.service\n');
  expect(unit).toContain('\nWants=network-online.target plumbline_secrets.socket mariadb.service\n');
});

test('a database elsewhere brings no files and no order', () => {
  const plan = planOf({ database: { engine: 'postgresql', host: 'rds', memory: 4096 } });
  const files = (input: Partial<BootstrapInput>) =>
    renderFiles(bootstrapInput({ plan, ...input })).filter(({ path }) => !path.startsWith('/etc/gunicorn/'));
  expect(files({ database: { onInstance: false } })).toEqual(files({}));
});

test('fails on a database that the plan does not have', () => {
  expect(() => renderFiles(bootstrapInput({ database: { onInstance: true } }))).toThrow(
    new Error('the plan has no database: plan the one that the machine has'),
  );
});
