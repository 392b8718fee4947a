import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Expects a text to be the one that is checked in. `UPDATE_GOLDEN=1 npm test` writes it: read the difference. */
export function expectGolden(name: string, text: string, of: 'plan' | 'render' = 'render'): void {
  const file = join(__dirname, '..', of, 'golden', name);
  if (process.env.UPDATE_GOLDEN) writeFileSync(file, text);
  expect(text).toBe(existsSync(file) ? readFileSync(file, 'utf8') : `(${name} is not checked in)`);
}
