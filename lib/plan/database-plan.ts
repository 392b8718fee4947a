import { poolerSize, proxyPercent, tasksOf, type Fleet } from './connection-plan';
import type { DatabaseServer } from './database-server';
import type { ConnectionPlan, DatabaseInput, DatabasePlan } from './plan';

/** What takes longer than this is logged: seconds that a user notices, few enough for the log of a small instance. */
const SLOW_QUERY = 1;
/** PostgreSQL asks the kernel once a second whether its client is still there: the queries of a killed worker were gone after 2.5 s, in seconds. */
const CONNECTION_CHECK_INTERVAL = 1;
/** Heroku's number for Django: a connection is used again, and a forgotten one ends, in seconds. */
const CONN_MAX_AGE = 600;
/** A client of a pooler, or of the pool in its process, that waits longer than this for a connection is better told so, in seconds. */
const BORROW_TIMEOUT = 10;
/** What InnoDB waits for a row unless it is told, in seconds. */
const LOCK_WAIT_TIMEOUT = 50;
/** PyMySQL's own `connect_timeout`; libpq has none, so that a server behind a closed port is waited for two minutes, in seconds. */
const CONNECT_TIMEOUT = 10;
/** PostgreSQL's own `work_mem`: each connection may take it several times, in MiB. */
const WORK_MEM = 4;

/** What the settings of a server follow from. Times in seconds. */
export interface Clients {
  readonly requestTimeout: number;
  readonly statementTimeout: number;
  /** Size of the pool in each process; 0 is none. */
  readonly poolSize: number;
  /** Whether a connection can be kept for the next request of the same process or thread. */
  readonly keepsConnections: boolean;
}

/** Settings of the database server and of its clients, from the budget of connections. */
export function planDatabase(
  server: DatabaseServer,
  fleet: Fleet,
  connections: ConnectionPlan,
  clients: Clients,
): DatabasePlan {
  const { input } = server;
  const postgresql = input.engine === 'postgresql';
  const onInstance = input.host === 'instance';
  const pooling = input.pooling ?? 'none';
  const pgbouncer = pooling === 'pgbouncer';
  // of a proxy elsewhere, whoever made it decides
  const proxy = pooling === 'rds-proxy' && input.host === 'rds';
  const { maxConnections, ops, reserved, total } = connections;
  const set = connections.workers * connections.perWorker;
  return {
    engine: input.engine,
    host: input.host,
    maxConnections,
    statementTimeout: clients.statementTimeout,
    // of PostgreSQL the statement timeout counts the wait for a lock
    lockWaitTimeout: postgresql ? 0 : lockWaitTimeout(clients),
    connectTimeout: Math.max(1, Math.min(CONNECT_TIMEOUT, Math.floor(clients.requestTimeout / 2))),
    bufferMemory: server.bufferMemory,
    // shared_buffers and twice as much page cache
    effectiveCacheSize: postgresql ? 3 * server.bufferMemory : 0,
    workMem: postgresql && onInstance ? WORK_MEM : 0,
    slowQuery: SLOW_QUERY,
    connectionCheckInterval: postgresql ? CONNECTION_CHECK_INTERVAL : 0,
    connMaxAge: connMaxAge(input, clients),
    poolSize: clients.poolSize,
    pooling,
    poolerSize: pgbouncer ? poolerSize(server, fleet, set) : 0,
    // both sets of workers while gunicorn reloads, and one that the guard replaces
    poolerClients: pgbouncer ? 2 * set + (fleet.requestGuard ? connections.perWorker : 0) + tasksOf(fleet) + ops : 0,
    maxConnectionsPercent: proxy ? proxyPercent(maxConnections, reserved) : 0,
    borrowTimeout:
      pgbouncer || proxy || clients.poolSize > 0
        ? Math.max(1, Math.min(BORROW_TIMEOUT, Math.floor(clients.requestTimeout / 2)))
        : 0,
    memory: server.memory + server.perConnection * total,
  };
}

/** How long a client waits for a lock: it learns that it has not got it before its request ends. */
export function lockWaitTimeout({ statementTimeout }: Clients): number {
  return Math.max(1, Math.min(LOCK_WAIT_TIMEOUT, Math.floor(statementTimeout)));
}

/** `CONN_MAX_AGE`, unless it is asked for. */
export function connMaxAge(input: DatabaseInput, { keepsConnections }: Clients): number {
  return input.connMaxAge ?? (keepsConnections ? CONN_MAX_AGE : 0);
}
