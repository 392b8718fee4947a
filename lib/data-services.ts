import type * as ec2 from 'aws-cdk-lib/aws-ec2';
import type * as rds from 'aws-cdk-lib/aws-rds';
import type * as s3 from 'aws-cdk-lib/aws-s3';
import type * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';
import type { DataAccess } from './data-access';
import { OperatingSystem } from './operating-system';
import { connectionsHere } from './other-stacks';
import { reportViolations } from './plan-violations';
import { VPC, refuseOtherTypes, type PropTypes } from './prop-types';
import { PLAN, type RequestPathPlan } from './request-path-plan';

/** Props of `DataServices`. */
export interface DataServicesProps {
  /** The numbers, with the database and the cache that they were derived for. */
  readonly plan: RequestPathPlan;

  /**
   * Where databases and caches are made.
   *
   * @default - none: a database in RDS and a cache in ElastiCache need it
   */
  readonly vpc?: ec2.IVpc;
}

const TYPES: PropTypes<DataServicesProps> = { plan: PLAN, vpc: VPC };

/**
 * The database, the cache and the files of a plan, as far as they are outside of the machine, and the way to them.
 *
 * `WebService` makes it; it also fits user data for a launch template of your own.
 *
 * Resources defined: RDS instance with parameter group, subnet group, security group and secret, a proxy with role and security group
 * where it is wanted; ElastiCache replication group with parameter group, subnet group, security group and secret; a bucket for files.
 *
 * Security considerations: encrypted, TLS required, generated passwords, not public; only who is given to `allowFrom` gets in.
 */
export class DataServices extends Construct {
  /** The database instance, where one was made. */
  public readonly databaseInstance?: rds.DatabaseInstance;

  /** The proxy before it, where one was made. */
  public readonly databaseProxy?: rds.DatabaseProxy;

  /** User name and password of the application's account in the database, where one was made. */
  public readonly databaseSecret?: secretsmanager.ISecret;

  /** User name and password of the administrator of the database, where one was made: for people, and to make the application's account. */
  public readonly databaseMasterUserSecret?: secretsmanager.ISecret;

  /** The bucket of the files that users upload, where they are in one. */
  public readonly mediaBucket?: s3.IBucket;

  /** @internal */
  public readonly _plan: RequestPathPlan;

  /** @internal */
  public readonly _access: readonly DataAccess[];

  constructor(scope: Construct, id: string, props: DataServicesProps) {
    super(scope, id);
    refuseOtherTypes(props, TYPES);
    const { plan, vpc } = props;
    reportViolations(this, plan);
    const { database, cache, media, operatingSystem = OperatingSystem.AMAZON_LINUX_2023 } = plan._props;
    const databaseAccess = database?._bind(this, { plan: plan._plan, vpc, operatingSystem });
    const cacheAccess = cache?._bind(this, { plan: plan._plan, vpc });
    const mediaAccess = media?._bind(this);
    this._plan = plan;
    this._access = [databaseAccess, cacheAccess, mediaAccess].filter((access) => access !== undefined);
    this.mediaBucket = mediaAccess?.bucket;
    this.databaseInstance = databaseAccess?.rds?.instance;
    this.databaseProxy = databaseAccess?.rds?.proxy;
    this.databaseSecret = databaseAccess?.rds?.secret;
    this.databaseMasterUserSecret = databaseAccess?.rds?.masterUserSecret;
  }

  /** Lets machines reach the database and the cache. `WebInstance` calls it for its own. */
  public allowFrom(machines: ec2.IConnectable): void {
    // Machines know their database, and not the reverse: their stack has the rules. A security group is no machine.
    const scope = Construct.isConstruct(machines) && !('securityGroupId' in machines) ? machines : this;
    const connections = connectionsHere(scope, machines);
    for (const { connections: theirs } of this._access) {
      if (theirs) connectionsHere(scope, { connections: theirs }).allowDefaultPortFrom({ connections }, 'Application');
    }
  }
}
