import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

export const ROOT = join(__dirname, '../..');

/** The paths of all files under a folder of the repository, seen from its root. */
export function filesUnder(folder: string, ending = ''): string[] {
  if (!existsSync(join(ROOT, folder))) return [];
  return readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith(ending))
    .map((file) => join(folder, file));
}

export function textOf(file: string): string {
  return readFileSync(join(ROOT, file), 'utf8');
}
