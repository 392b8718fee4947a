import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** The folder under lib whose code is mutated; test/<folder> judges it. */
const folder = process.env.MUTATE ?? 'plan';

/** @type {import('@stryker-mutator/api/core').PartialStrykerOptions} */
export default {
  mutate: [`lib/${folder}/**/*.ts`],
  testRunner: 'pure-functions',
  plugins: ['./scripts/mutation-runner.mjs'],
  pureFunctions: {
    folder: `test/${folder}`,
    besides: ['test/docs/generated.test.ts'],
    except: ['request-path-plan.test.ts'],
  },
  // of the plan, the tables of the README are made: they compare every reason and every source
  coverageAnalysis: 'perTest',
  concurrency: 2,
  timeoutMS: 20000,
  // nothing of a run lies in the repository
  tempDirName: join(tmpdir(), 'cdk-plumbline-mutation'),
  incremental: true,
  incrementalFile: join(tmpdir(), `cdk-plumbline-mutation-${folder}.json`),
  jsonReporter: { fileName: join(tmpdir(), `cdk-plumbline-mutation-${folder}-report.json`) },
  reporters: ['clear-text', 'json', 'progress-append-only'],
  thresholds: { high: 95, low: 85, break: 85 },
  allowConsoleColors: false,
};
