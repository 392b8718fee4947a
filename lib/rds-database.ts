import { Duration, Names, RemovalPolicy, Size } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as rds from 'aws-cdk-lib/aws-rds';
import type * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';
import { dataSubnets } from './data-subnets';
import type { RdsOptions } from './database-options';
import { databasePort, type Plan } from './plan';
import { rdsParameters } from './rds-parameters';

/** Props of `RdsDatabase`. */
export interface RdsDatabaseProps extends Omit<RdsOptions, 'connMaxAge'> {
  /** The numbers. */
  readonly plan: Plan;
  /** Where the database is. */
  readonly vpc: ec2.IVpc;
  /** The engine with its version. */
  readonly engine: rds.IInstanceEngine;
  /** Class of the database instance. */
  readonly instanceType: ec2.InstanceType;
}

/** The least that RDS makes of gp3. */
const ALLOCATED_STORAGE = Size.gibibytes(20);

/** A week, so that what went wrong on Friday can be undone after the weekend. */
const BACKUP_RETENTION = Duration.days(7);

/** A database instance in Amazon RDS with the parameters of a plan, and the proxy before it. */
export class RdsDatabase extends Construct implements ec2.IConnectable {
  /** The database instance. */
  public readonly instance: rds.DatabaseInstance;
  /** The proxy, where there is one. */
  public readonly proxy?: rds.DatabaseProxy;
  /** User name and password of the application's account, which owns its database and nothing else. */
  public readonly secret: secretsmanager.ISecret;
  /** User name and password of the administrator, whom the machine asks to make the account. */
  public readonly masterUserSecret: secretsmanager.ISecret;
  /** What the application connects to: the proxy or the instance. */
  public readonly host: string;
  /** The port of both. */
  public readonly port: number;
  /** Who may reach what the application connects to. */
  public readonly connections: ec2.Connections;

  constructor(scope: Construct, id: string, props: RdsDatabaseProps) {
    super(scope, id);
    const { vpc, engine } = props;
    const plan = props.plan.database!;
    const vpcSubnets = dataSubnets({
      vpc,
      prop: 'databaseSubnets',
      given: props.databaseSubnets,
      inTwoZones: 'a database in RDS',
    });
    this.port = databasePort(plan.engine);

    const securityGroup = new ec2.SecurityGroup(this, 'SecurityGroup', {
      vpc,
      description: 'Database',
      allowAllOutbound: false,
    });
    this.instance = new rds.DatabaseInstance(this, 'Instance', {
      engine,
      instanceType: props.instanceType,
      vpc,
      vpcSubnets,
      securityGroups: [securityGroup],
      publiclyAccessible: false,
      port: this.port,
      databaseName: 'app',
      credentials: rds.Credentials.fromGeneratedSecret('plumbline'),
      parameterGroup: new rds.ParameterGroup(this, 'ParameterGroup', {
        engine,
        description: 'From the plan of the request path',
        parameters: rdsParameters(plan),
      }),
      allocatedStorage: (props.allocatedStorage ?? ALLOCATED_STORAGE).toGibibytes(),
      storageType: rds.StorageType.GP3,
      storageEncrypted: true,
      multiAz: props.multiAz,
      backupRetention: BACKUP_RETENTION,
      cloudwatchLogsExports: plan.engine === 'postgresql' ? ['postgresql', 'upgrade'] : ['error', 'slowquery'],
      deletionProtection: props.deletionProtection ?? false,
      removalPolicy: props.removalPolicy ?? RemovalPolicy.SNAPSHOT,
    });
    this.masterUserSecret = this.instance.secret!;
    this.secret = new rds.DatabaseSecret(this, 'ApplicationSecret', { username: 'app' }).attach(this.instance);
    this.host = this.instance.dbInstanceEndpointAddress;
    this.connections = new ec2.Connections({
      securityGroups: [securityGroup],
      defaultPort: ec2.Port.tcp(this.port),
    });

    if (props.databaseProxy) {
      const proxyGroup = new ec2.SecurityGroup(this, 'ProxySecurityGroup', {
        vpc,
        description: 'Database proxy',
        allowAllOutbound: false,
      });
      this.proxy = new rds.DatabaseProxy(this, 'Proxy', {
        proxyTarget: rds.ProxyTarget.fromInstance(this.instance),
        secrets: [this.secret, this.masterUserSecret],
        vpc,
        vpcSubnets,
        securityGroups: [proxyGroup],
        // stated, because the default is the last part of the path, or hangs on a feature flag
        dbProxyName: Names.uniqueResourceName(this, { maxLength: 60, separator: '-' }),
        requireTLS: true,
        borrowTimeout: Duration.seconds(plan.borrowTimeout),
        maxConnectionsPercent: plan.maxConnectionsPercent,
      });
      this.host = this.proxy.endpoint;
      this.connections = new ec2.Connections({
        securityGroups: [proxyGroup],
        defaultPort: ec2.Port.tcp(this.port),
      });
    }
  }
}
