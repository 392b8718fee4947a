import type { DatabasePlan } from './plan';

/** The parameter group of an RDS instance: what the plan says, written out so that nothing hangs on the class. */
export function rdsParameters(database: DatabasePlan): Record<string, string> {
  const { engine, maxConnections, statementTimeout, slowQuery, connectionCheckInterval, lockWaitTimeout } = database;
  const milliseconds = (seconds: number) => String(Math.round(seconds * 1000));
  if (engine === 'postgresql') {
    return {
      max_connections: String(maxConnections),
      statement_timeout: milliseconds(statementTimeout),
      client_connection_check_interval: milliseconds(connectionCheckInterval),
      log_min_duration_statement: milliseconds(slowQuery),
      shared_preload_libraries: 'pg_stat_statements,auto_explain',
      'auto_explain.log_min_duration': milliseconds(slowQuery),
      // as Django writes it: with another name for the same zone it would send one statement more for each connection
      timezone: 'UTC',
      'rds.force_ssl': '1',
    };
  }
  return {
    max_connections: String(maxConnections),
    ...(engine === 'mariadb'
      ? { max_statement_time: String(statementTimeout) }
      : { max_execution_time: milliseconds(statementTimeout) }),
    innodb_lock_wait_timeout: String(lockWaitTimeout),
    lock_wait_timeout: String(lockWaitTimeout),
    slow_query_log: '1',
    long_query_time: String(slowQuery),
    // a table, the default, can be read by SQL alone
    log_output: 'FILE',
    time_zone: 'UTC',
    require_secure_transport: '1',
  };
}
