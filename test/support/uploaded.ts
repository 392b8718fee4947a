import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { App, Stack } from 'aws-cdk-lib';
import { Application, type AssetApplicationOptions } from '../../lib';
import { serve } from './stacks';

/** The least that is an application. */
export const PROJECT = { 'requirements.txt': 'Flask', 'app.py': 'app = 1' };
export const of = (directory: string, options: Partial<AssetApplicationOptions> = {}) =>
  Application.fromAsset(directory, { wsgi: 'app:app', ...options });

/** Where the archive is made of: its name is the hash of what is in it. */
export function uploaded(application: Application): { name: string; files: string[] } {
  const app = new App();
  serve({ application }, new Stack(app, 'Test'));
  const { directory } = app.synth();
  const name = readdirSync(directory).find((one) => existsSync(join(directory, one, 'app.py')))!;
  const folder = join(directory, name);
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => !entry.isDirectory()).map((entry) => join(entry.parentPath, entry.name));
  return { name, files: files.map((file) => file.slice(folder.length + 1)).sort() };
}

export function write(folder: string, files: Record<string, string>): void {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
}
