import { join } from 'node:path';
import { IgnoreMode } from 'aws-cdk-lib';
import * as s3assets from 'aws-cdk-lib/aws-s3-assets';
import type { Construct } from 'constructs';

/** Files of the package that go onto machines as they are: the same folder seen from `lib` and from `build`. */
export const RUNTIME_DIRECTORY = join(__dirname, '..', 'runtime');

/** What runs beside the application: Python modules, and the steps of the bootstrap that are the same everywhere. */
export function runtimeAsset(scope: Construct): s3assets.Asset {
  return new s3assets.Asset(scope, 'Runtime', {
    path: RUNTIME_DIRECTORY,
    exclude: ['*', '!plumbline_*'],
    ignoreMode: IgnoreMode.GIT,
  });
}
