/** The database servers that can be planned for. */
export type DatabaseServerName = 'mysql' | 'mariadb' | 'postgresql';

/** What an application can keep its rows with: a server, or a file that its processes share. */
export type DatabaseEngineName = DatabaseServerName | 'sqlite';

/** What is asked of a database. Times in seconds, memory in MiB; absent values are derived. */
export interface DatabaseInput {
  readonly engine: DatabaseEngineName;
  readonly host: 'instance' | 'rds' | 'elsewhere';
  /** Memory of the class of an RDS instance. */
  readonly memory?: number;
  /** Derived where the server is ours; elsewhere it can only be stated. */
  readonly maxConnections?: number;
  readonly pooling?: 'none' | 'pgbouncer' | 'rds-proxy';
  readonly connMaxAge?: number;
}

/** What is asked of a cache. Memory in MiB. */
export interface CacheInput {
  readonly host: 'instance' | 'elasticache' | 'elsewhere';
  readonly maxMemory?: number;
  /** Whether background workers take their tasks from it; absent: when there are some that need a broker. */
  readonly broker?: boolean;
}

/** Where the files are that users upload. */
export interface MediaInput {
  readonly host: 'instance' | 's3';
}

/** What is asked of a background worker. Times in seconds, memory in MiB. */
export interface BackgroundWorkerInput {
  readonly name: string;
  readonly kind: 'celery' | 'celery-beat' | 'rq' | 'command' | 'schedule';
  readonly processes: number;
  readonly memoryPerProcess: number;
  /** The longest that a task may run. */
  readonly taskTimeout: number;
  /** The longest that a task waits in a worker until it is due; absent: no longer than the broker lets it by default. */
  readonly longestDelay?: number;
  /** Of a schedule: whether one instance of a fleet runs it each time. */
  readonly oncePerFleet?: boolean;
}

/** Settings of the database server and of its clients. Times in seconds, memory in MiB. */
export interface DatabasePlan {
  /** `mysql`, `mariadb`, `postgresql` or `sqlite`. */
  readonly engine: string;
  /** Where the server runs, or the file of SQLite lies: `instance`, `rds` or `elsewhere`. */
  readonly host: string;
  /** `max_connections` of the server; 0 is unknown, or no server. */
  readonly maxConnections: number;
  /** PostgreSQL `statement_timeout`, MariaDB `max_statement_time`, MySQL `max_execution_time` (SELECT only); SQLite has none: 0. */
  readonly statementTimeout: number;
  /**
   * MySQL and MariaDB `innodb_lock_wait_timeout` and `lock_wait_timeout`, SQLite `busy_timeout`; 0 where the statement timeout counts the
   * wait for a lock.
   */
  readonly lockWaitTimeout: number;
  /** `connect_timeout` of the driver; 0 where it opens a file. */
  readonly connectTimeout: number;
  /** `innodb_buffer_pool_size` or `shared_buffers`; 0 leaves it to the server, as on RDS, whose formula knows the class. */
  readonly bufferMemory: number;
  /** PostgreSQL `effective_cache_size`; 0 leaves it to the server. */
  readonly effectiveCacheSize: number;
  /** PostgreSQL `work_mem`; 0 leaves it to the server. */
  readonly workMem: number;
  /** `long_query_time` or `log_min_duration_statement`: what takes longer is logged; 0 is nothing. */
  readonly slowQuery: number;
  /** PostgreSQL `client_connection_check_interval`: how soon the query of a killed worker ends; 0 where the server has none. */
  readonly connectionCheckInterval: number;
  /** Django `CONN_MAX_AGE`. */
  readonly connMaxAge: number;
  /** Largest size of the connection pool in a process (Django `OPTIONS["pool"]`); 0 is none. */
  readonly poolSize: number;
  /** What stands between the application and the server: `none`, `pgbouncer` or `rds-proxy`. */
  readonly pooling: string;
  /** PgBouncer `default_pool_size`: server connections of an instance; 0 without PgBouncer. */
  readonly poolerSize: number;
  /** PgBouncer `max_client_conn`: what the processes of an instance may open; 0 without PgBouncer. */
  readonly poolerClients: number;
  /** RDS Proxy `MaxConnectionsPercent`; 0 without RDS Proxy. */
  readonly maxConnectionsPercent: number;
  /** RDS Proxy `ConnectionBorrowTimeout`, PgBouncer `query_wait_timeout`, `timeout` of the pool in a process; 0 without any. */
  readonly borrowTimeout: number;
  /** Memory that the server, with its connections, and PgBouncer take on the instance of the application. */
  readonly memory: number;
}

/** Settings of the cache. Memory in MiB. */
export interface CachePlan {
  /** Where the cache runs: `instance`, `elasticache` or `elsewhere`. */
  readonly host: string;
  /** `maxmemory`; 0 leaves it to the server. */
  readonly maxMemory: number;
  /** `maxmemory-policy`; empty leaves it to the server. */
  readonly maxmemoryPolicy: string;
  /** Whether background workers take their tasks from it. */
  readonly broker: boolean;
  /** `appendonly`. */
  readonly appendonly: boolean;
  /** Memory that the cache takes on the instance of the application. */
  readonly memory: number;
}

/** Settings of a background worker and of its systemd unit. Times in seconds, memory in MiB. */
export interface BackgroundWorkerPlan {
  /** Name of the systemd unit. */
  readonly name: string;
  /** `celery`, `celery-beat`, `rq`, `command` or `schedule`. */
  readonly kind: string;
  /** Processes that work on tasks. */
  readonly processes: number;
  /** What one process may take. */
  readonly memoryPerProcess: number;
  /** systemd `MemoryMax=`: all processes and what starts them; of rq, whose processes are units of their own, of all units together. */
  readonly memory: number;
  /** The longest that a task may run. */
  readonly taskTimeout: number;
  /** The longest that a task waits in a worker until it is due, as far as it is stated; else 0. */
  readonly longestDelay: number;
  /** systemd `TimeoutStopSec=`. */
  readonly timeoutStopSec: number;
  /** The shortest visibility timeout that the settings of the application may ask for: the same for all. */
  readonly leastVisibilityTimeout: number;
  /** After this the broker gives a task that nobody has acknowledged to another worker: the same for all, since the shortest wins. */
  readonly visibilityTimeout: number;
  /** Database connections that it holds at most. */
  readonly connections: number;
  /** Whether one instance of a fleet does at a time what this one is for: Celery's scheduler always, a schedule where asked. */
  readonly oncePerFleet: boolean;
}

/** Connections of the database at the worst moment: who holds how many. */
export interface ConnectionPlan {
  /** Connections of one gunicorn worker. */
  readonly perWorker: number;
  /** gunicorn workers of an instance. */
  readonly workers: number;
  /** Instances that can run at once. */
  readonly instances: number;
  /** Workers of all instances, or what a pooler opens for them. */
  readonly web: number;
  /**
   * One more set: a reload starts new workers before the old ones end, and an instance that is replaced runs beside its successor.
   * And one worker of each instance: the request guard replaces one at a time, and starts its successor first.
   */
  readonly surge: number;
  /** Background workers of all instances. */
  readonly backgroundWorkers: number;
  /** Migrations, shells, cron, monitoring, a dump. */
  readonly ops: number;
  /** What the server keeps for its superuser and its provider. */
  readonly reserved: number;
  /** The sum of all. */
  readonly total: number;
  /** What the server allows; 0 is unknown. */
  readonly maxConnections: number;
  /** `total` in percent of `maxConnections`. */
  readonly usedPercent: number;
}
