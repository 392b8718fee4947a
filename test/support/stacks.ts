import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { App, DefaultStackSynthesizer, Stack, type Environment } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import recommendedFlags from 'aws-cdk-lib/recommended-feature-flags.json';
import { Application, WebService, type WebServiceProps } from '../../lib';
import { ROOT } from './repository';

/** Feature flags as an app has them that never heard of any, and as `cdk init` writes them. */
export const FLAGS: Array<[string, Record<string, unknown>]> = [
  ['no feature flags', {}],
  // its report would write every expected warning to the console
  ['the recommended feature flags', { ...recommendedFlags, '@aws-cdk/core:annotationsInValidationReport': false }],
];

export const MYSITE = join(ROOT, 'examples/mysite');

/** The Django project of the examples, with tasks of Celery. */
export function mysite(): Application {
  const folder = folderWith({});
  cpSync(MYSITE, folder, { recursive: true });
  for (const name of ['celery', 'tasks']) writeFileSync(join(folder, `mysite/${name}.py`), 'app = Celery()\n');
  return Application.fromAsset(folder, { wsgi: 'mysite.wsgi:application' });
}

/** A folder of its own with these files. */
export function folderWith(files: Record<string, string>): string {
  const folder = mkdtempSync(join(tmpdir(), 'plumbline-'));
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  return folder;
}

/** A Flask application: nothing of Django in it. */
export const flask = () =>
  Application.fromAsset(folderWith({ 'requirements.txt': 'Flask', 'app.py': 'app = Flask(__name__)' }), {
    wsgi: 'app:app',
  });

export function makeStack({
  flags = {},
  env,
  name = 'Test',
}: { flags?: Record<string, unknown>; env?: Environment; name?: string } = {}): Stack {
  return new Stack(new App({ context: flags }), name, {
    env,
    synthesizer: new DefaultStackSynthesizer({ generateBootstrapVersionRule: false }),
  });
}

/** A service in a stack of its own. */
export function serve(props: Partial<WebServiceProps> = {}, stack = makeStack()) {
  const service = new WebService(stack, 'Site', { application: mysite(), ...props });
  return { stack, service, template: () => templateOf(stack) };
}

/** Where the files are that a template's machines fetch: the template itself does not say. */
const assemblies = new WeakMap<Template, string>();

/** The template of a stack, to be read by `machineOf` too. */
export function templateOf(stack: Stack): Template {
  const template = Template.fromStack(stack);
  assemblies.set(template, outdirOf(stack));
  return template;
}

export const outdirOf = (stack: Stack) => (stack.node.root as App).outdir;

/** What the only machine gets, see `machinesOf`. */
export const machineOf = (template: Template) => machinesOf(template)[0]!;

/** What each machine gets: its user data, with each token as `<…>`, and the files that it fetches. */
export function machinesOf(template: Template): string[] {
  const scripts: string[] = [];
  JSON.stringify(template.toJSON(), (key, part: unknown) => {
    if (key === 'UserData') scripts.push(readableUserData(part));
    return part;
  });
  return scripts.map((script) => script + filesFetchedBy(script, assemblies.get(template)!));
}

/** The configuration files that a script fetches, each after its path. */
export function filesFetchedBy(script: string, outdir: string): string {
  const [, asset] = /runtime\.zip .*?\b([0-9a-f]{64})\.zip/.exec(script)!;
  const folder = join(outdir, `asset.${asset}`, 'files');
  if (!existsSync(folder)) return '';
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name))
    .sort()
    .map((file) => `\n== ${file.slice(folder.length)}\n${readFileSync(file, 'utf8')}`)
    .join('');
}

/** `{ 'Fn::Base64': … }` as text. */
export function readableUserData(userData: unknown): string {
  const content = (userData as { 'Fn::Base64': unknown })['Fn::Base64'];
  if (typeof content === 'string') return content;
  const [, parts] = (content as { 'Fn::Join': [string, unknown[]] })['Fn::Join'];
  return parts
    .map((part) => (typeof part === 'string' ? part : `<${Object.values(part as object).join('.')}>`))
    .join('');
}
