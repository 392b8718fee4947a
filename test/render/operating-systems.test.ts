import { OPERATING_SYSTEMS, renderBootstrap } from '../../lib/render';
import { bootstrapInput } from '../support/bootstrap-input';
import { planOf } from '../support/plan';

type System = keyof typeof OPERATING_SYSTEMS;

test('every operating system has the name that it is listed by, and a title', () => {
  expect(Object.entries(OPERATING_SYSTEMS).map(([key, { name, title }]) => [key, name, title])).toEqual([
    ['amazon-linux-2023', 'amazon-linux-2023', 'Amazon Linux 2023'],
    ['ubuntu-24.04', 'ubuntu-24.04', 'Ubuntu 24.04'],
    ['ubuntu-26.04', 'ubuntu-26.04', 'Ubuntu 26.04'],
    ['debian-13', 'debian-13', 'Debian 13'],
  ]);
});

function scriptOf(name: System, engine: 'mysql' | 'mariadb' | 'postgresql'): string {
  const plan = planOf({
    instanceType: 't3.large',
    database: { engine, host: 'instance' },
    cache: { host: 'instance' },
  });
  const operatingSystem = OPERATING_SYSTEMS[name];
  return renderBootstrap(bootstrapInput({ operatingSystem, plan, database: { onInstance: true } }));
}

const UTF8 = '--encoding=UTF8 --locale=C.UTF-8 --data-checksums';
const MYSQL_ON_DEBIAN = "database_user=mysql folders='mysql:/var/lib/mysql'";
const postgresqlOfDebian = (version: number, cache: string) => [
  `packages='python3-pip-whl postgresql-${version} ${cache}'`,
  `database=postgresql database_unit=postgresql@${version}-main database_user=postgres folders='postgresql:/var/lib/postgresql postgresql-settings:/etc/postgresql'`,
  `database_settings=/etc/plumbline/postgresql.conf cluster_settings=/etc/postgresql/${version}/main/postgresql.conf`,
  `make_cluster() { pg_createcluster ${version} main -- ${UTF8} && echo 'PG_OOM_ADJUST_VALUE = -600' >>/etc/postgresql/${version}/main/environment; }`,
  `cache_unit=${cache}`,
];

test.each<[System, 'mysql' | 'mariadb' | 'postgresql', string[]]>([
  [
    'amazon-linux-2023',
    'mariadb',
    [
      "packages='python3.13 python3.13-pip mariadb118-server valkey'",
      "database=mariadb database_unit=mariadb database_user=mysql folders='mysql:/var/lib/mysql'",
      'database_settings=/etc/my.cnf.d/zz-plumbline.cnf\n',
      'cache_unit=valkey',
    ],
  ],
  [
    'amazon-linux-2023',
    'postgresql',
    [
      "packages='python3.13 python3.13-pip postgresql17-server postgresql17-contrib valkey'",
      "database=postgresql database_unit=postgresql database_user=postgres folders='postgresql:/var/lib/pgsql'",
      'database_settings=/etc/plumbline/postgresql.conf cluster_settings=/var/lib/pgsql/data/postgresql.conf',
      `make_cluster() { PGSETUP_INITDB_OPTIONS="${UTF8} --auth=peer" postgresql-setup --initdb; }`,
    ],
  ],
  ...(['ubuntu-24.04', 'ubuntu-26.04'] as const).map((name): [System, 'mysql', string[]] => [
    name,
    'mysql',
    [
      "packages='python3-pip-whl mysql-server redis-server'",
      `database=mysql database_unit=mysql ${MYSQL_ON_DEBIAN}`,
      'database_settings=/etc/mysql/mysql.conf.d/zz-plumbline.cnf\n',
    ],
  ]),
  [
    'debian-13',
    'mariadb',
    [
      "packages='python3-pip-whl mariadb-server valkey-server'",
      `database=mariadb database_unit=mariadb ${MYSQL_ON_DEBIAN}`,
      'database_settings=/etc/mysql/mariadb.conf.d/zz-plumbline.cnf\n',
    ],
  ],
  ['ubuntu-24.04', 'postgresql', postgresqlOfDebian(16, 'redis-server')],
  ['ubuntu-26.04', 'postgresql', postgresqlOfDebian(18, 'redis-server')],
  ['debian-13', 'postgresql', postgresqlOfDebian(17, 'valkey-server')],
])('on %s, %s has the packages, unit, user and files of its distribution', (name, engine, parts) => {
  const script = scriptOf(name, engine);
  for (const part of parts) expect(script).toContain(part);
});
