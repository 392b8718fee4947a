import type { Plan } from '../plan/plan';

/**
 * What the release's environment gets where the application brings nothing of the kind: `requirement:modules`, any of which
 * will do. PyPI has no wheel of mysqlclient for Linux, and a machine has no compiler.
 */
export function drivers({ database, cache, media, backgroundWorkers }: Plan): string[] {
  const kinds = backgroundWorkers.map(({ kind }) => kind);
  return [
    ...(database ? databaseDrivers(database.engine, database.poolSize > 0) : []),
    ...(cache ? ['redis==8.1.0:redis'] : []),
    ...(media?.host === 's3' ? ['django-storages==1.14.6:storages', 'boto3==1.44.8:boto3'] : []),
    ...(kinds.some((kind) => kind.startsWith('celery'))
      ? ['celery[redis]==5.7.0:celery', 'packaging==26.3:packaging']
      : []),
    ...(kinds.includes('rq') ? ['django-rq==4.2.0:django_rq'] : []),
  ];
}

function databaseDrivers(engine: string, pool: boolean): string[] {
  if (engine === 'sqlite') return []; // a part of Python
  if (engine !== 'postgresql') return ['pymysql==1.2.4:MySQLdb,pymysql'];
  const psycopg = 'psycopg[binary,pool]==3.3.9:psycopg';
  // psycopg 2 has no pool that Django knows, and blocks every greenlet of a process
  return pool ? [psycopg, 'psycopg-pool==3.3.3:psycopg_pool'] : [`${psycopg},psycopg2`];
}
