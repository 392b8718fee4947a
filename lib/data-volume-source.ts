import type { RemovalPolicy, Size } from 'aws-cdk-lib';
import type * as ec2 from 'aws-cdk-lib/aws-ec2';
import type * as kms from 'aws-cdk-lib/aws-kms';
import { REMOVAL_POLICY, SIZE, STRING, constructWith, type PropTypes } from './prop-types';

/** The volume of an instance that holds data: of its database, of the files that users upload, or of both. */
export interface DataVolumeSource {
  /**
   * Size of the encrypted volume that holds the data: 1 GiB to 64 TiB. It can grow, and the file system follows with the next
   * change of the machine; it never shrinks, and one from a snapshot is at least as large as the snapshot.
   *
   * @default Size.gibibytes(20)
   */
  readonly volumeSize?: Size;

  /**
   * A volume that holds such data already, for example one that a deleted stack has left. It is attached as it is, in its
   * zone, and never formatted; the stack that made it decides what becomes of it. Daily snapshots need a tag on it, which a warning names.
   *
   * @default - a volume is made
   */
  readonly volume?: ec2.IVolume;

  /**
   * EBS snapshot of such data: the volume is made from it. Leave it for as long as the volume is in use. Another one, or
   * none, is another volume with a machine of its own, and what was written to the one before stays there (see docs/guide/restore.md).
   *
   * @default - an empty volume
   */
  readonly snapshotId?: string;

  /**
   * Key of the volume and its snapshots.
   *
   * @default - the default key of the account for EBS; that of `volume`
   */
  readonly encryptionKey?: kms.IKey;

  /**
   * What happens to the volume when it leaves the stack.
   *
   * @default RemovalPolicy.RETAIN
   */
  readonly removalPolicy?: RemovalPolicy;
}

export const DATA_VOLUME_SOURCE_TYPES: PropTypes<DataVolumeSource> = {
  volumeSize: SIZE,
  volume: constructWith(
    'volumeId',
    `an ec2.IVolume, for example ec2.Volume.fromVolumeAttributes(this, 'Volume', { volumeId, availabilityZone })`,
  ),
  snapshotId: STRING,
  encryptionKey: constructWith('keyArn', `a kms.IKey, for example kms.Key.fromKeyArn(this, 'Key', arn)`),
  removalPolicy: REMOVAL_POLICY,
};
