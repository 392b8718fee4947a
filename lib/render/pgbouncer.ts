import type { DatabasePlan } from '../plan/plan';
import type { PooledServer } from './input';
import { PGBOUNCER_PORT, PGBOUNCER_SOCKETS } from './places';
import { after, SERVICE_END } from './systemd';
import { lines, outsideTokens } from './text';

/** Settings of PgBouncer; the server and its account are in a file that the service writes. */
export function renderPgBouncerIni(database: DatabasePlan, server: PooledServer): string {
  return lines(
    '; Comments name values of database in the plan.',
    '[pgbouncer]',
    'listen_addr =',
    `listen_port = ${PGBOUNCER_PORT}`,
    `unix_socket_dir = ${PGBOUNCER_SOCKETS}`,
    '; Who may open the socket is the application; who it is to the server, PgBouncer knows.',
    'unix_socket_mode = 0700',
    'auth_type = any',
    'pool_mode = transaction',
    '; poolerSize, poolerClients, borrowTimeout',
    `default_pool_size = ${database.poolerSize}`,
    `max_client_conn = ${database.poolerClients}`,
    `query_wait_timeout = ${database.borrowTimeout}`,
    'server_tls_sslmode = verify-full',
    `server_tls_ca_file = ${server.certificateBundle}`,
    '; A password that was rotated is there within seconds: 15 of them are too many to wait.',
    'server_login_retry = 1',
    '; With CONN_MAX_AGE 0 it would be two lines a request.',
    'log_connections = 0',
    'log_disconnections = 0',
    '',
    `%include ${PGBOUNCER_SOCKETS}/databases.ini`,
  );
}

/** What PgBouncer connects to: a connection string without the account, see plumbline_pgbouncer.sh. */
export function renderPgBouncerServer({ databaseName, host, port }: PooledServer): string {
  return lines(`host=${quoted(host)} port=${port} dbname=${quoted(databaseName)}`);
}

const quoted = (text: string) => `'${outsideTokens(text, /'/g, "''")}'`;

/** pgbouncer.service: the packaged one would run as another user, who may not read the secrets. */
export function renderPgBouncerService(): string {
  return lines(
    '[Unit]',
    'Description=PgBouncer: the connections to the database that the processes of the application share',
    after({ units: [], secrets: true }),
    'StartLimitIntervalSec=0',
    '',
    '[Service]',
    'Type=notify',
    'User=app',
    'Group=app',
    'RuntimeDirectory=pgbouncer',
    'EnvironmentFile=/etc/gunicorn/environment',
    'ExecStart=/bin/bash /usr/local/lib/plumbline/plumbline_pgbouncer.sh',
    '# Queries end first; what reads the log is told by its end.',
    'KillMode=mixed',
    'KillSignal=SIGINT',
    'OOMScoreAdjust=-300',
    SERVICE_END,
  );
}
