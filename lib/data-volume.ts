import { Aws, RemovalPolicy, Tags, Validations, type Size } from 'aws-cdk-lib';
import * as dlm from 'aws-cdk-lib/aws-dlm';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as iam from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';

/** Props of `DataVolume`. */
export interface DataVolumeProps {
  /** Subnet of the instance that it is attached to. */
  readonly subnet: ec2.ISubnet;
  /** Its size. */
  readonly size: Size;
  /** What happens to it when it leaves the stack. */
  readonly removalPolicy: RemovalPolicy;
}

/** What the policy looks for: a tag that no other volume has. */
const TAG = 'cdk-plumbline:data-volume';

/** Once a day, kept for a week. */
const SNAPSHOTS = { everyHours: 24, at: '03:00', kept: 7 };

/** A volume for a database: encrypted, with daily snapshots by Amazon Data Lifecycle Manager. */
export class DataVolume extends Construct {
  /** The volume. */
  public readonly volume: ec2.Volume;

  constructor(scope: Construct, id: string, props: DataVolumeProps) {
    super(scope, id);
    const { subnet } = props;
    this.volume = new ec2.Volume(this, 'Volume', {
      // where the subnet is: an index into the list of zones would mean another zone, and an empty volume, when the list changes
      availabilityZone: subnet instanceof ec2.Subnet ? subnet.subnetAvailabilityZone : subnet.availabilityZone,
      size: props.size,
      volumeType: ec2.EbsDeviceVolumeType.GP3,
      encrypted: true,
      removalPolicy: props.removalPolicy,
    });
    // of a subnet that is made elsewhere only the name of its zone is known
    Validations.of(this.volume).acknowledge({
      id: 'CloudFormation-Validate::W3010',
      reason: 'a volume must be in the zone of its instance',
    });
    const name = `${Aws.STACK_NAME}/${this.node.path}`;
    Tags.of(this.volume).add(TAG, name);

    const role = new iam.Role(this, 'SnapshotRole', { assumedBy: new iam.ServicePrincipal('dlm.amazonaws.com') });
    const snapshots = `arn:${Aws.PARTITION}:ec2:*::snapshot/*`;
    // as AWSDataLifecycleManagerServiceRole has it, for volumes alone
    role.addToPolicy(
      new iam.PolicyStatement({ actions: ['ec2:DescribeVolumes', 'ec2:DescribeSnapshots'], resources: ['*'] }),
    );
    role.addToPolicy(
      new iam.PolicyStatement({
        actions: ['ec2:CreateSnapshot'],
        resources: [`arn:${Aws.PARTITION}:ec2:*:*:volume/${this.volume.volumeId}`, snapshots],
      }),
    );
    role.addToPolicy(
      new iam.PolicyStatement({ actions: ['ec2:DeleteSnapshot', 'ec2:CreateTags'], resources: [snapshots] }),
    );

    new dlm.CfnLifecyclePolicy(this, 'Snapshots', {
      description: 'Daily snapshots of a data volume',
      state: 'ENABLED',
      executionRoleArn: role.roleArn,
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
    const attachment = new ec2.CfnVolumeAttachment(this, 'Attachment', {
      device: '/dev/sdf',
      instanceId: instance.instanceId,
      volumeId: this.volume.volumeId,
    });
    // A mounted volume must not be detached. When the stack is deleted the instance goes first, in good order, and the volume is free.
    attachment.applyRemovalPolicy(RemovalPolicy.RETAIN);
    return attachment;
  }
}
