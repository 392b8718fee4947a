import { IgnoreMode } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as s3assets from 'aws-cdk-lib/aws-s3-assets';
import { Construct } from 'constructs';
import type { S3Object } from './render';

/** Props of `DirectoryAsset`. */
export interface DirectoryAssetProps {
  /** The directory. */
  readonly path: string;
  /** What stays at home, as in `.gitignore`. */
  readonly exclude: string[];
}

/** A directory that is uploaded with the deployment, and that machines fetch as one archive. */
export class DirectoryAsset extends Construct {
  /** Where the archive is. */
  public readonly object: S3Object;

  private readonly asset: s3assets.Asset;

  constructor(scope: Construct, id: string, props: DirectoryAssetProps) {
    super(scope, id);
    this.asset = new s3assets.Asset(this, 'Asset', {
      path: props.path,
      exclude: props.exclude,
      ignoreMode: IgnoreMode.GIT,
    });
    this.object = { bucket: this.asset.s3BucketName, key: this.asset.s3ObjectKey };
  }

  /** Allows to read this archive: `asset.grantRead` would allow every asset of every stack in the account. */
  public grantRead(grantee: iam.IGrantable): void {
    grantee.grantPrincipal.addToPrincipalPolicy(
      new iam.PolicyStatement({
        actions: ['s3:GetObject'],
        resources: [this.asset.bucket.arnForObjects(this.asset.s3ObjectKey)],
      }),
    );
  }
}
