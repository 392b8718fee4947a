import type { ExplainedSetting } from './explained-setting';
import { explainedSqlite } from './explain-sqlite';
import type { BackgroundWorkerPlan, CachePlan, ConnectionPlan, DatabasePlan, Plan } from './plan';

const seconds = (value: number) => `${value} s`;
const NO_CONNECTION = 'a request learns that there is no connection before it ends';
const mebibytes = (value: number) => `${value} MiB`;
const rowsOf =
  (hop: string) =>
  (setting: string, value: string, because: string): ExplainedSetting => ({ hop, setting, value, because });

/** The rows of the database, the budget of its connections, the cache and the background workers; none where a plan has none. */
export function explainedData({
  database,
  connections,
  cache,
  backgroundWorkers,
  requestGuard,
}: Plan): ExplainedSetting[] {
  return [
    ...(database && connections
      ? [...server(database), ...pooler(database), ...budget(connections, database.pooling, requestGuard)]
      : []),
    ...(database?.engine === 'sqlite' ? [...explainedSqlite(database), connMaxAgeRow(database)] : []),
    ...(cache ? caching(cache) : []),
    ...backgroundWorkers.flatMap(background),
  ];
}

function server(database: DatabasePlan): ExplainedSetting[] {
  const { engine, bufferMemory, effectiveCacheSize, workMem, connectionCheckInterval, poolSize } = database;
  const row = rowsOf(engine);
  const client = rowsOf('Django');
  const postgresql = engine === 'postgresql';
  const ours = database.host !== 'elsewhere';
  return [
    ...(bufferMemory
      ? [
          row(
            postgresql ? 'shared_buffers' : 'innodb_buffer_pool_size',
            mebibytes(bufferMemory),
            'an eighth of the memory: the workers and the page cache need the rest',
          ),
        ]
      : []),
    ...(effectiveCacheSize
      ? [row('effective_cache_size', mebibytes(effectiveCacheSize), 'shared_buffers and twice as much page cache')]
      : []),
    ...(workMem ? [row('work_mem', mebibytes(workMem), 'each connection may take it several times')] : []),
    ...(ours
      ? [
          row(
            postgresql ? 'log_min_duration_statement' : 'long_query_time',
            seconds(database.slowQuery),
            'what takes longer is logged',
          ),
        ]
      : []),
    ...(ours && connectionCheckInterval
      ? [
          row(
            'client_connection_check_interval',
            seconds(connectionCheckInterval),
            'the query of a killed worker ends with it',
          ),
        ]
      : []),
    ...(ours && database.lockWaitTimeout
      ? [
          row(
            'innodb_lock_wait_timeout, lock_wait_timeout',
            seconds(database.lockWaitTimeout),
            'at most the statement timeout: who waits for a lock learns it before the request ends',
          ),
        ]
      : []),
    client('connect_timeout', seconds(database.connectTimeout), NO_CONNECTION),
    connMaxAgeRow(database),
    ...(poolSize
      ? [
          client('pool max_size', `${poolSize}`, 'connections that the requests of a process share'),
          client('pool timeout', seconds(database.borrowTimeout), NO_CONNECTION),
        ]
      : []),
  ];
}

function connMaxAgeRow({ connMaxAge }: DatabasePlan): ExplainedSetting {
  return rowsOf('Django')(
    'CONN_MAX_AGE',
    seconds(connMaxAge),
    connMaxAge
      ? 'a connection serves many requests of its process or thread, with a health check before each'
      : 'a request keeps no connection for another one',
  );
}

function pooler({ pooling, poolerSize, poolerClients, maxConnectionsPercent, borrowTimeout }: DatabasePlan) {
  if (pooling === 'pgbouncer') {
    const row = rowsOf('PgBouncer');
    return [
      row('default_pool_size', `${poolerSize}`, 'connections to the server that an instance shares'),
      row(
        'max_client_conn',
        `${poolerClients}`,
        'both sets of workers of a reload, a worker that is replaced, background workers and ops',
      ),
      row('query_wait_timeout', seconds(borrowTimeout), NO_CONNECTION),
    ];
  }
  if (!maxConnectionsPercent) return [];
  const row = rowsOf('RDS Proxy');
  return [
    row('MaxConnectionsPercent', `${maxConnectionsPercent}`, 'ops and what the server reserves connect past the proxy'),
    row('ConnectionBorrowTimeout', seconds(borrowTimeout), NO_CONNECTION),
  ];
}

const several = (number: number, unit: string) => `${number} ${unit}${number === 1 ? '' : 's'}`;

function budget(connections: ConnectionPlan, pooling: string, requestGuard: boolean): ExplainedSetting[] {
  const { perWorker, workers, instances, maxConnections } = connections;
  const set = `${several(instances, 'instance')} × ${several(workers, 'worker')} × ${perWorker}`;
  const web: Record<string, string> = {
    none: set,
    pgbouncer: `${several(instances, 'instance')} × default_pool_size`,
    'rds-proxy': `for all of ${set}, a second set and background workers, at most what the proxy may open`,
  };
  const row = rowsOf('connections');
  return [
    row('web', `${connections.web}`, web[pooling] ?? set),
    row(
      'surge',
      `${connections.surge}`,
      `one more set: a reload or a replacement starts before what it replaces ends${requestGuard ? '; and one worker of each instance that the guard replaces' : ''}`,
    ),
    row('background workers', `${connections.backgroundWorkers}`, 'one for each process'),
    row('ops', `${connections.ops}`, 'migrations 1, shells and cron 2, monitoring 1, a dump 1'),
    row('reserved', `${connections.reserved}`, 'for the superuser of the server and its provider'),
    row(
      'max_connections',
      `${maxConnections}`,
      `${connections.total} at the worst moment: ${connections.usedPercent} %`,
    ),
  ];
}

function caching({ host, maxMemory, maxmemoryPolicy, broker }: CachePlan): ExplainedSetting[] {
  const row = rowsOf('cache');
  return [
    ...(maxMemory ? [row('maxmemory', mebibytes(maxMemory), 'a sixteenth of the memory, unless asked for')] : []),
    ...(maxmemoryPolicy
      ? [
          row(
            'maxmemory-policy',
            maxmemoryPolicy,
            broker ? 'tasks have no expiry and stay, cached values have one' : 'the least recently used go first',
          ),
        ]
      : []),
    ...(host === 'instance'
      ? [
          row(
            'appendonly',
            broker ? 'yes' : 'no',
            broker ? 'a lost queue does not come back' : 'a lost cache refills itself',
          ),
        ]
      : []),
  ];
}

function background(worker: BackgroundWorkerPlan): ExplainedSetting[] {
  const row = rowsOf(worker.kind === 'rq' ? `${worker.name}@.service` : `${worker.name}.service`);
  return [
    row('processes', `${worker.processes}`, `each up to ${worker.memoryPerProcess} MiB and 1 database connection`),
    ...(worker.kind === 'celery-beat' ? [] : limits(worker, row)),
  ];
}

function limits(worker: BackgroundWorkerPlan, row: ReturnType<typeof rowsOf>): ExplainedSetting[] {
  return [
    worker.kind === 'schedule'
      ? row('TimeoutStartSec', seconds(worker.taskTimeout), 'taskTimeout: the longest that the command may run')
      : row('task time limit', seconds(worker.taskTimeout), 'taskTimeout'),
    row(
      'TimeoutStopSec',
      seconds(worker.timeoutStopSec),
      `taskTimeout + 15 s: a task may end when its ${worker.kind === 'schedule' ? 'machine' : 'worker'} is stopped`,
    ),
    ...(worker.kind === 'celery'
      ? [
          row(
            'visibility timeout',
            seconds(worker.visibilityTimeout),
            "Celery's hour, or 60 s more than the longest taskTimeout and longestDelay: the broker gives a task to a second worker only when the first is dead",
          ),
        ]
      : []),
  ];
}
