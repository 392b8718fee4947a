import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** The folder of lib whose code is changed; the folder of test with the same name judges it. */
const folder = process.env.MUTATE ?? 'plan';
/** Nothing of a run lies in the repository. */
const beside = join(tmpdir(), `cdk-plumbline-mutation-${folder}`);

/** @type {import('@stryker-mutator/api/core').PartialStrykerOptions} */
export default {
  mutate: [`lib/${folder}/**/*.ts`],
  testRunner: 'pure-functions',
  plugins: ['./scripts/mutation-runner.mjs'],
  pureFunctions: {
    folder: `test/${folder}`,
    // the tables of the README are made from the plan, so they compare every reason and every source
    besides: folder === 'plan' ? ['test/docs/generated.test.ts'] : [],
    // of the construct, with aws-cdk-lib behind it
    except: ['request-path-plan.test.ts'],
  },
  coverageAnalysis: 'perTest',
  concurrency: 2,
  timeoutMS: 20000,
  tempDirName: beside,
  incremental: true,
  incrementalFile: `${beside}.json`,
  jsonReporter: { fileName: `${beside}-report.json` },
  reporters: ['clear-text', 'json', 'progress-append-only'],
  thresholds: { high: 95, low: 85, break: 85 },
  allowConsoleColors: false,
};
