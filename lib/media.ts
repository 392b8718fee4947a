import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as s3 from 'aws-cdk-lib/aws-s3';
import type { Construct } from 'constructs';
import { BUCKET } from './application-options';
import type { DataAccess } from './data-access';
import { dataVolumeOptions, type DataVolumeOptions } from './data-volume-options';
import { MEDIA_ON_INSTANCE_TYPES, type MediaOnInstanceOptions } from './media-options';
import { linkedDirsProblems } from './linked-dirs';
import { refuse } from './plan/refuse';
import type { MediaInput } from './plan';
import { refuseOtherOptions } from './prop-types';
import { MEDIA, MEDIA_URL } from './render';

/** How the application reaches the files, and the bucket that they are in. */
export interface MediaAccess extends DataAccess {
  readonly bucket?: s3.IBucket;
}

/** How long what was overwritten or deleted can still be brought back. */
const KEPT = Duration.days(30);

/** Parts of an upload that was never finished cost, and nobody sees them. */
const UNFINISHED = Duration.days(7);

/**
 * The files that users upload. A release is read-only, and goes with the next one: what an application stores for good needs a place of
 * its own. Django's default storage is told of it where that is the file system; another one of the project stands.
 */
export class Media {
  /**
   * On the instance that serves the application, on a volume that outlives releases, changes and the instance itself, with daily snapshots:
   * that of the database, where one is on the instance, else one of its own. The instance is changed in place instead of being replaced.
   * `MEDIA_ROOT` of Django and of the environment is a folder there, and nginx serves it at `MEDIA_URL` to everybody. One instance: a fleet
   * is an error (N30).
   *
   * @param options of the volume, which belong to the database where one is on the instance; and folders that are kept besides
   * @throws on folders that a link could not take the place of
   */
  public static onInstance(options: MediaOnInstanceOptions = {}): Media {
    refuseOtherOptions(options, MEDIA_ON_INSTANCE_TYPES);
    const { linkedDirs = [], ...ofVolume } = options;
    refuse(linkedDirsProblems(linkedDirs));
    const given = Object.entries(ofVolume).flatMap(([name, value]) => (value === undefined ? [] : [name]));
    return new Media(
      { host: 'instance' },
      () => ({
        environment: {
          MEDIA_ROOT: MEDIA,
          MEDIA_URL,
          PLUMBLINE_MEDIA_ROOT: MEDIA,
        },
        secrets: {},
      }),
      dataVolumeOptions(ofVolume),
      given,
      linkedDirs,
    );
  }

  /**
   * In Amazon S3, for any number of instances. Their role may read and write this bucket, and no other. Django's default storage is that of
   * django-storages, which is installed where the project brings none; its addresses are signed. Others read `AWS_STORAGE_BUCKET_NAME` and
   * `AWS_S3_REGION_NAME`.
   *
   * @param bucket one that is there already. By default one is made: private, encrypted, with versions that are kept for 30 days; it stays when the stack goes
   */
  public static bucket(bucket?: s3.IBucket): Media {
    if (bucket !== undefined) refuseOtherOptions({}, {}, { bucket: [bucket, BUCKET] });
    return new Media({ host: 's3' }, (scope) => {
      const found = bucket ?? makeBucket(scope);
      const name = found.bucketName;
      const { region } = found.env;
      return {
        environment: {
          AWS_STORAGE_BUCKET_NAME: name,
          AWS_S3_REGION_NAME: region,
          PLUMBLINE_MEDIA_BUCKET: name,
          PLUMBLINE_MEDIA_REGION: region,
        },
        secrets: {},
        bucket: found,
        grant: (grantee) => letUse(found, grantee),
      };
    });
  }

  private constructor(
    private readonly input: MediaInput,
    private readonly bind: (scope: Construct) => MediaAccess,
    /** @internal */
    public readonly _volume?: DataVolumeOptions,
    /** @internal Names of the options of a volume that were given. */
    public readonly _volumeOptions: readonly string[] = [],
    /** @internal Folders of the project that are kept. */
    public readonly _linkedDirs: readonly string[] = [],
  ) {}

  /** @internal */
  public _planInput(): MediaInput {
    return this.input;
  }

  /** @internal */
  public _bind(scope: Construct): MediaAccess {
    return this.bind(scope);
  }
}

/** `grantReadWrite` would allow to delete versions, and what was deleted could not be brought back. */
function letUse(bucket: s3.IBucket, grantee: iam.IGrantable): void {
  const allow = (actions: string[], resource: string) =>
    iam.Grant.addToPrincipal({ grantee, actions, resourceArns: [resource] });
  // without ListBucket, what is not there is a 403
  allow(['s3:ListBucket', 's3:GetBucketLocation'], bucket.bucketArn);
  allow(
    ['s3:GetObject', 's3:PutObject', 's3:DeleteObject', 's3:AbortMultipartUpload', 's3:ListMultipartUploadParts'],
    bucket.arnForObjects('*'),
  );
  bucket.encryptionKey?.grantEncryptDecrypt(grantee);
}

function makeBucket(scope: Construct): s3.Bucket {
  return new s3.Bucket(scope, 'Media', {
    blockPublicAccess: s3.BlockPublicAccess.BLOCK_ALL,
    encryption: s3.BucketEncryption.S3_MANAGED,
    enforceSSL: true,
    versioned: true,
    lifecycleRules: [{ noncurrentVersionExpiration: KEPT, abortIncompleteMultipartUploadAfter: UNFINISHED }],
    removalPolicy: RemovalPolicy.RETAIN,
  });
}
