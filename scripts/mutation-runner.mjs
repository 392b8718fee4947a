// A test runner for Stryker: jest's `test`, `describe` and `expect` over pure functions, in the process that holds the mutant.
// jest makes a context and loads every module anew for each mutant: a second, of which the tests take a few milliseconds.
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, relative, resolve, sep } from 'node:path';
import { commonTokens, declareClassPlugin, PluginKind, tokens } from '@stryker-mutator/api/plugin';
import {
  determineHitLimitReached,
  DryRunStatus,
  TestStatus,
  toMutantRunResult,
} from '@stryker-mutator/api/test-runner';
import { transformSync } from '@swc/core';

const require = createRequire(import.meta.url);
const { expect } = require('expect');
const { bind } = require('jest-each');
// the same examples each time, so that the same mutants survive
require('fast-check').configureGlobal({ seed: 1 });

/** What the instrumented code and Stryker tell each other. */
const shared = (globalThis.__stryker__ ??= {});
/** As jest.config.js has it. */
const swc = {
  jsc: { parser: { syntax: 'typescript' }, target: 'es2022' },
  module: { type: 'commonjs' },
  sourceMaps: 'inline',
};

const compiled = new Map();
require.extensions['.ts'] = (module, file) => {
  if (!compiled.has(file))
    compiled.set(file, transformSync(readFileSync(file, 'utf8'), { ...swc, filename: file }).code);
  module._compile(compiled.get(file), file);
};

/** The tests of these files, in the order in which they stand there. */
function collect(files) {
  const tests = [];
  let fileName;
  let titles;
  const describe = (title, body) => {
    titles.push(title);
    body();
    titles.pop();
  };
  const test = (title, body) => {
    const name = [...titles, title].join(' ');
    tests.push({ id: `${name} (${tests.length})`, name, body, fileName });
  };
  Object.assign(globalThis, { describe, test, expect });
  describe.each = bind(describe, false);
  test.each = bind(test, false);
  for (fileName of files) {
    titles = [relative(process.cwd(), fileName)];
    require(fileName);
  }
  return tests;
}

class PureFunctionsRunner {
  static inject = tokens(commonTokens.options);

  constructor({ pureFunctions: { folder, besides, except } }) {
    const names = readdirSync(folder).filter((name) => name.endsWith('.test.ts') && !except.includes(name));
    this.files = [...names.map((name) => join(folder, name)), ...besides].map((file) => resolve(file));
    this.took = new Map();
  }

  capabilities() {
    return { reloadEnvironment: true };
  }

  load() {
    for (const file of Object.keys(require.cache)) {
      if (file.startsWith(process.cwd() + sep) && !file.includes('/node_modules/')) delete require.cache[file];
    }
    this.tests = collect(this.files);
  }

  async run(tests, stopAtFirst) {
    const results = [];
    for (const { id, name, body, fileName } of tests) {
      const start = performance.now();
      let status = TestStatus.Success;
      let failureMessage;
      shared.currentTestId = id;
      try {
        await body();
      } catch (error) {
        status = TestStatus.Failed;
        failureMessage = String(error?.message ?? error);
      }
      shared.currentTestId = undefined;
      const timeSpentMs = performance.now() - start;
      if (status === TestStatus.Success) this.took.set(id, timeSpentMs);
      results.push({ id, name, fileName, status, failureMessage, timeSpentMs });
      if (status === TestStatus.Failed && stopAtFirst) break;
    }
    return results;
  }

  async dryRun() {
    shared.mutantCoverage = { static: {}, perTest: {} };
    this.load();
    const tests = await this.run(this.tests, false);
    return { status: DryRunStatus.Complete, tests, mutantCoverage: shared.mutantCoverage };
  }

  async mutantRun({ activeMutant, testFilter, reloadEnvironment, hitLimit, disableBail }) {
    shared.activeMutant = activeMutant.id;
    shared.hitLimit = hitLimit;
    shared.hitCount = hitLimit === undefined ? undefined : 0;
    try {
      if (reloadEnvironment || !this.tests) this.load();
    } catch (error) {
      this.tests = undefined;
      return toMutantRunResult({ status: DryRunStatus.Error, errorMessage: String(error?.stack ?? error) });
    }
    const wanted = testFilter && new Set(testFilter);
    // the first that fails ends the run, so the quick ones come first
    const tests = this.tests
      .filter(({ id }) => !wanted || wanted.has(id))
      .sort((one, other) => (this.took.get(one.id) ?? 0) - (this.took.get(other.id) ?? 0));
    const results = await this.run(tests, !disableBail);
    const endless = determineHitLimitReached(shared.hitCount, hitLimit);
    return toMutantRunResult(endless ?? { status: DryRunStatus.Complete, tests: results });
  }
}

export const strykerValidationSchema = { properties: { pureFunctions: { type: 'object' } } };
export const strykerPlugins = [declareClassPlugin(PluginKind.TestRunner, 'pure-functions', PureFunctionsRunner)];
