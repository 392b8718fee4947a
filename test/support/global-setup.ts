import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** One folder for all that the tests and their programs leave in the temporary folder; the teardown takes it away. */
export default function setup(): void {
  process.env.TMPDIR = mkdtempSync(join(tmpdir(), 'cdk-plumbline-tests-'));
}
