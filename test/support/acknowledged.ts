/**
 * What cdk-nag finds in the reference stack, and why it stays. Each entry is one rule at one place: a new finding fails the test, and so
 * does an entry that nothing finds any more.
 */
export const ACKNOWLEDGED: ReadonlyArray<readonly [rule: string, path: string, reason: string]> = [
  ['AwsSolutions-VPC7', 'Vpc/Resource', 'flow logs cost by volume and are a choice of whoever owns the VPC: give vpc'],
  [
    'AwsSolutions-ELB2',
    'LoadBalancing/LoadBalancer/Resource',
    'access logs need a bucket with a lifetime: accessLogsBucket',
  ],
  ['AwsSolutions-EC23', 'LoadBalancing/LoadBalancer/SecurityGroup/Resource', 'a public website is open to everybody'],
  [
    'AwsSolutions-SMG4',
    'UserData/SecretKey/Resource',
    'a new SECRET_KEY ends every session: when to do that is for people to say',
  ],
  [
    'AwsSolutions-IAM5[Resource::*]',
    'Instance/Role/DefaultPolicy/Resource',
    'the actions of Session Manager know no resources',
  ],
  [
    'AwsSolutions-EC28',
    'Instance/Instance/Resource',
    'detailed monitoring costs, and the load balancer watches every 10 s',
  ],
  [
    'AwsSolutions-EC29',
    'Instance/Instance/Resource',
    'an instance is replaced at each deployment, so it must be deletable',
  ],
  ['NIST.800.53.R5-VPCFlowLogsEnabled', 'Vpc/Resource', 'as AwsSolutions-VPC7'],
  [
    'NIST.800.53.R5-VPCDefaultSecurityGroupClosed',
    'Vpc/Resource',
    'nothing uses the default security group, and closing it takes a Lambda function',
  ],
  [
    'NIST.800.53.R5-VPCNoUnrestrictedRouteToIGW',
    'Vpc/PublicSubnet1/DefaultRoute',
    'the instance fetches packages, and a NAT gateway costs more than the instance: give vpc with private subnets',
  ],
  ['NIST.800.53.R5-VPCNoUnrestrictedRouteToIGW', 'Vpc/PublicSubnet2/DefaultRoute', 'as PublicSubnet1'],
  [
    'NIST.800.53.R5-EC2InstanceNoPublicIp',
    'Instance/Instance/Resource',
    'as VPCNoUnrestrictedRouteToIGW; nothing but the load balancer is let in',
  ],
  [
    'NIST.800.53.R5-EC2InstancesInVPC',
    'Instance/Instance/Resource',
    'it is: the rule does not look for the subnet in NetworkInterfaces',
  ],
  [
    'NIST.800.53.R5-IAMNoInlinePolicy',
    'Instance/Role/DefaultPolicy/Resource',
    'the role and its policy live and die together',
  ],
  [
    'NIST.800.53.R5-ALBWAFEnabled',
    'LoadBalancing/LoadBalancer/Resource',
    'a web ACL is a choice with a price: associate it with loadBalancer',
  ],
  [
    'NIST.800.53.R5-ELBDeletionProtectionEnabled',
    'LoadBalancing/LoadBalancer/Resource',
    'deletionProtection is a prop: off, so that a trial can be deleted',
  ],
  ['NIST.800.53.R5-ELBLoggingEnabled', 'LoadBalancing/LoadBalancer/Resource', 'as AwsSolutions-ELB2'],
  [
    'NIST.800.53.R5-ALBHttpToHttpsRedirection',
    'LoadBalancing/LoadBalancer/Http/Resource',
    'the reference stack needs no domain; with a certificate there is a redirect',
  ],
  [
    'NIST.800.53.R5-ELBv2ACMCertificateRequired',
    'LoadBalancing/LoadBalancer/Http/Resource',
    'as ALBHttpToHttpsRedirection',
  ],
  ['NIST.800.53.R5-SecretsManagerRotationEnabled', 'UserData/SecretKey/Resource', 'as AwsSolutions-SMG4'],
  [
    'NIST.800.53.R5-SecretsManagerUsingKMSKey',
    'UserData/SecretKey/Resource',
    'a key of its own costs more than the secret; give secrets.SECRET_KEY for one',
  ],
];

/** What comes with a database on the instance. */
export const ON_INSTANCE: typeof ACKNOWLEDGED = [
  [
    'AwsSolutions-IAM5[Resource::*]',
    'Instance/Data/SnapshotRole/DefaultPolicy/Resource',
    'what describes volumes and snapshots knows no resources',
  ],
  [
    'AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:ec2:*:*:volume/<SiteInstanceDataVolume7D878C79>]',
    'Instance/Data/SnapshotRole/DefaultPolicy/Resource',
    'the id of a volume is the same volume in every region and account: none but this one',
  ],
  [
    'AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:ec2:*::snapshot/*]',
    'Instance/Data/SnapshotRole/DefaultPolicy/Resource',
    'snapshots get their ids when they are made',
  ],
  [
    'AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:kms:<AWS::Region>:<AWS::AccountId>:key/*]',
    'Instance/Data/SnapshotRole/DefaultPolicy/Resource',
    'the default key of the account for EBS is not known here; a condition lets EC2 alone use it: encryptionKey names one',
  ],
  [
    'NIST.800.53.R5-EC2EBSInBackupPlan',
    'Instance/Data/Volume/Resource',
    'Data Lifecycle Manager makes the snapshots, which needs no vault',
  ],
  [
    'NIST.800.53.R5-IAMNoInlinePolicy',
    'Instance/Data/SnapshotRole/DefaultPolicy/Resource',
    'the role and its policy live and die together',
  ],
];

/** The rule that lets the proxy reach the database. */
const FROM_PROXY =
  'DataServices/Database/SecurityGroup/from ReferenceSiteDataServicesDatabaseProxySecurityGroup098EC643:{IndirectPort}';

/** What comes with a database in RDS behind a proxy, and a cache in ElastiCache. */
export const IN_RDS: typeof ACKNOWLEDGED = [
  ['AwsSolutions-AEC4', 'DataServices/Cache/ReplicationGroup', 'multiAz is a prop: a second node doubles the price'],
  [
    'AwsSolutions-RDS3',
    'DataServices/Database/Instance/Resource',
    'multiAz is a prop: a second instance doubles the price',
  ],
  [
    'AwsSolutions-RDS10',
    'DataServices/Database/Instance/Resource',
    'deletionProtection is a prop: off, so that a trial can be deleted, and a snapshot stays',
  ],
  [
    'AwsSolutions-RDS11',
    'DataServices/Database/Instance/Resource',
    'nobody reaches the port but the application and the proxy: another number would hide nothing',
  ],
  [
    'AwsSolutions-SMG4',
    'DataServices/Cache/Password/Resource',
    'ElastiCache takes a new password only by a call of its own, so a rotation needs a function',
  ],
  [
    'AwsSolutions-SMG4',
    'DataServices/Database/ApplicationSecret/Resource',
    'a rotation needs a function in the VPC: databaseInstance.addRotationMultiUser() makes it, and the application follows',
  ],
  [
    'AwsSolutions-SMG4',
    'DataServices/Database/Instance/Secret/Resource',
    'a rotation needs a function in the VPC: databaseInstance.addRotationSingleUser() makes it',
  ],
  [
    'NIST.800.53.R5-EC2RestrictedCommonPorts',
    FROM_PROXY,
    'one security group is let in, at the port of the database, which only the deployment knows',
  ],
  ['NIST.800.53.R5-EC2RestrictedSSH', FROM_PROXY, 'as EC2RestrictedCommonPorts'],
  [
    'NIST.800.53.R5-ElastiCacheRedisClusterAutomaticBackup',
    'DataServices/Cache/ReplicationGroup',
    'tasks of two weeks ago are nothing to bring back: one day',
  ],
  [
    'NIST.800.53.R5-IAMNoInlinePolicy',
    'DataServices/Database/Proxy/IAMRole/DefaultPolicy/Resource',
    'the role and its policy live and die together',
  ],
  [
    'NIST.800.53.R5-RDSEnhancedMonitoringEnabled',
    'DataServices/Database/Instance/Resource',
    'it costs by volume of logs: set it on databaseInstance',
  ],
  [
    'NIST.800.53.R5-RDSInBackupPlan',
    'DataServices/Database/Instance/Resource',
    'RDS keeps backups for a week by itself, which needs no vault',
  ],
  [
    'NIST.800.53.R5-RDSInstanceDeletionProtectionEnabled',
    'DataServices/Database/Instance/Resource',
    'as AwsSolutions-RDS10',
  ],
  ['NIST.800.53.R5-RDSMultiAZSupport', 'DataServices/Database/Instance/Resource', 'as AwsSolutions-RDS3'],
  ['NIST.800.53.R5-SecretsManagerRotationEnabled', 'DataServices/Cache/Password/Resource', 'as AwsSolutions-SMG4'],
  [
    'NIST.800.53.R5-SecretsManagerRotationEnabled',
    'DataServices/Database/ApplicationSecret/Resource',
    'as AwsSolutions-SMG4',
  ],
  [
    'NIST.800.53.R5-SecretsManagerRotationEnabled',
    'DataServices/Database/Instance/Secret/Resource',
    'as AwsSolutions-SMG4',
  ],
  [
    'NIST.800.53.R5-SecretsManagerUsingKMSKey',
    'DataServices/Cache/Password/Resource',
    'a key of its own costs more than the secret',
  ],
  [
    'NIST.800.53.R5-SecretsManagerUsingKMSKey',
    'DataServices/Database/ApplicationSecret/Resource',
    'a key of its own costs more than the secret',
  ],
  [
    'NIST.800.53.R5-SecretsManagerUsingKMSKey',
    'DataServices/Database/Instance/Secret/Resource',
    'a key of its own costs more than the secret',
  ],
];

/** What it finds besides with files in a bucket. */
export const IN_A_BUCKET: typeof ACKNOWLEDGED = [
  [
    'AwsSolutions-IAM5[Resource::<SiteDataServicesMedia25917E2B.Arn>/*]',
    'Instance/Role/DefaultPolicy/Resource',
    "every file in the bucket is the application's",
  ],
  [
    'AwsSolutions-S1',
    'DataServices/Media/Resource',
    'access logs need another bucket: give Media.bucket one that has them',
  ],
  ['NIST.800.53.R5-S3BucketLoggingEnabled', 'DataServices/Media/Resource', 'as AwsSolutions-S1'],
  [
    'NIST.800.53.R5-S3BucketReplicationEnabled',
    'DataServices/Media/Resource',
    'a second region costs twice: as AwsSolutions-S1',
  ],
  [
    'NIST.800.53.R5-S3DefaultEncryptionKMS',
    'DataServices/Media/Resource',
    "a key of one's own costs for each request: as AwsSolutions-S1",
  ],
];
