import { OPERATING_SYSTEMS, renderBootstrap, type BootstrapInput } from '../../lib/render';
import { bootstrapInput } from '../support/bootstrap-input';
import { planOf } from '../support/plan';

const CREDENTIALS_IN_REPOSITORY =
  'repository must hold neither user name, password, token nor query: it is in plain text in the template and on the machine. Use Application.fromBucket for private code';
const fetch = { kind: 's3', bucket: 'bucket', key: 'key' } as const;
const plan = planOf();

test.each<[string, Partial<BootstrapInput>, string]>([
  [
    'a WSGI path without an attribute',
    { application: { fetch, wsgi: 'mysite.wsgi' } },
    'wsgi "mysite.wsgi" must be module:attribute, for example mysite.wsgi:application',
  ],
  [
    'a bucket with a quote',
    { runtime: { bucket: "b'", key: 'k' } },
    `bucket "b'" must be a bucket name: lower case, digits, dots and hyphens`,
  ],
  [
    'a key that is not encoded',
    { runtime: { bucket: 'b', key: 'a b' } },
    'key "a b" must be percent-encoded: only letters, digits and - _ . ~ / stand for themselves',
  ],
  [
    'a repository that would be an option of git',
    { application: { fetch: { kind: 'git', repository: '--upload-pack=id' }, wsgi: 'a:b' } },
    'repository "--upload-pack=id" must be the URL of a git repository, without spaces and quotes',
  ],
  ...['user', 'user:secret', ':secret', '${Token[Secret.1]}'].map(
    (userinfo): [string, Partial<BootstrapInput>, string] => [
      `a repository with ${userinfo} before its host, which is not shown,`,
      { application: { fetch: { kind: 'git', repository: `https://${userinfo}@example.com/a` }, wsgi: 'a:b' } },
      CREDENTIALS_IN_REPOSITORY,
    ],
  ),
  [
    'a repository with a query, which is not shown,',
    { application: { fetch: { kind: 'git', repository: 'https://example.com/a?token=secret' }, wsgi: 'a:b' } },
    CREDENTIALS_IN_REPOSITORY,
  ],
  ...['us-iso-east-1', 'eusc-de-east-1'].map((region): [string, Partial<BootstrapInput>, string] => [
    `a database in RDS in ${region}`,
    { region, database: { onInstance: false, caBundle: true } },
    `the certificates of Amazon RDS in region ${region} are not known here: use Database.fromEndpoint with certificateBundle`,
  ]),
  [
    'a bucket in a region that is none',
    { runtime: { bucket: 'b', key: 'k', region: 'eu; id' } },
    'region "eu; id" must consist of letters, digits and hyphens',
  ],
  [
    'a ref with a space',
    { application: { fetch: { kind: 'git', repository: 'https://example.com/a', ref: 'a b' }, wsgi: 'a:b' } },
    'ref "a b" must be a branch, tag or commit, without spaces and quotes',
  ],
  [
    'requirements outside of the application',
    { application: { fetch, wsgi: 'a:b', requirements: '../list.txt' } },
    'requirements "../list.txt" must be a path in the application of letters, digits and - _ . /, for example requirements/production.txt',
  ],
  [
    'a group that would be an option',
    { application: { fetch, wsgi: 'a:b', dependencyGroups: ['prod', '-x'] } },
    'dependencyGroups "-x" must be the name of a group: letters, digits and - _ .',
  ],
  [
    'an extra that would be two',
    { application: { fetch, wsgi: 'a:b', extras: ['prod', 'a,b'] } },
    'extras "a,b" must be the name of an extra: letters, digits and - _ .',
  ],
  ...['-y', "a'", 'a b', './a.deb', ''].map((name): [string, Partial<BootstrapInput>, string] => [
    `a package of the operating system named ${JSON.stringify(name)}`,
    { systemPackages: ['gettext', name] },
    `systemPackages ${JSON.stringify(name)} must be the name of a package of the operating system: letters, digits and . + _ -`,
  ]),
  ...Object.entries({
    PIP_INDEX_URL: 'pip',
    PIPENV_PYPI_MIRROR: 'Pipenv',
    POETRY_HTTP_BASIC_OURS_PASSWORD: 'Poetry',
  }).map(([name, reader]): [string, Partial<BootstrapInput>, string] => [
    `a secret of the installation that ${reader} would read`,
    { packageSecrets: [{ name, kind: 'ssm', id: '/pypi' }] },
    `packageSecrets "${name}" is read by ${reader}, and uv installs the packages: UV_DEFAULT_INDEX, UV_INDEX, UV_INDEX_NAME_PASSWORD`,
  ]),
  [
    'a secret of the installation with a bad name',
    { packageSecrets: [{ name: 'A B', kind: 'ssm', id: '/pypi' }] },
    'packageSecrets "A B" must be the name of a variable: letters, digits and underscores',
  ],
  [
    'a host that would end its directive',
    { allowedHosts: ['a.example', 'b.example; return 200'] },
    'allowedHosts "b.example; return 200" must be a host name, as in the ALLOWED_HOSTS of Django',
  ],
  ...Object.entries({
    '*.example.com': 'written .example.com',
    '*.${Token[Domain.1]}': 'written .<token>',
    '*.*.example.com': '* alone',
    'www.*': '* alone',
    '*example.com': '* alone',
  }).map(([host, rule]): [string, Partial<BootstrapInput>, string] => [
    `a host with a wildcard that Django has not (${host})`,
    { allowedHosts: ['a.example', host] },
    `allowedHosts ${JSON.stringify(host.replace(/\$.*/, '<token>'))} must be ${rule}: Django's ALLOWED_HOSTS has no other wildcard`,
  ]),
  [
    'a range that would open a block',
    { trustedProxies: ['10.0.0.0/8 {'] },
    'trustedProxies "10.0.0.0/8 {" must be an address range, for example 10.0.0.0/16',
  ],
  [
    'a health check path with a brace',
    { healthCheckPath: '/up}' },
    'healthCheckPath "/up}" must be a path of letters, digits and - _ . ~ / that starts with /',
  ],
  [
    'a static file as the health check',
    { healthCheckPath: '/static/up.txt' },
    'healthCheckPath "/static/up.txt" must be a path that the application answers: nginx serves the files below /static/',
  ],
  ...['/a//b', '/a/./b', '/../b', '/a/..', '/a/.', '/.plumbline/health'].map(
    (healthCheckPath): [string, Partial<BootstrapInput>, string] => [
      `the health check path ${healthCheckPath}`,
      { healthCheckPath },
      `healthCheckPath "${healthCheckPath}" must not be /.plumbline/health or hold //, /./ or /../: nginx compares paths without them`,
    ],
  ),
  ...[
    ['X-Forwarded-Proto https', 'X-Forwarded-Proto'],
    ["'Host' $http_host", 'Host'],
    ['"x-real-ip" $http_x', 'X-Real-IP'],
    ['Forwarded $http_forwarded', 'Forwarded'],
    ['Upgrade websocket', 'Upgrade'],
    ['content-length 0', 'Content-Length'],
    ['Transfer-Encoding chunked', 'Transfer-Encoding'],
    ['True-Client-IP $http_true_client_ip', 'True-Client-Ip'],
  ].map(([proxy_set_header, forced]): [string, Partial<BootstrapInput>, string] => [
    `an override of the header ${forced}`,
    { plan: planOf({ nginxDirectives: { proxy_set_header: proxy_set_header! } }) },
    `nginxDirectives proxy_set_header ${JSON.stringify(proxy_set_header)} sets ${forced}, which nginx sets itself so that no client can: remove it, or give the header another name`,
  ]),
  [
    'a variable with a hyphen',
    { environment: { 'A-B': 'x' } },
    'environment "A-B" must be the name of a variable: letters, digits and underscores',
  ],
  [
    'a variable with a line break',
    { environment: { A: 'x\ny' } },
    'environment A "x\\ny" must not hold a line break or another control character: use secrets for it',
  ],
  [
    'a secret whose name is no variable',
    { secrets: [{ name: '1', kind: 'ssm', id: 'a' }] },
    'secrets "1" must be the name of a variable: letters, digits and underscores',
  ],
  [
    'a secret whose id has a quote',
    { secrets: [{ name: 'A', kind: 'ssm', id: 'a"' }] },
    'secrets A "a\\"" must be the ARN or name of a secret or parameter',
  ],
  [
    'a secret whose field has a line break',
    { secrets: [{ name: 'A', kind: 'secretsmanager', id: 'a', jsonField: 'x\ny' }] },
    'secrets A "x\\ny" must be the name of a JSON field, without control characters',
  ],
  ['a region with a quote', { region: "eu'" }, `region "eu'" must consist of letters, digits, dots and hyphens`],
  [
    'a stack name with a quote',
    { signal: { stack: "s'", logicalId: 'L' } },
    `stack "s'" must consist of letters, digits, dots and hyphens`,
  ],
  [
    'a step whose name is a path',
    { extraCommands: [{ name: '../x', commands: [] }] },
    'extraCommands "../x" must be a name of lower case letters, digits, spaces and hyphens',
  ],
  [
    'a command that would end its here-document',
    { extraCommands: [{ name: 'x', commands: ['a\nEOF\nb'] }] },
    'extraCommands x "a\\nEOF\\nb" must not hold a line EOF or a control character',
  ],
  [
    'a directive that would open a block',
    { plan: { ...plan, extraNginxDirectives: { gzip: 'on; } location / {' } } },
    'nginxDirectives gzip "on; } location / {" must be a value with each quote closed, without a new line, without ; { } # outside of quotes, and no \\ at its end',
  ],
  [
    'a directive whose value leaves a quote open',
    { plan: { ...plan, extraNginxDirectives: { gzip_types: '"text/css' } } },
    'nginxDirectives gzip_types "\\"text/css" must be a value with each quote closed, without a new line, without ; { } # outside of quotes, and no \\ at its end',
  ],
  [
    'a directive whose name is no name',
    { plan: { ...plan, extraNginxDirectives: { 'a b': 'on' } } },
    'nginxDirectives "a b" must be the name of a directive',
  ],
  [
    'a volume with a space',
    { dataVolume: 'vol 1' },
    'dataVolume "vol 1" must consist of letters, digits, dots and hyphens',
  ],
  [
    'a variable of the machine with a line break',
    { machineEnvironment: { PLUMBLINE_DATABASE_HOST: 'a\nb' } },
    'environment PLUMBLINE_DATABASE_HOST "a\\nb" must not hold a line break or another control character: use secrets for it',
  ],
  [
    'a background worker whose name is a path',
    { backgroundWorkers: [{ name: '../x', kind: 'command', command: 'date' }] },
    'backgroundWorkers "../x" must start with a letter and hold lower case letters, digits and hyphens alone',
  ],
  [
    'a background worker that would replace gunicorn',
    { backgroundWorkers: [{ name: 'gunicorn', kind: 'command', command: 'date' }] },
    'backgroundWorkers "gunicorn" must not be that of another unit on the machine: choose another',
  ],
  [
    'a Celery application that would be an option',
    { backgroundWorkers: [{ name: 'celery', kind: 'celery', app: '-b x' }] },
    'backgroundWorkers celery app "-b x" must be the module of a Celery application, for example mysite',
  ],
  [
    'a queue that would be an option',
    { backgroundWorkers: [{ name: 'rq', kind: 'rq', queues: ['high', '--burst'] }] },
    'backgroundWorkers rq queues "--burst" must be a name of letters, digits and _ . : -',
  ],
  [
    'a command of two lines',
    { backgroundWorkers: [{ name: 'x', kind: 'command', command: 'a\nUser=root' }] },
    'backgroundWorkers x command "a\\nUser=root" must be one line without control characters',
  ],
  [
    'a command that is none',
    { backgroundWorkers: [{ name: 'x', kind: 'command', command: ' ' }] },
    'backgroundWorkers x command " " must be one line without control characters',
  ],
])('fails on %s', (_what, input, message) => {
  expect(() => renderBootstrap(bootstrapInput(input))).toThrow(new Error(message));
});

test('fails on all of them at once', () => {
  const input = bootstrapInput({ healthCheckPath: 'up', allowedHosts: ['a b'], region: '?' });
  expect(() => renderBootstrap(input)).toThrow(
    new Error(
      'allowedHosts "a b" must be a host name, as in the ALLOWED_HOSTS of Django\n' +
        'healthCheckPath "up" must be a path of letters, digits and - _ . ~ / that starts with /\n' +
        'region "?" must consist of letters, digits, dots and hyphens',
    ),
  );
});

test('hosts may be names, wildcards and addresses', () => {
  const allowedHosts = ['*', '.example.com', 'localhost', '[::1]', '10.0.0.1'];
  for (const operatingSystem of Object.values(OPERATING_SYSTEMS)) {
    expect(() => renderBootstrap(bootstrapInput({ allowedHosts, operatingSystem }))).not.toThrow();
  }
});
