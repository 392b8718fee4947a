import { refusals } from '../../lib/render/refusals';
import type { ApplicationFetch, BackgroundWorkerSource, BootstrapInput, SecretSource } from '../../lib/render';
import { bootstrapInput } from '../support/bootstrap-input';
import { planOf } from '../support/plan';

const TOKEN = '${Token[Some.Value.12]}';
const git = (fetch: Partial<ApplicationFetch>): Partial<BootstrapInput> => ({
  application: {
    fetch: { kind: 'git', repository: 'https://example.com/a', ...fetch } as ApplicationFetch,
    wsgi: 'a:b',
  },
});
const app = { fetch: { kind: 's3', bucket: 'b', key: 'k' }, wsgi: 'a:b' } as const;
const secret = (some: Partial<SecretSource>): Partial<BootstrapInput> => ({
  secrets: [{ name: 'A', kind: 'ssm', id: 'a', ...some }],
});
const worker = (some: Partial<BackgroundWorkerSource>): Partial<BootstrapInput> => ({
  backgroundWorkers: [{ name: 'worker', kind: 'command', ...some }],
});

type Prop = readonly [
  prop: string,
  input: (value: string) => Partial<BootstrapInput>,
  taken: string[],
  refused: string[],
];

/** Every prop that is written into a script or a file, with values that it takes and values that would break out of their place. */
const PROPS: readonly Prop[] = [
  [
    'bucket of the runtime',
    (bucket) => ({ runtime: { bucket, key: 'k' } }),
    ['a.b-0', TOKEN, ''],
    ['Bucket', 'b u', 'a_b', "a'", '$(id)', 'a\n', `${TOKEN}'`],
  ],
  [
    'bucket of the application',
    (bucket) => ({ application: { fetch: { kind: 's3', bucket, key: 'k' }, wsgi: 'a:b' } }),
    ['a.b-0', TOKEN],
    ['Bucket', "'a"],
  ],
  [
    'key',
    (key) => ({ runtime: { bucket: 'b', key } }),
    ['a/B_0.~-%20', TOKEN],
    ['a b', 'ü', "a'", "'a", 'a+', 'a\n', `${TOKEN} ${TOKEN}`],
  ],
  [
    'workingDirectory',
    (workingDirectory) => ({ application: { ...app, workingDirectory } }),
    ['src', 'backend/site-1', '.config/a_b', 'a..b'],
    ['', '.', '/src', 'src/', 'a//b', '..', '../a', 'a/..', 'a/../b', './a', 'a b', "a'", '$HOME', 'a:b', 'a%n', 'a\n'],
  ],
  [
    'pythonPath',
    (folder) => ({ application: { ...app, pythonPath: ['src', folder] } }),
    ['.', 'lib', 'packages/common/src'],
    ['', '/lib', '../lib', 'a:b', 'a b', 'a\n'],
  ],
  [
    'repository',
    (repository) => git({ repository }),
    ['https://example.com/a.git', 'git@example.com:a/b', `https://${TOKEN}.example.com/a`, 'a', '.', 'a-b'],
    ['-a', '--upload-pack=id', 'a b', ' a', 'a ', 'a\nb', "a'", 'a"', 'a\\', "'a", '"a', '\\a', ''],
  ],
  [
    'ref',
    (ref) => git({ ref }),
    ['main', 'v1.0', 'feature/a-b', TOKEN, '', 'a'],
    ['-a', 'a b', ' a', 'a ', 'a\nb', "a'", 'a"', 'a\\', "'a", '"a', '\\a'],
  ],
  ...(['region', 'urlSuffix', 'dataVolume'] as const).map((prop): Prop => [
    prop,
    (value) => ({ [prop]: value }),
    ['eu-west-1', 'Amazonaws.com', TOKEN],
    ['a b', "a'", "'a", 'a_b', 'a\n', '$(id)'],
  ]),
  ...(['stack', 'logicalId'] as const).map((prop): Prop => [
    `${prop} of the signal`,
    (value) => ({ signal: { stack: 's', logicalId: 'l', [prop]: value } }),
    ['My-Stack1', TOKEN],
    ['a b', "a'", "'a", 'a\n'],
  ]),
  [
    'name of a step',
    (name) => ({ extraCommands: [{ name, commands: [] }] }),
    ['a', 'load fixtures', 'step-2'],
    ['A', '1a', ' a', '-a', 'a/b', "a'", 'a\n', ''],
  ],
  [
    'command of a step',
    (command) => ({ extraCommands: [{ name: 'a', commands: ['true', command] }] }),
    ['echo EOF', ' EOF', 'EOFS', 'a\n\tb', 'echo \'a\' "$b" ü', ''],
    ['EOF', 'a\nEOF', 'EOF\nb', 'a\rb', 'a\u0000', 'a\u001bb', 'a\n\rb'],
  ],
  [
    'wsgi',
    (wsgi) => ({ application: { ...git({}).application!, wsgi } }),
    ['mysite.wsgi:application', '_a:_b', 'a1.b2.c3:d4', 'site:create()', 'site:create("a", b=1)', 'A:B'],
    [
      'a',
      'a:',
      ':a',
      'a:b:c',
      'a:b.c',
      'a..b:c',
      '.a:b',
      'a.:b',
      '1a:b',
      'a.1b:c',
      'a:1b',
      'a:b(c)',
      'a:b()()',
      ' a:b',
      'a:b ',
    ],
  ],
  [
    'allowedHosts',
    (host) => ({ allowedHosts: ['a.example', host] }),
    ['*', '.Example.com', 'localhost', '[::1]', 'a_b-c', TOKEN],
    ['a b', 'a;', ';a', 'a{', 'a}', '"a"', 'a\n', '$host', 'a/b'],
  ],
  [
    'trustedProxies',
    (range) => ({ trustedProxies: ['10.0.0.0/8', range] }),
    ['192.168.0.1', '2001:DB8::/32', '0.0.0.0/1', '2001:db8::1/128', '1:2:3:4:5:6:7:8', '::', TOKEN],
    [
      '10.0.0.0/8 ',
      ' 10.0.0.0/8',
      'all;',
      'g',
      '10.0.0.0/8\n',
      '',
      '10.0.0.0/33',
      '256.0.0.0/8',
      '10.0.0.0/',
      '10.0.0.0/8/8',
      '::/129',
      '1:2:3:4:5:6:7',
      '1::2::3',
      '1:2:3:4:5:6:7::8',
      '12345::',
      ':1::',
      '1.2.3/8',
      '1.2.3.4.5',
      `${TOKEN};`,
    ],
  ],
  [
    'healthCheckPath',
    (healthCheckPath) => ({ healthCheckPath }),
    ['/', '/up', '/a_b/c-d.e~f/', `/${TOKEN}`],
    ['', 'up', '/up }', '/up?a=b', '/%20', '/a\n', 'a/up', '/"'],
  ],
  [
    'name of a directive',
    (name) => ({ plan: { ...planOf(), extraNginxDirectives: { [name]: 'on' } } }),
    ['gzip', 'gzip_types', 'http2'],
    ['Gzip', '2http', '_a', 'gzip on;', 'a-b', ' gzip', ''],
  ],
  [
    'value of a directive',
    (value) => ({ plan: { ...planOf(), extraNginxDirectives: { gzip: value } } }),
    ['on', '1 2 3', '"$a"'],
    ['', 'a;', '{', '}', '# a', 'a\nb', 'a\tb', TOKEN],
  ],
  ...(['environment', 'machineEnvironment'] as const).flatMap((prop): Prop[] => [
    [
      `name in ${prop}`,
      (name) => ({ [prop]: { [name]: 'x' } }),
      ['A', 'a_1', '_A'],
      ['1A', 'A-B', 'A B', 'A=', 'A\n', ' A', ''],
    ],
    [
      `value in ${prop}`,
      (value) => ({ [prop]: { A: value } }),
      ['', 'it\'s $HOME `id` \\ "ü"', TOKEN],
      ['a\nb', 'a\rb', 'a\tb', '\u0000', '\u0085', '\u007f'],
    ],
  ]),
  ['name of a secret', (name) => secret({ name }), ['A', '_a1'], ['1', 'A-B', 'A ', ' A', '']],
  [
    'id of a secret',
    (id) => secret({ id }),
    ['/app/Key_1', 'arn:aws:secretsmanager:eu-west-1:111122223333:secret:a/b+c=d@e.f-AbCdEf', TOKEN],
    ['a b', 'a"', "'a", '$(id)', 'a\n', ' a'],
  ],
  ['field of a secret', (jsonField) => secret({ jsonField }), ['a b', 'ü"', ''], ['a\nb', 'a\u0000']],
  [
    'name of a background worker',
    (name) => worker({ name }),
    ['a', 'mail-2', 'nginx2', 'my-gunicorn'],
    ['A', '2mail', '-a', 'a_b', 'a/b', '../x', 'a.service', 'a ', ' a', '', 'gunicorn', 'nginx', 'pgbouncer'],
  ],
  [
    'application of Celery',
    (app) => worker({ app }),
    ['mysite', 'my_site.celery', 'a1.b2.c3:app', '_a:_b'],
    ['-b', '1a', 'a b', 'a:', ':a', 'a..b', '.a', 'a.', 'a.1b', 'a:1b', 'a:b:c', 'a:b.c', ' a', 'a ', ''],
  ],
  [
    'queue',
    (queue) => worker({ queues: ['high', queue] }),
    ['low', '1', 'a.b:c-d_e'],
    ['--burst', '.a', 'a b', 'a,b', '', 'a\n', ' a', '$a'],
  ],
  [
    'command',
    (command) => worker({ command }),
    ['date', ' date', 'a \'b\' "$c" %h'],
    ['', ' ', 'a\nb', 'a\tb', '\u0000'],
  ],
];

const cases = (index: 2 | 3) =>
  PROPS.flatMap((row) => row[index].map((value) => [row[0], JSON.stringify(value), row[1](value)] as const));

test.each(cases(2))('%s takes %s', (_prop, _value, input) => {
  expect(refusals(bootstrapInput(input))).toEqual([]);
});

test.each(cases(3))('fails on %s that is %s', (_prop, value, input) => {
  expect(refusals(bootstrapInput(input))).toEqual([expect.stringContaining(` ${value} must `)]);
});

test('what is not there is not refused', () => {
  const absent = { signal: undefined, dataVolume: undefined, extraCommands: undefined, backgroundWorkers: undefined };
  expect(refusals(bootstrapInput({ ...absent, healthCheckPath: undefined, ...git({ ref: undefined }) }))).toEqual([]);
});
