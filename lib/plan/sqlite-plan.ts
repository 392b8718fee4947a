import { connMaxAge, lockWaitTimeout, type Clients } from './database-plan';
import type { DatabaseInput, DatabasePlan } from './plan';

/**
 * A file that the processes of one machine share: no server, so that there is nothing to allow, to pool or to reserve. What a connection
 * takes (2 MB, `cache_size`) is part of its process. A statement ends with its process, and SQLite has no other limit for it.
 */
export function planSqlite(input: DatabaseInput, clients: Clients): DatabasePlan {
  return {
    engine: input.engine,
    host: input.host,
    maxConnections: 0,
    statementTimeout: 0,
    lockWaitTimeout: lockWaitTimeout(clients),
    connectTimeout: 0,
    bufferMemory: 0,
    effectiveCacheSize: 0,
    workMem: 0,
    slowQuery: 0,
    connectionCheckInterval: 0,
    connMaxAge: connMaxAge(input, clients),
    poolSize: 0,
    pooling: 'none',
    poolerSize: 0,
    poolerClients: 0,
    maxConnectionsPercent: 0,
    borrowTimeout: 0,
    memory: 0,
  };
}
