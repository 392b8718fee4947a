import { DATA_VOLUME_SOURCE_TYPES } from './data-volume-source';
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
  BOOLEAN,
  CONNECTABLE,
  DURATION,
  INSTANCE_TYPE,
  NUMBER,
  REMOVAL_POLICY,
  SECRET,
  SIZE,
  STRING,
  SUBNETS,
  needed,
  oneOf,
  constructWith,
  withMember,
  type PropTypes,
} from './prop-types';

const ENGINE = oneOf(DatabaseEngine, 'DatabaseEngine');
const TYPES: PropTypes<DatabaseOptions> = { connMaxAge: DURATION };

export const ON_INSTANCE_TYPES: PropTypes<OnInstanceDatabaseOptions> = {
  ...TYPES,
  ...DATA_VOLUME_SOURCE_TYPES,
};

const RDS_TYPES: PropTypes<RdsOptions> = {
  ...TYPES,
  instanceType: INSTANCE_TYPE,
  allocatedStorage: SIZE,
  multiAz: BOOLEAN,
  databaseProxy: BOOLEAN,
  databaseSubnets: SUBNETS,
  deletionProtection: BOOLEAN,
  removalPolicy: REMOVAL_POLICY,
};

// a version of another engine has other members
export const RDS_MYSQL_TYPES: PropTypes<RdsMysqlOptions> = {
  ...RDS_TYPES,
  version: withMember('mysqlFullVersion', `an rds.MysqlEngineVersion, for example .of('8.4.8', '8.4')`),
};
export const RDS_MARIA_DB_TYPES: PropTypes<RdsMariaDbOptions> = {
  ...RDS_TYPES,
  version: withMember('mariaDbFullVersion', `an rds.MariaDbEngineVersion, for example .of('11.8.6', '11.8')`),
};
export const RDS_POSTGRES_TYPES: PropTypes<RdsPostgresOptions> = {
  ...RDS_TYPES,
  pgBouncer: BOOLEAN,
  version: withMember('postgresFullVersion', `an rds.PostgresEngineVersion, for example .of('17', '17')`),
};

const EXISTING_TYPES: PropTypes<ExistingDatabaseOptions> = {
  ...TYPES,
  secret: needed(SECRET),
  maxConnections: needed(NUMBER),
  databaseName: STRING,
  pgBouncer: BOOLEAN,
};

export const IMPORTED_TYPES: PropTypes<ImportedDatabaseOptions> = { ...EXISTING_TYPES, engine: ENGINE };
export const ENDPOINT_TYPES: PropTypes<EndpointDatabaseOptions> = {
  ...EXISTING_TYPES,
  engine: needed(ENGINE),
  port: NUMBER,
  certificateBundle: STRING,
  transactionPooling: BOOLEAN,
  connectable: CONNECTABLE,
};

export const DATABASE_INSTANCE = constructWith('instanceEndpoint', 'an rds.IDatabaseInstance');
export const DATABASE_CLUSTER = constructWith('clusterEndpoint', 'an rds.IDatabaseCluster');
