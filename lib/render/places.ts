/** Certificates of Amazon RDS in every region: the bootstrap fetches them. */
export const RDS_BUNDLE = '/etc/gunicorn/rds-bundle.pem';

/** The socket of MySQL and MariaDB, the same on every operating system. */
export const MYSQL_SOCKET = '/run/mysqld/mysqld.sock';

/** The folder of PostgreSQL's socket, the same on every operating system. */
export const POSTGRESQL_SOCKETS = '/var/run/postgresql';

/** The folder of PgBouncer's socket. */
export const PGBOUNCER_SOCKETS = '/run/pgbouncer';

/** PgBouncer's own port: the socket is named after it. */
export const PGBOUNCER_PORT = 6432;

/** The socket of Valkey or Redis. */
export const CACHE_SOCKET = '/run/plumbline-cache/cache.sock';

/** Where the volume for data is mounted. */
export const DATA = '/srv/data';

/** The files that users upload, where the instance has them. */
export const MEDIA = `${DATA}/media`;

/** Folders of the application that are kept besides, by their paths in it. */
export const LINKED = `${DATA}/linked`;

/** Where nginx serves them, unless the project says otherwise. */
export const MEDIA_URL = '/media/';

/** The folder of SQLite on it, which holds the database, and what SQLite keeps beside it. */
export const SQLITE_FOLDER = `${DATA}/sqlite`;

/** The database of SQLite. */
export const SQLITE_FILE = `${SQLITE_FOLDER}/app.sqlite3`;

/** The release that serves. */
export const RELEASE = '/srv/app/current';

/** Request bodies that nginx receives: a file system of its own. */
export const UPLOADS = '/var/spool/nginx/uploads';

/** Responses that nginx reads ahead for slow clients: a file system of its own. */
export const RESPONSES = '/var/spool/nginx/responses';
