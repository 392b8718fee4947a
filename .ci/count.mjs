// Prints the one closing line of a CI run, and fails when anything failed.
// usage: count.mjs FAILED_SECTIONS REPORT...   (jest's JSON or pytest's JUnit XML; a report that is not there counts nothing)
import { existsSync, readFileSync } from 'node:fs';

const [failedSections, ...reports] = process.argv.slice(2);

function fromJest(report) {
  return { passed: report.numPassedTests, failed: report.numFailedTests + report.numRuntimeErrorTestSuites };
}

function fromJUnit(xml) {
  const sum = (name) =>
    [...xml.matchAll(/<testsuite\s[^>]*>/g)].reduce(
      (total, [suite]) => total + Number(suite.match(new RegExp(` ${name}="(\\d+)"`))?.[1] ?? 0),
      0,
    );
  const failed = sum('failures') + sum('errors');
  return { passed: sum('tests') - failed - sum('skipped'), failed };
}

const counts = reports
  .filter((path) => existsSync(path))
  .map((path) => [path, readFileSync(path, 'utf8')])
  .map(([path, text]) => (path.endsWith('.json') ? fromJest(JSON.parse(text)) : fromJUnit(text)));
const passed = counts.reduce((total, count) => total + count.passed, 0);
const failedTests = counts.reduce((total, count) => total + count.failed, 0);

// A section can fail without a failed test (lint, a crash before the report): that must not read as zero.
const failed = Math.max(failedTests, Number(failedSections));
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed === 0 && passed > 0 ? 0 : 1);
