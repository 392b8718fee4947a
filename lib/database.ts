import { Tokenization } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as rds from 'aws-cdk-lib/aws-rds';
import type { Construct } from 'constructs';
import { letIn, type DataAccess } from './data-access';
import { dataVolumeOptions, type DataVolumeOptions } from './data-volume-options';
import {
  DatabaseEngine,
  type DatabaseOptions,
  type EndpointDatabaseOptions,
  type ExistingDatabaseOptions,
  type ImportedDatabaseOptions,
  type OnInstanceDatabaseOptions,
  type RdsMariaDbOptions,
  type RdsMysqlOptions,
  type RdsOptions,
  type RdsPostgresOptions,
} from './database-options';
import {
  DATABASE_CLUSTER,
  DATABASE_INSTANCE,
  ENDPOINT_TYPES,
  IMPORTED_TYPES,
  ON_INSTANCE_TYPES,
  RDS_MARIA_DB_TYPES,
  RDS_MYSQL_TYPES,
  RDS_POSTGRES_TYPES,
} from './database-types';
import { EnvironmentSecret } from './environment-secret';
import { literal, secondsOf } from './numbers';
import { OperatingSystem } from './operating-system';
import {
  databasePort,
  rdsClassProblem,
  rdsMemory,
  type DatabaseEngineName,
  type DatabaseInput,
  type Plan,
} from './plan';
import { refuse } from './plan/refuse';
import { STRING, refuseOtherOptions } from './prop-types';
import { RDS_STORAGE, hostProblems, portProblems, sizeProblems } from './ranges';
import { RdsDatabase } from './rds-database';
import { MYSQL_SOCKET, PGBOUNCER_PORT, PGBOUNCER_SOCKETS, POSTGRESQL_SOCKETS, RDS_BUNDLE, SQLITE_FILE } from './render';

/** Where a database is bound to. */
export interface DatabaseContext {
  readonly plan: Plan;
  readonly operatingSystem: OperatingSystem;
  /** Where a database is made; absent where none can be made. */
  readonly vpc?: ec2.IVpc;
}

/** A database that was made here can be seen by whoever made it. */
export interface DatabaseAccess extends DataAccess {
  readonly rds?: RdsDatabase;
}

/** Versions with long-term support; RDS installs newer patches by itself. Spelled out, because constants come and go with aws-cdk-lib. */
const MYSQL = rds.MysqlEngineVersion.of('8.4.8', '8.4');
const MARIADB = rds.MariaDbEngineVersion.of('11.8.6', '11.8');
const POSTGRESQL = rds.PostgresEngineVersion.of('17', '17');

/** Database and user where nobody says otherwise; on the instance also the operating system's user, which is how they know each other. */
const APP = 'app';

/** How the application reaches what is on its instance: a server by its socket, as the user that it runs as. */
const ENVIRONMENT_ON_INSTANCE: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  mysql: onSocket(MYSQL_SOCKET),
  mariadb: onSocket(MYSQL_SOCKET),
  postgresql: onSocket(POSTGRESQL_SOCKETS),
  sqlite: { PLUMBLINE_DATABASE_NAME: SQLITE_FILE },
};

/**
 * The database of an application: on its instance, made in Amazon RDS, or there already. Where it is made here its parameters come from the
 * plan; one that is there already needs a statement timeout of at most `statementTimeout` of the plan, by role or by parameter group.
 */
export class Database {
  /**
   * MySQL, or MariaDB where the operating system has no MySQL (all but Ubuntu), on the instance that serves the application. Its data
   * lies on a volume of its own with daily snapshots, and the instance is changed in place instead of being replaced.
   */
  public static mysqlOnInstance(options: OnInstanceDatabaseOptions = {}): Database {
    return Database.onInstance(options, (operatingSystem) => operatingSystem._profile.mysql.engine);
  }

  /** PostgreSQL on the instance that serves the application; otherwise as `mysqlOnInstance`. */
  public static postgresOnInstance(options: OnInstanceDatabaseOptions = {}): Database {
    return Database.onInstance(options, () => DatabaseEngine.POSTGRESQL);
  }

  /**
   * SQLite: a file that all processes of the application on its one instance share, and no server. It lies on a volume of its own with daily
   * snapshots, and the instance is changed in place, as with `mysqlOnInstance`. One transaction at a time writes, and is on the disk when it
   * is answered; those that wait for it fail after a little less than `requestTimeout`. Not for gevent, nor for more than one instance.
   */
  public static sqliteOnInstance(options: OnInstanceDatabaseOptions = {}): Database {
    return Database.onInstance(options, () => 'sqlite');
  }

  /** MySQL in Amazon RDS. */
  public static rdsMysql(options: RdsMysqlOptions = {}): Database {
    refuseOtherOptions(options, RDS_MYSQL_TYPES);
    const { version = MYSQL } = options;
    return Database.inRds(options, DatabaseEngine.MYSQL, rds.DatabaseInstanceEngine.mysql({ version }));
  }

  /** MariaDB in Amazon RDS. */
  public static rdsMariaDb(options: RdsMariaDbOptions = {}): Database {
    refuseOtherOptions(options, RDS_MARIA_DB_TYPES);
    const { version = MARIADB } = options;
    // it allows half of MySQL's connections for the same memory
    const { instanceType = new ec2.InstanceType('t4g.medium') } = options;
    return Database.inRds(
      { ...options, instanceType },
      DatabaseEngine.MARIADB,
      rds.DatabaseInstanceEngine.mariaDb({ version }),
    );
  }

  /** PostgreSQL in Amazon RDS. */
  public static rdsPostgres(options: RdsPostgresOptions = {}): Database {
    refuseOtherOptions(options, RDS_POSTGRES_TYPES);
    const { version = POSTGRESQL } = options;
    return Database.inRds(options, DatabaseEngine.POSTGRESQL, rds.DatabaseInstanceEngine.postgres({ version }));
  }

  /** An instance of Amazon RDS that is there already. It lets the machines in. */
  public static fromInstance(instance: rds.IDatabaseInstance, options: ImportedDatabaseOptions): Database {
    refuseOtherOptions(options, IMPORTED_TYPES, { instance: [instance, DATABASE_INSTANCE] });
    return Database.existing(instance.instanceEndpoint, {
      ...options,
      engine: engineOf(instance.node.path, options.engine, instance.engine?.engineType),
      certificateBundle: RDS_BUNDLE,
      connectable: instance,
    });
  }

  /** A cluster of Amazon Aurora or RDS that is there already: its writer. It lets the machines in. */
  public static fromCluster(cluster: rds.IDatabaseCluster, options: ImportedDatabaseOptions): Database {
    refuseOtherOptions(options, IMPORTED_TYPES, { cluster: [cluster, DATABASE_CLUSTER] });
    return Database.existing(cluster.clusterEndpoint, {
      ...options,
      engine: engineOf(cluster.node.path, options.engine, cluster.engine?.engineType),
      certificateBundle: RDS_BUNDLE,
      connectable: cluster,
    });
  }

  /** A server that is reached over the network by its name. */
  public static fromEndpoint(host: string, options: EndpointDatabaseOptions): Database {
    refuseOtherOptions(options, ENDPOINT_TYPES, { host: [host, STRING] });
    refuse([...hostProblems('host', host), ...portProblems('port', options.port)]);
    const port = options.port ?? databasePort(options.engine);
    return Database.existing(new rds.Endpoint(host, port), options);
  }

  private static onInstance(
    options: OnInstanceDatabaseOptions,
    engine: (operatingSystem: OperatingSystem) => DatabaseEngineName,
  ): Database {
    refuseOtherOptions(options, ON_INSTANCE_TYPES);
    return new Database(
      options,
      (operatingSystem) => ({ engine: engine(operatingSystem), host: 'instance' }),
      (_, { plan }) => ({ environment: ENVIRONMENT_ON_INSTANCE[plan.database!.engine]!, secrets: {} }),
      dataVolumeOptions(options),
    );
  }

  private static inRds(
    options: RdsOptions & Pick<RdsPostgresOptions, 'pgBouncer'>,
    engine: DatabaseEngine,
    rdsEngine: rds.IInstanceEngine,
  ): Database {
    const instanceType = options.instanceType ?? new ec2.InstanceType('t4g.small');
    const className = literal('instanceType', instanceType.toString());
    const classProblem = rdsClassProblem(className);
    refuse([
      ...(classProblem ? [`instanceType ${JSON.stringify(className)} of the database ${classProblem}`] : []),
      ...sizeProblems('allocatedStorage', options.allocatedStorage, RDS_STORAGE),
    ]);
    const pooling = poolingOf(engine, options.pgBouncer, options.databaseProxy && 'databaseProxy');
    return new Database(
      options,
      () => ({
        engine,
        host: 'rds',
        memory: rdsMemory(className),
        pooling,
      }),
      (scope, { plan, operatingSystem, vpc }) => {
        if (!vpc) {
          throw new Error(
            'a database in RDS needs a VPC: give dataServices with vpc, or make it yourself and give Database.fromInstance',
          );
        }
        const database = new RdsDatabase(scope, 'Database', { ...options, instanceType, engine: rdsEngine, plan, vpc });
        // the certificate of a proxy is one of Certificate Manager's
        const certificateBundle = database.proxy ? operatingSystem._certificateBundle : RDS_BUNDLE;
        return {
          environment: {
            PLUMBLINE_DATABASE_NAME: APP,
            PLUMBLINE_DATABASE_USER: APP,
            PLUMBLINE_DATABASE_HOST: database.host,
            PLUMBLINE_DATABASE_PORT: String(database.port),
            PLUMBLINE_DATABASE_CA: certificateBundle,
          },
          secrets: { PLUMBLINE_DATABASE_PASSWORD: EnvironmentSecret.fromSecretsManager(database.secret, 'password') },
          connections: database.connections,
          account: {
            administrator: database.masterUserSecret,
            user: database.secret,
            host: database.host,
            port: String(database.port),
            certificateBundle,
          },
          rds: database,
        };
      },
    );
  }

  private static existing(
    endpoint: rds.Endpoint,
    options: ExistingDatabaseOptions &
      Pick<EndpointDatabaseOptions, 'engine' | 'certificateBundle' | 'transactionPooling' | 'connectable'>,
  ): Database {
    const { secret, connectable } = options;
    const pooling = poolingOf(options.engine, options.pgBouncer, options.transactionPooling && 'transactionPooling');
    return new Database(
      options,
      () => ({
        engine: options.engine,
        host: 'elsewhere',
        maxConnections: literal('maxConnections', options.maxConnections),
        pooling,
      }),
      (scope, { operatingSystem }) => ({
        environment: {
          PLUMBLINE_DATABASE_NAME: options.databaseName ?? APP,
          PLUMBLINE_DATABASE_HOST: endpoint.hostname,
          PLUMBLINE_DATABASE_PORT: Tokenization.stringifyNumber(endpoint.port),
          PLUMBLINE_DATABASE_CA: options.certificateBundle ?? operatingSystem._certificateBundle,
        },
        secrets: {
          PLUMBLINE_DATABASE_USER: EnvironmentSecret.fromSecretsManager(secret, 'username'),
          PLUMBLINE_DATABASE_PASSWORD: EnvironmentSecret.fromSecretsManager(secret, 'password'),
        },
        connections: letIn(scope, 'database', connectable, endpoint.port),
      }),
    );
  }

  private constructor(
    private readonly options: DatabaseOptions,
    private readonly input: (operatingSystem: OperatingSystem) => DatabaseInput,
    private readonly bind: (scope: Construct, context: DatabaseContext) => DatabaseAccess,
    /** @internal */
    public readonly _volume?: DataVolumeOptions,
  ) {}

  /** @internal */
  public _planInput(operatingSystem: OperatingSystem = OperatingSystem.AMAZON_LINUX_2023): DatabaseInput {
    return { ...this.input(operatingSystem), connMaxAge: secondsOf('connMaxAge', this.options.connMaxAge) };
  }

  /** @internal */
  public _bind(scope: Construct, context: DatabaseContext): DatabaseAccess {
    const access = this.bind(scope, context);
    return this.input(context.operatingSystem).pooling === 'pgbouncer' ? throughPgBouncer(access) : access;
  }
}

function onSocket(socket: string): Record<string, string> {
  return { PLUMBLINE_DATABASE_NAME: APP, PLUMBLINE_DATABASE_USER: APP, PLUMBLINE_DATABASE_HOST: socket };
}

/** @throws when two poolers are asked for, or one that does not know the engine */
function poolingOf(
  engine: DatabaseEngine,
  pgBouncer: boolean | undefined,
  other: string | false | undefined,
): DatabaseInput['pooling'] {
  if (!pgBouncer) return other ? 'rds-proxy' : undefined;
  if (engine !== DatabaseEngine.POSTGRESQL) {
    throw new Error(`pgBouncer is for PostgreSQL, and the engine is ${engine}: leave pgBouncer away`);
  }
  if (other) throw new Error(`pgBouncer and ${other} are two poolers one behind the other: give one of them`);
  return 'pgbouncer';
}

/** The application knows PgBouncer's socket, and PgBouncer the server. */
function throughPgBouncer({ environment, ...access }: DatabaseAccess): DatabaseAccess {
  const {
    PLUMBLINE_DATABASE_HOST: host,
    PLUMBLINE_DATABASE_PORT: port,
    PLUMBLINE_DATABASE_CA: certificateBundle,
    ...rest
  } = environment;
  return {
    ...access,
    environment: {
      ...rest,
      PLUMBLINE_DATABASE_HOST: PGBOUNCER_SOCKETS,
      PLUMBLINE_DATABASE_PORT: String(PGBOUNCER_PORT),
    },
    pooled: {
      host: host!,
      port: port!,
      databaseName: rest.PLUMBLINE_DATABASE_NAME!,
      certificateBundle: certificateBundle!,
    },
  };
}

/** @throws when neither the caller nor the construct knows the engine */
function engineOf(path: string, given: DatabaseEngine | undefined, engineType: string | undefined): DatabaseEngine {
  // mysql, aurora-mysql, mariadb, postgres, aurora-postgresql
  const known = Object.values(DatabaseEngine).find((engine) =>
    engineType?.includes(engine.replace('postgresql', 'postgres')),
  );
  if (given && known && given !== known) {
    throw new Error(`engine (${given}) is not that of ${path} (${known}): leave engine out`);
  }
  const engine = given ?? known;
  if (!engine) throw new Error(`the engine of ${path} is not known here: give engine`);
  return engine;
}
