import type { Duration, RemovalPolicy, Size } from 'aws-cdk-lib';
import type * as ec2 from 'aws-cdk-lib/aws-ec2';
import type * as rds from 'aws-cdk-lib/aws-rds';
import type * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import type { DataVolumeSource } from './data-volume-source';

/** The databases that a plan knows. */
export enum DatabaseEngine {
  /** MySQL 8. */
  MYSQL = 'mysql',
  /** MariaDB: MySQL's protocol, settings of its own. */
  MARIADB = 'mariadb',
  /** PostgreSQL. */
  POSTGRESQL = 'postgresql',
}

/** What every database has. */
export interface DatabaseOptions {
  /**
   * How long a thread keeps its connection: Django's `CONN_MAX_AGE`, in whole seconds from 0, and less than 30 minutes with RDS Proxy.
   *
   * @default - 10 minutes; 0 with WorkerClass.GEVENT and WorkerClass.ASGI, whose requests have no thread to keep it for
   */
  readonly connMaxAge?: Duration;
}

/** Options of a database on the instance that serves the application. */
export interface OnInstanceDatabaseOptions extends DatabaseOptions, DataVolumeSource {}

/** Options of a database that is made in Amazon RDS. */
export interface RdsOptions extends DatabaseOptions {
  /**
   * Class of the database instance, without `db.`: `t3` or `t4g` from `micro` to `2xlarge`, or `m`, `r` or `x`.
   *
   * @default - t4g.small; t4g.medium for MariaDB, which allows half the connections for the same memory
   */
  readonly instanceType?: ec2.InstanceType;

  /**
   * Size of the encrypted storage, gp3: 20 GiB to 64 TiB, in whole GiB.
   *
   * @default Size.gibibytes(20)
   */
  readonly allocatedStorage?: Size;

  /**
   * Whether a second instance in another zone takes over when the first one fails.
   *
   * @default false
   */
  readonly multiAz?: boolean;

  /**
   * Whether an RDS Proxy stands before the database: it shares few connections among many workers. The statement timeout is then that of
   * requests for background workers and migrations too.
   *
   * @default false
   */
  readonly databaseProxy?: boolean;

  /**
   * Subnets of the database.
   *
   * @default - isolated subnets where the VPC has any, else private ones
   */
  readonly databaseSubnets?: ec2.SubnetSelection;

  /**
   * Whether the database is protected from being deleted.
   *
   * @default false
   */
  readonly deletionProtection?: boolean;

  /**
   * What happens to the database when it leaves the stack.
   *
   * @default RemovalPolicy.SNAPSHOT
   */
  readonly removalPolicy?: RemovalPolicy;
}

/** Options of `Database.rdsMysql`. */
export interface RdsMysqlOptions extends RdsOptions {
  /**
   * Version of the engine.
   *
   * @default - 8.4
   */
  readonly version?: rds.MysqlEngineVersion;
}

/** Options of `Database.rdsMariaDb`. */
export interface RdsMariaDbOptions extends RdsOptions {
  /**
   * Version of the engine.
   *
   * @default - 11.8
   */
  readonly version?: rds.MariaDbEngineVersion;
}

/** Options of `Database.rdsPostgres`. */
export interface RdsPostgresOptions extends RdsOptions {
  /**
   * Whether a PgBouncer runs on each instance of the application: all of its processes share `poolerSize` connections, each for one
   * transaction. Unlike `databaseProxy` it costs nothing, and bounds one instance, not a fleet: give one of the two. The statement timeout
   * is then that of requests for background workers and migrations too.
   *
   * @default false
   */
  readonly pgBouncer?: boolean;

  /**
   * Version of the engine.
   *
   * @default - 17
   */
  readonly version?: rds.PostgresEngineVersion;
}

/** Options of a database that is there already. */
export interface ExistingDatabaseOptions extends DatabaseOptions {
  /** Secret with the fields `username` and `password`, as RDS writes it. */
  readonly secret: secretsmanager.ISecret;

  /** Connections that the server allows: `max_connections`, at least 1. It cannot be read here, and the budget is checked against it. */
  readonly maxConnections: number;

  /**
   * Name of the database on the server.
   *
   * @default app
   */
  readonly databaseName?: string;

  /**
   * Whether a PgBouncer runs on each instance of the application, for PostgreSQL: all of its processes share `poolerSize` connections,
   * each for one transaction. The statement timeout is then that of requests for background workers and migrations too.
   *
   * @default false
   */
  readonly pgBouncer?: boolean;
}

/** Options of `Database.fromInstance` and `Database.fromCluster`. */
export interface ImportedDatabaseOptions extends ExistingDatabaseOptions {
  /**
   * The engine.
   *
   * @default - that of the database, where it is known: needed for one that was imported without
   */
  readonly engine?: DatabaseEngine;
}

/** Options of `Database.fromEndpoint`. */
export interface EndpointDatabaseOptions extends ExistingDatabaseOptions {
  /** The engine. */
  readonly engine: DatabaseEngine;

  /**
   * Port of the server: 1 to 65535.
   *
   * @default - 3306, or 5432 for PostgreSQL
   */
  readonly port?: number;

  /**
   * Path on the machine of the certificates that the server's certificate is checked against. TLS is always spoken.
   *
   * @default - the certificates of the operating system
   */
  readonly certificateBundle?: string;

  /**
   * Whether the endpoint is a pooler that gives a connection for one transaction, as RDS Proxy and PgBouncer do.
   *
   * @default false
   */
  readonly transactionPooling?: boolean;

  /**
   * What lets the machines in: their security groups are allowed there, on `port`.
   *
   * @default - nothing: let them in yourself
   */
  readonly connectable?: ec2.IConnectable;
}
