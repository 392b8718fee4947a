import { join } from 'node:path';
import type { Construct } from 'constructs';
import { DirectoryAsset } from './directory-asset';

/** Files of the package that go onto machines as they are: the same folder seen from `lib` and from `build`. */
export const RUNTIME_DIRECTORY = join(__dirname, '..', 'runtime');

/** What runs beside the application: Python modules, and the steps of the bootstrap that are the same everywhere. */
export function runtimeAsset(scope: Construct): DirectoryAsset {
  return new DirectoryAsset(scope, 'Runtime', {
    path: RUNTIME_DIRECTORY,
    exclude: ['*', '!plumbline_*', '!plumbline_*/base.py'],
  });
}
