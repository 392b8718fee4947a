import { merged, type DataAccess } from './data-access';
import type { Plan } from './plan';

/** The variables that tell the application its database, its cache and the limits of its background workers. */
export function machineEnvironment(plan: Plan, access: readonly DataAccess[]): Record<string, string> {
  const { database, backgroundWorkers } = plan;
  const tasks = backgroundWorkers.filter(({ kind }) => kind === 'celery' || kind === 'rq');
  const longest = (values: number[]) => String(Math.max(...values));
  return {
    ...(database && {
      PLUMBLINE_DATABASE_ENGINE: database.engine === 'mariadb' ? 'mysql' : database.engine,
      PLUMBLINE_DATABASE_CONN_MAX_AGE: String(database.connMaxAge),
      ...(database.engine === 'sqlite'
        ? { PLUMBLINE_DATABASE_LOCK_TIMEOUT: String(database.lockWaitTimeout) }
        : { PLUMBLINE_DATABASE_CONNECT_TIMEOUT: String(database.connectTimeout) }),
      ...(database.poolSize > 0 && {
        PLUMBLINE_DATABASE_POOL_SIZE: String(database.poolSize),
        PLUMBLINE_DATABASE_POOL_TIMEOUT: String(database.borrowTimeout),
      }),
      ...(database.pooling !== 'none' && { PLUMBLINE_DATABASE_TRANSACTION_POOLING: '1' }),
    }),
    ...merged(access.map(({ environment }) => environment)),
    ...(tasks.length > 0 && {
      PLUMBLINE_TASK_TIMEOUT: longest(tasks.map(({ taskTimeout }) => taskTimeout)),
      PLUMBLINE_LEAST_VISIBILITY_TIMEOUT: longest(tasks.map(({ leastVisibilityTimeout }) => leastVisibilityTimeout)),
      PLUMBLINE_VISIBILITY_TIMEOUT: longest(tasks.map(({ visibilityTimeout }) => visibilityTimeout)),
    }),
  };
}
