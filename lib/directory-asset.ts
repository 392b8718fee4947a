import { IgnoreMode } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as s3assets from 'aws-cdk-lib/aws-s3-assets';
import type { Construct } from 'constructs';
import type { S3Object } from './render';

/** An archive of a directory in the bucket for assets, and the right to read it. */
export interface DirectoryAsset {
  readonly object: S3Object;
  grantRead(grantee: iam.IGrantable): void;
}

/** Uploads a directory with the deployment, without what matches the patterns (as in `.gitignore`). */
export function directoryAsset(scope: Construct, id: string, path: string, exclude: string[]): DirectoryAsset {
  const asset = new s3assets.Asset(scope, id, { path, exclude, ignoreMode: IgnoreMode.GIT });
  return {
    object: { bucket: asset.s3BucketName, key: asset.s3ObjectKey },
    // not asset.grantRead: it would allow every asset of every stack in the account
    grantRead: (grantee) =>
      grantee.grantPrincipal.addToPrincipalPolicy(
        new iam.PolicyStatement({
          actions: ['s3:GetObject'],
          resources: [asset.bucket.arnForObjects(asset.s3ObjectKey)],
        }),
      ),
  };
}
