import { join } from 'node:path';
import { runInNewContext } from 'node:vm';
import { buildSync } from 'esbuild';
import { ROOT, textOf } from '../support/repository';

/** What a page does with it that is bundled for browsers: no CDK, no node, no globals but the language's. */
function inBrowser(code: string): unknown {
  const { outputFiles } = buildSync({
    stdin: { contents: code, resolveDir: join(ROOT, 'lib'), loader: 'ts' },
    bundle: true,
    platform: 'browser',
    format: 'iife',
    globalName: 'page',
    write: false,
    logLevel: 'silent',
  });
  return runInNewContext(`${outputFiles[0]!.text}; page.default`, {});
}

test('the planner plans, explains and renders in a browser', () => {
  const said = inBrowser(`
    import { explainPlan, OPERATING_SYSTEMS, planRequestPath, renderNginxConf } from './planner';
    const { plan, violations } = planRequestPath({ instanceType: 't3.small', requestTimeout: 120 });
    const nginx = renderNginxConf({
      plan,
      operatingSystem: OPERATING_SYSTEMS['debian-13'],
      allowedHosts: ['shop.example.com'],
      healthCheckPath: '/health',
      trustedProxies: ['10.0.0.0/16'],
    });
    export default [plan.appServer.workers, violations.length, explainPlan(plan), nginx];
  `) as [number, number, string, string];
  expect(said.slice(0, 2)).toEqual([5, 0]);
  expect(said[2]).toContain('| nginx | \`proxy_read_timeout\` | 126 s |');
  expect(said[3]).toContain('proxy_read_timeout 126s;');
});

test('fails to bundle what needs node', () => {
  expect(() => inBrowser(`export { existsSync as default } from 'node:fs';`)).toThrow('node:fs');
});

test('the package has a door to it', () => {
  const { exports } = JSON.parse(textOf('package.json')) as { exports: Record<string, unknown> };
  expect(Object.keys(exports)).toEqual(['.', './planner', './package.json', './.jsii', './.warnings.jsii.js']);
});
