import type { DatabasePlan } from '../plan/plan';
import type { DatabaseServerProfile } from './operating-systems';
import { MYSQL_SOCKET, POSTGRESQL_SOCKETS } from './places';
import { NO_METADATA } from './systemd';
import { lines } from './text';

/** Below every process of the application, which have 0: the kernel counts shared buffers to each that has touched them. */
const OOM_SCORE = -600;

/** Settings of MySQL or MariaDB, read after those of the package. */
export function renderMysqlConf(database: DatabasePlan): string {
  const mariadb = database.engine === 'mariadb';
  return lines(
    '# Comments name values of database in the plan.',
    '[client]',
    `socket = ${MYSQL_SOCKET}`,
    '',
    '[mysqld]',
    `socket = ${MYSQL_SOCKET}`,
    'skip-networking',
    'skip-name-resolve',
    "default-time-zone = '+00:00'",
    'character-set-server = utf8mb4',
    `max_connections = ${database.maxConnections}  # maxConnections`,
    `innodb_buffer_pool_size = ${database.bufferMemory}M  # bufferMemory`,
    '# 100 to 200 MiB that a small instance does not have',
    'performance_schema = OFF',
    'slow_query_log = ON',
    'slow_query_log_file = /var/log/mysql/slow.log',
    `long_query_time = ${database.slowQuery}  # slowQuery`,
    `innodb_lock_wait_timeout = ${database.lockWaitTimeout}  # lockWaitTimeout`,
    `lock_wait_timeout = ${database.lockWaitTimeout}  # lockWaitTimeout`,
    mariadb
      ? [
          '# Buffers for tables of other kinds: 128 MiB each when left alone',
          'key_buffer_size = 8M',
          'aria_pagecache_buffer_size = 16M',
        ]
      : [
          '# SELECT alone, in milliseconds; MySQL has no limit for other statements',
          `max_execution_time = ${Math.round(database.statementTimeout * 1000)}  # statementTimeout`,
          '# Pages lie in the buffer pool, not in the page cache too; the default since 8.4.',
          'innodb_flush_method = O_DIRECT',
          '# The X protocol would listen on a port and a socket of its own.',
          'mysqlx = OFF',
          '# On by default and kept for 30 days; snapshots are the backup.',
          'skip-log-bin',
        ],
  );
}

/** Settings of PostgreSQL, included by those of the cluster. */
export function renderPostgresqlConf(database: DatabasePlan): string {
  return lines(
    '# Comments name values of database in the plan.',
    "listen_addresses = ''",
    `unix_socket_directories = '${POSTGRESQL_SOCKETS}'`,
    'ssl = off',
    "timezone = 'UTC'",
    "log_timezone = 'UTC'",
    `max_connections = ${database.maxConnections}  # maxConnections`,
    `shared_buffers = ${database.bufferMemory}MB  # bufferMemory`,
    `effective_cache_size = ${database.effectiveCacheSize}MB  # effectiveCacheSize`,
    `work_mem = ${database.workMem}MB  # workMem`,
    '# The plan counts one process for each connection, and what it takes without a compiler in it.',
    'max_parallel_workers_per_gather = 0',
    'jit = off',
    '# The query of a worker that was killed ends, instead of running beside those of its successor.',
    `client_connection_check_interval = ${database.connectionCheckInterval}s  # connectionCheckInterval`,
    '# The journal is bounded, files in a folder are not.',
    "log_destination = 'syslog'",
    'logging_collector = off',
    "log_line_prefix = '%q%u@%d '",
    `log_min_duration_statement = ${database.slowQuery}s  # slowQuery`,
    'log_lock_waits = on',
    "shared_preload_libraries = 'pg_stat_statements,auto_explain'",
    '# The plan of what is slow, as it was made: timing each node would slow down every query.',
    `auto_explain.log_min_duration = ${database.slowQuery}s  # slowQuery`,
    'auto_explain.log_analyze = off',
  );
}

/** Drop-in of the packaged unit. */
export function renderDatabaseDropIn(server: DatabaseServerProfile): string {
  const postgresql = server.engine === 'postgresql';
  return lines(
    '[Unit]',
    '# Without its volume it would start on an empty folder.',
    `RequiresMountsFor=${Object.values(server.folders).join(' ')}`,
    'StartLimitIntervalSec=0',
    '',
    '[Service]',
    '# When memory runs out, a worker goes first: it is back in a second.',
    // The packaged units protect PostgreSQL's main process; to its children, which share the buffers, the variable does.
    postgresql ? `Environment=PG_OOM_ADJUST_VALUE=${OOM_SCORE}` : `OOMScoreAdjust=${OOM_SCORE}`,
    'OOMPolicy=continue',
    'Restart=on-failure',
    'RestartSec=1',
    // glibc gives each thread a heap of its own: 480 MiB after large sorts on 60 connections, 190 with two (MariaDB 10.11).
    !postgresql && 'Environment=MALLOC_ARENA_MAX=2',
    NO_METADATA,
    !postgresql && ['RuntimeDirectory=mysqld', 'LogsDirectory=mysql', 'LogsDirectoryMode=2750'],
  );
}

/** Drop-in of plumbline_logs.service: the log of slow queries is bounded like those of nginx. */
export function renderDatabaseLogsDropIn(server: DatabaseServerProfile): string {
  const client = server.engine === 'mariadb' ? 'mariadb' : 'mysql';
  return lines(
    '[Service]',
    "# The folder is mysql's, and so is the server that a client of root's talks to.",
    `ExecStart=/usr/bin/find /var/log/mysql -maxdepth 1 -type f -name '*.log' -size +64M -exec mv -fT {} {}.1 \\; -exec /usr/bin/${client} --local-infile=0 -e 'FLUSH LOGS' \\;`,
  );
}
