import { cpSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { FileSystem } from 'aws-cdk-lib';
import { DISABLE_ASSET_STAGING_CONTEXT } from 'aws-cdk-lib/cx-api';
import type { Construct } from 'constructs';
import { DirectoryAsset } from './directory-asset';
import { isFixed, type RenderedFile } from './render';

/** Files of the package that go onto machines as they are: the same folder seen from `lib` and from `build`. */
export const RUNTIME_DIRECTORY = join(__dirname, '..', 'runtime');

/**
 * What goes onto a machine beside the application: Python modules, the steps of the bootstrap that are the same everywhere, and,
 * below `files`, configuration files at their absolute paths. Those that hold tokens are left to the user data.
 */
export function runtimeAsset(scope: Construct, files: readonly RenderedFile[]): DirectoryAsset {
  const path = FileSystem.mkdtemp('plumbline-');
  const source = (file: string) => basename(file) !== '__pycache__';
  for (const name of readdirSync(RUNTIME_DIRECTORY).filter((entry) => entry.startsWith('plumbline_'))) {
    cpSync(join(RUNTIME_DIRECTORY, name), join(path, name), { recursive: true, filter: source });
  }
  for (const file of files.filter(isFixed)) {
    const target = join(path, 'files', file.path);
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, file.text);
  }
  const asset = new DirectoryAsset(scope, 'Runtime', { path, exclude: [] });
  // where the app asks for assets that are not copied, its folder is what gets uploaded
  if (!scope.node.tryGetContext(DISABLE_ASSET_STAGING_CONTEXT)) rmSync(path, { recursive: true });
  return asset;
}
