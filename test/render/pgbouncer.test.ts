import {
  OPERATING_SYSTEMS,
  renderBootstrap,
  renderFiles,
  type BootstrapInput,
  type PooledServer,
} from '../../lib/render';
import { renderPgBouncerIni, renderPgBouncerServer } from '../../lib/render/pgbouncer';
import { bootstrapInput } from '../support/bootstrap-input';
import { expectGolden } from '../support/golden';
import { planOf } from '../support/plan';

const server: PooledServer = {
  host: 'database.example.com',
  port: '5433',
  databaseName: 'shop',
  certificateBundle: '/etc/gunicorn/rds-bundle.pem',
};
const plan = planOf({
  database: { engine: 'postgresql', host: 'elsewhere', maxConnections: 100, pooling: 'pgbouncer' },
});
const input = (more: Partial<BootstrapInput> = {}) =>
  bootstrapInput({ plan, database: { onInstance: false, pooled: server }, ...more });

test('the files of PgBouncer', () => {
  const files = renderFiles(input()).filter(({ path }) => path.includes('pgbouncer'));
  expectGolden('pgbouncer.txt', files.map(({ path, text }) => `==> ${path}\n${text}`).join('\n'));
});

test('each value of the plan stands in its setting', () => {
  const text = renderPgBouncerIni(
    { ...plan.database!, poolerSize: 701, poolerClients: 702, borrowTimeout: 703 },
    server,
  );
  expect(text).toContain('\ndefault_pool_size = 701\nmax_client_conn = 702\nquery_wait_timeout = 703\n');
});

test('the name of a database may hold a quote', () => {
  expect(renderPgBouncerServer({ ...server, databaseName: "it's" })).toBe(
    "host='database.example.com' port=5433 dbname='it''s'\n",
  );
});

test('gunicorn and what works beside it start after PgBouncer', () => {
  const unit = renderFiles(input()).find(({ path }) => path.endsWith('/gunicorn.service'))?.text;
  expect(unit).toContain('\nAfter=gunicorn.socket network-online.target plumbline_secrets.socket pgbouncer.service\n');
});

test('it is installed, runs in the sandbox and serves before migrations run', () => {
  const script = renderBootstrap(input({ operatingSystem: OPERATING_SYSTEMS['debian-13'] }));
  expect(script).toMatch(/^package_manager=apt packages='.* pgbouncer' /m);
  expect(script).toContain("\nsandboxed='pgbouncer'\n");
  expect(script).toMatch(/^run pgbouncer start_again pgbouncer$[^]*^run migrate migrate$/m);
  expect(script).not.toContain('repositories=');
});

test('Amazon Linux has it in its supplementary packages', () => {
  expect(renderBootstrap(input())).toContain('\nrepositories=spal-release\n');
});

test('a machine without it has nothing of it', () => {
  const without = renderBootstrap(input({ database: { onInstance: false } }));
  expect(without).not.toMatch(/pgbouncer|repositories=/);
});
