import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as elasticache from 'aws-cdk-lib/aws-elasticache';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';
import type { ElastiCacheOptions } from './cache-options';
import { dataSubnets } from './data-subnets';
import type { Plan } from './plan';

/** Props of `ElastiCache`. */
export interface ElastiCacheProps extends ElastiCacheOptions {
  /** The numbers. */
  readonly plan: Plan;
  /** Where the cache is. */
  readonly vpc: ec2.IVpc;
  /** Its port. */
  readonly port: number;
}

/** ElastiCache takes 16 to 128 characters. */
const PASSWORD_LENGTH = 64;

/**
 * A replication group of Amazon ElastiCache. Node based and without cluster mode, because brokers use several databases and keys of several
 * slots at once; from L1 constructs, because aws-cdk-lib has no others.
 */
export class ElastiCache extends Construct implements ec2.IConnectable {
  /** What the application connects to: the primary node. */
  public readonly host: string;
  /** Its password. */
  public readonly password: secretsmanager.ISecret;
  /** Who may reach it. */
  public readonly connections: ec2.Connections;

  constructor(scope: Construct, id: string, props: ElastiCacheProps) {
    super(scope, id);
    const { vpc, port } = props;
    const { maxmemoryPolicy, broker } = props.plan.cache!;
    const multiAz = props.multiAz ?? false;
    const subnets = vpc.selectSubnets(
      dataSubnets({
        vpc,
        prop: 'cacheSubnets',
        given: props.cacheSubnets,
        inTwoZones: multiAz ? 'a cache with multiAz' : undefined,
      }),
    );

    const securityGroup = new ec2.SecurityGroup(this, 'SecurityGroup', {
      vpc,
      description: 'Cache',
      allowAllOutbound: false,
    });
    this.connections = new ec2.Connections({ securityGroups: [securityGroup], defaultPort: ec2.Port.tcp(port) });
    this.password = new secretsmanager.Secret(this, 'Password', {
      description: 'Password of a cache',
      generateSecretString: { passwordLength: PASSWORD_LENGTH, excludePunctuation: true },
    });
    const group = new elasticache.CfnReplicationGroup(this, 'ReplicationGroup', {
      replicationGroupDescription: 'Cache',
      engine: 'valkey',
      engineVersion: '8.0',
      cacheNodeType: props.nodeType ?? 'cache.t4g.micro',
      numCacheClusters: multiAz ? 2 : 1,
      automaticFailoverEnabled: multiAz,
      multiAzEnabled: multiAz,
      port,
      cacheSubnetGroupName: new elasticache.CfnSubnetGroup(this, 'SubnetGroup', {
        description: 'Cache',
        subnetIds: subnets.subnetIds,
      }).ref,
      securityGroupIds: [securityGroup.securityGroupId],
      cacheParameterGroupName: new elasticache.CfnParameterGroup(this, 'ParameterGroup', {
        cacheParameterGroupFamily: 'valkey8',
        description: 'From the plan of the request path',
        properties: { 'maxmemory-policy': maxmemoryPolicy },
      }).ref,
      atRestEncryptionEnabled: true,
      transitEncryptionEnabled: true,
      authToken: this.password.secretValue.unsafeUnwrap(),
      autoMinorVersionUpgrade: true,
      // a lost cache refills itself, a lost queue does not
      snapshotRetentionLimit: broker ? 1 : 0,
    });
    this.host = group.attrPrimaryEndPointAddress;
  }
}
