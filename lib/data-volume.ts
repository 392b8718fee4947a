import { Aws, RemovalPolicy, Stack, Tags, Token, Validations } from 'aws-cdk-lib';
import * as dlm from 'aws-cdk-lib/aws-dlm';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as iam from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import { originOf, type DataVolumeOptions } from './data-volume-options';
import { viaService } from './via-service';

/** Props of `DataVolume`. */
export interface DataVolumeProps extends DataVolumeOptions {
  /** Subnet of the instance that it is attached to. */
  readonly subnet: ec2.ISubnet;
}

/** What the policy looks for: a tag that no other volume has. */
const TAG = 'cdk-plumbline:data-volume';

/** Once a day, kept for a week. */
const SNAPSHOTS = { everyHours: 24, at: '03:00', kept: 7 };

/** A volume for a database: encrypted, with daily snapshots by Amazon Data Lifecycle Manager. */
export class DataVolume extends Construct {
  /** The volume. */
  public readonly volume: ec2.IVolume;

  private readonly origin: string;

  constructor(scope: Construct, id: string, props: DataVolumeProps) {
    super(scope, id);
    this.origin = originOf(props);
    // One from a snapshot has a tag of its own: the one that it takes the place of may still be there.
    const name = [Aws.STACK_NAME, this.node.path, ...(props.snapshotId === undefined ? [] : [this.origin])].join('/');
    this.volume = props.volume ?? this.make(props, name);
    if (props.volume) {
      const stack = Stack.of(this).stackName;
      const value = name.replace(Aws.STACK_NAME, Token.isUnresolved(stack) ? "(the stack's name)" : stack);
      Validations.of(this).addWarning(
        'cdk-plumbline:DataVolume.tag',
        `daily snapshots are made of a volume that is made elsewhere as soon as it has the tag ${TAG}=${value}: see docs/guide/restore.md`,
      );
    }
    new dlm.CfnLifecyclePolicy(this, 'Snapshots', {
      description: 'Daily snapshots of a data volume',
      state: 'ENABLED',
      executionRoleArn: this.snapshotRole(props).roleArn,
      policyDetails: {
        resourceTypes: ['VOLUME'],
        targetTags: [{ key: TAG, value: name }],
        schedules: [
          {
            name: 'Daily',
            createRule: { interval: SNAPSHOTS.everyHours, intervalUnit: 'HOURS', times: [SNAPSHOTS.at] },
            retainRule: { count: SNAPSHOTS.kept },
            copyTags: true,
          },
        ],
      },
    });
  }

  /** Attaches it to an instance. */
  public attachTo(instance: ec2.Instance): ec2.CfnVolumeAttachment {
    const attachment = new ec2.CfnVolumeAttachment(this, `Attachment${this.origin}`, {
      device: '/dev/sdf',
      instanceId: instance.instanceId,
      volumeId: this.volume.volumeId,
    });
    // A mounted volume must not be detached. When the stack is deleted the instance goes first, in good order, and the volume is free.
    attachment.applyRemovalPolicy(RemovalPolicy.RETAIN);
    return attachment;
  }

  private make({ subnet, size, snapshotId, removalPolicy, encryptionKey }: DataVolumeProps, name: string): ec2.Volume {
    const volume = new ec2.Volume(this, `Volume${this.origin}`, {
      // where the subnet is: an index into the list of zones would mean another zone, and an empty volume, when the list changes
      availabilityZone: subnet instanceof ec2.Subnet ? subnet.subnetAvailabilityZone : subnet.availabilityZone,
      size,
      snapshotId,
      volumeType: ec2.EbsDeviceVolumeType.GP3,
      encrypted: true,
      removalPolicy,
    });
    // on the L1: the L2 writes into the policy of the key, which may be another stack's
    (volume.node.defaultChild as ec2.CfnVolume).kmsKeyId = encryptionKey?.keyArn;
    // of a subnet that is made elsewhere only the name of its zone is known
    Validations.of(volume).acknowledge({
      id: 'CloudFormation-Validate::W3010',
      reason: 'a volume must be in the zone of its instance',
    });
    Tags.of(volume).add(TAG, name);
    return volume;
  }

  /** As AWSDataLifecycleManagerServiceRole has it, for one volume alone, and what EBS does with its key. */
  private snapshotRole({ encryptionKey }: DataVolumeProps): iam.Role {
    const role = new iam.Role(this, 'SnapshotRole', { assumedBy: new iam.ServicePrincipal('dlm.amazonaws.com') });
    const snapshots = `arn:${Aws.PARTITION}:ec2:*::snapshot/*`;
    const allow = (props: iam.PolicyStatementProps) => role.addToPolicy(new iam.PolicyStatement(props));
    allow({ actions: ['ec2:DescribeVolumes', 'ec2:DescribeSnapshots'], resources: ['*'] });
    allow({
      actions: ['ec2:CreateSnapshot'],
      resources: [`arn:${Aws.PARTITION}:ec2:*:*:volume/${this.volume.volumeId}`, snapshots],
    });
    allow({ actions: ['ec2:DeleteSnapshot', 'ec2:CreateTags'], resources: [snapshots] });
    // The account's default key for EBS may be a customer's, and nobody knows here which: any, as long as it is EC2 that asks.
    // https://docs.aws.amazon.com/ebs/latest/userguide/dlm-prerequisites.html
    const keys = [encryptionKey?.keyArn ?? `arn:${Aws.PARTITION}:kms:${Aws.REGION}:${Aws.ACCOUNT_ID}:key/*`];
    const viaEc2 = viaService('ec2');
    allow({
      actions: ['kms:CreateGrant'],
      resources: keys,
      conditions: { Bool: { 'kms:GrantIsForAWSResource': 'true' }, StringEquals: viaEc2 },
    });
    allow({
      actions: [
        'kms:DescribeKey',
        'kms:Decrypt',
        'kms:GenerateDataKeyWithoutPlaintext',
        'kms:ReEncryptFrom',
        'kms:ReEncryptTo',
      ],
      resources: keys,
      conditions: { StringEquals: viaEc2 },
    });
    return role;
  }
}
