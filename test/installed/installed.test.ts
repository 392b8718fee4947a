import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ROOT } from '../support/repository';

const APP_TS = `import { App, Duration, Stack } from 'aws-cdk-lib';
import { Application, WebService } from 'cdk-plumbline';

const app = new App();
const stack = new Stack(app, 'Stranger');
new WebService(stack, 'Site', { application: Application.sample(), requestTimeout: Duration.seconds(300) });
app.synth();
`;

const APP_PY = `from aws_cdk import App, Duration, Stack
from cdk_plumbline import Application, WebService

app = App()
stack = Stack(app, "Stranger")
WebService(stack, "Site", application=Application.sample(), request_timeout=Duration.seconds(300))
app.synth()
`;

const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
  version: string;
  peerDependencies: Record<'aws-cdk-lib' | 'constructs', string>;
};
const range = manifest.peerDependencies;
const lowest = { cdk: range['aws-cdk-lib'].slice(1), constructs: range.constructs.slice(1) };
const newest = { cdk: range['aws-cdk-lib'], constructs: range.constructs };

const home = mkdtempSync(join(tmpdir(), 'cdk-plumbline-installed-'));
const tarball = join(home, `cdk-plumbline-${manifest.version}.tgz`);

function run(cwd: string, command: string, args: string[], env: NodeJS.ProcessEnv = {}): string {
  return execFileSync(command, args, { cwd, encoding: 'utf8', stdio: 'pipe', env: { ...process.env, ...env } });
}

function newFolder(name: string, files: Record<string, string>): string {
  const folder = join(home, name);
  mkdirSync(folder);
  Object.entries(files).forEach(([file, text]) => writeFileSync(join(folder, file), text));
  return folder;
}

function templateOf(folder: string): { Resources: Record<string, { Type: string }> } {
  return JSON.parse(readFileSync(join(folder, 'out/Stranger.template.json'), 'utf8')) as ReturnType<typeof templateOf>;
}

/** An app of somebody else's, with nothing of this repository but the tarball. */
function synthesizeInTypeScript(name: string, versions: { cdk: string; constructs: string }) {
  const folder = newFolder(name, { 'package.json': '{ "private": true }', 'app.ts': APP_TS });
  const packages = [tarball, `aws-cdk-lib@${versions.cdk}`, `constructs@${versions.constructs}`];
  run(folder, 'npm', ['install', '--no-audit', '--no-fund', '--loglevel=error', ...packages]);
  const tsc = ['--strict', '--skipLibCheck', '--module', 'node20', '--target', 'es2022', 'app.ts'];
  run(folder, process.execPath, [join(ROOT, 'node_modules/typescript/bin/tsc'), ...tsc]);
  run(folder, process.execPath, ['app.js'], { CDK_OUTDIR: 'out' });
  return templateOf(folder);
}

beforeAll(() => run(ROOT, 'npm', ['pack', '--pack-destination', home]));
afterAll(() => rmSync(home, { recursive: true, force: true }));

describe('the npm package', () => {
  test('holds what it runs from, and neither tests nor caches', () => {
    const files = run(home, 'tar', ['-tzf', tarball]).split('\n');
    expect(files).toEqual(
      expect.arrayContaining([
        'package/.jsii',
        'package/API.md',
        'package/LICENSE',
        'package/README.md',
        'package/build/index.d.ts',
        'package/build/index.js',
        'package/runtime/plumbline_guard.py',
      ]),
    );
    expect(
      files.filter((file) => /__pycache__|\.pyc|tests?\/|node_modules|\.ts$/.test(file) && !/\.d\.ts$/.test(file)),
    ).toEqual([]);
  });

  test.each([
    ['lowest', lowest],
    ['newest', newest],
  ])('works in an app with the %s aws-cdk-lib that it allows', (name, versions) => {
    const types = Object.values(synthesizeInTypeScript(name, versions).Resources).map(({ Type }) => Type);
    expect(types).toEqual(
      expect.arrayContaining(['AWS::EC2::Instance', 'AWS::ElasticLoadBalancingV2::LoadBalancer', 'AWS::IAM::Role']),
    );
  });
});

test('the planner works where the CDK is not installed', () => {
  const folder = newFolder('planner', { 'package.json': '{ "private": true }' });
  run(folder, 'npm', ['install', '--no-audit', '--no-fund', '--loglevel=error', '--legacy-peer-deps', tarball]);
  const code = `const { planRequestPath } = require('cdk-plumbline/planner');
    console.log(planRequestPath({ requestTimeout: 120 }).plan.loadBalancer.idleTimeout);
    try { require('aws-cdk-lib'); console.log('the CDK is there'); } catch { console.log('no CDK'); }`;
  expect(run(folder, process.execPath, ['--eval', code]).split('\n')).toEqual(['131', 'no CDK', '']);
});

describe('the Python package', () => {
  test('synthesizes the same template as the npm package', () => {
    const dist = join(home, 'dist');
    run(ROOT, join(ROOT, 'node_modules/.bin/jsii-pacmak'), ['--targets', 'python', '--outdir', dist]);
    const wheel = readdirSync(join(dist, 'python')).find((file) => file.endsWith('.whl')) ?? 'no wheel';

    const folder = newFolder('python', { 'app.py': APP_PY });
    const python = join(folder, 'venv/bin/python');
    run(folder, process.env.PYTHON ?? 'python3', ['-m', 'venv', 'venv']);
    run(folder, python, ['-m', 'pip', 'install', '--quiet', join(dist, 'python', wheel)]);
    run(folder, python, ['app.py'], { CDK_OUTDIR: 'out' });

    // PyPI's newest aws-cdk-lib may be older than npm's.
    const version = (name: string) =>
      run(folder, python, ['-c', `from importlib.metadata import version; print(version('${name}'))`]).trim();
    const versions = { cdk: version('aws-cdk-lib'), constructs: version('constructs') };
    expect(templateOf(folder)).toEqual(synthesizeInTypeScript('same-as-python', versions));
  });
});
