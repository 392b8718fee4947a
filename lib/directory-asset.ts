import { resolve } from 'node:path';
import { FileSystem, IgnoreMode, Stage, type BundlingOptions } from 'aws-cdk-lib';
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
  /** Paths of files that may be executed: CDK looks at the content of files alone. @default - none */
  readonly executables?: readonly string[];
  /** How the directory is built before it goes up. @default - it goes up as it is */
  readonly bundling?: BundlingOptions;
}

/** A directory that is uploaded with the deployment, and that machines fetch as one archive. */
export class DirectoryAsset extends Construct {
  /** Where the archive is. */
  public readonly object: S3Object;

  private readonly asset: s3assets.Asset;

  constructor(scope: Construct, id: string, props: DirectoryAssetProps) {
    super(scope, id);
    const { path, exclude, executables = [], bundling } = props;
    const ignoreMode = IgnoreMode.GIT;
    this.asset = new s3assets.Asset(this, 'Asset', {
      path,
      exclude,
      ignoreMode,
      bundling,
      assetHash:
        bundling || executables.length === 0
          ? undefined
          : FileSystem.fingerprint(path, { exclude, ignoreMode, extraHash: JSON.stringify(executables) }),
    });
    this.object = { bucket: this.asset.s3BucketName, key: this.asset.s3ObjectKey };
  }

  /** The folder that goes up, where it is known: what a build has made, not what it was made of. */
  public get built(): string {
    const { outdir } = Stage.of(this)!;
    return resolve(outdir, this.asset.assetPath);
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
