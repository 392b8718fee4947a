import { Duration, SecretValue, Size, Stack } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { BasicAuth, RequestPathPlan } from '../../lib';
import { filesFetchedBy, flask, makeStack, outdirOf, serve } from '../support/stacks';
import { any, failsWithEach, serviceWith, type Input } from '../support/wrong-inputs';

const PASSWORD = 'correct-horse';
const secretOf = (stack: Stack, id = 'Login') =>
  new secretsmanager.Secret(stack, id, {
    secretObjectValue: {
      username: SecretValue.unsafePlainText('anna'),
      password: SecretValue.unsafePlainText(PASSWORD),
    },
  });

/** A service that asks for a password, and all that its machine is given. */
function site() {
  const stack = makeStack();
  const login = BasicAuth.fromSecretsManager(secretOf(stack));
  const { service } = serve(
    {
      application: flask(),
      locations: [
        { path: '/admin/', basicAuth: login, allow: ['192.0.2.0/24'] },
        { path: '/admin/open', basicAuth: BasicAuth.none() },
        { path: '/upload', clientMaxBodySize: Size.mebibytes(200), requestTimeout: Duration.seconds(20) },
      ],
    },
    stack,
  );
  const script = JSON.stringify(stack.resolve(service.instance.userData.render()));
  return { template: Template.fromStack(stack), script: script + filesFetchedBy(script, outdirOf(stack)), service };
}

test('the machine is told which secret has the names and passwords of a path, and never what they are', () => {
  const { script } = site();
  expect(script).toContain('cat >etc/plumbline/passwords');
  expect(script).toMatch(/\/admin ",\{"Ref":"Login\w+"\}/);
  expect(script).toContain('run passwords passwords nginx');
  expect(script).toContain('auth_basic_user_file /etc/nginx/passwords/:admin;');
  expect(script).not.toContain(PASSWORD);
});

test('nginx wants the unit that fetches them, and the timer that looks whether they have changed', () => {
  const { script } = site();
  const units = 'gunicorn.service plumbline_passwords.service plumbline_passwords.timer';
  expect(script).toContain(`After=${units}\nWants=${units}\n`);
  expect(script).toContain(
    'ExecStart=/bin/bash /usr/local/lib/plumbline/plumbline_secrets.sh passwords /etc/plumbline/passwords nginx\n',
  );
});

test('its role may read the secret', () => {
  site().template.hasResourceProperties('AWS::IAM::Policy', {
    PolicyDocument: {
      Statement: Match.arrayWith([
        Match.objectLike({
          Action: ['secretsmanager:GetSecretValue', 'secretsmanager:DescribeSecret'],
          Resource: { Ref: Match.stringLikeRegexp('^Login') },
        }),
      ]),
    },
  });
});

test('where nobody is asked, nothing is fetched', () => {
  const stack = makeStack();
  const { service } = serve({ application: flask(), locations: [{ path: '/a', allow: ['192.0.2.0/24'] }] }, stack);
  const script = JSON.stringify(stack.resolve(service.instance.userData.render()));
  expect(script + filesFetchedBy(script, outdirOf(stack))).not.toMatch(/run passwords|Wants=[^\n]*passwords/);
});

test('a location has numbers of any unit', () => {
  const plan = RequestPathPlan.of({
    locations: [{ path: '/a', clientMaxBodySize: Size.kibibytes(512), requestTimeout: Duration.millis(1500) }],
  });
  expect(plan._plan.locations).toEqual([{ path: '/a', clientMaxBodySize: 0.5, requestTimeout: 1.5 }]);
});

const wrong = (title: string, location: unknown, message: string): Input => [
  title,
  (stack) => serviceWith(stack, { locations: [location] }),
  message,
];

test('many paths find room beside the user data', () => {
  const stack = makeStack();
  const locations = Array.from({ length: 40 }, (_, index) => ({
    path: `/path-${index}`,
    allow: ['192.0.2.0/24', '2001:db8::/32'],
  }));
  const { service } = serve({ application: flask(), locations }, stack);
  const script = JSON.stringify(stack.resolve(service.instance.userData.render()));
  expect(script).toContain('include /etc/nginx/plumbline_locations.conf;');
  expect(script).not.toContain('/path-1');
  expect(filesFetchedBy(script, outdirOf(stack)).match(/^location .*path-/gm)).toHaveLength(80);
  expect(() => Template.fromStack(stack)).not.toThrow();
});

test('a range may be known at deployment alone', () => {
  const stack = makeStack();
  const vpc = new ec2.Vpc(stack, 'Vpc', { natGateways: 0 });
  const { service } = serve(
    { application: flask(), vpc, locations: [{ path: '/a', allow: [vpc.vpcCidrBlock] }] },
    stack,
  );
  expect(JSON.stringify(stack.resolve(service.instance.userData.render()))).toMatch(
    /allow ",\{"Fn::GetAtt":\["Vpc\w+","CidrBlock"\]\},";\\n {2}deny all;/,
  );
});

describe('a location', () => {
  failsWithEach([
    wrong(
      'a misspelt prop',
      { path: '/a', client_max_body_size: 5 },
      'locations[0].client_max_body_size is no prop: the nearest name is clientMaxBodySize',
    ),
    wrong(
      'a letter too many',
      { path: '/a', allows: ['10.0.0.0/8'] },
      'locations[0].allows is no prop: the nearest name is allow',
    ),
    wrong(
      'another name',
      { path: '/a', ipFilter: [] },
      'locations[0].ipFilter is no prop: use one of path, clientMaxBodySize, requestTimeout, allow, basicAuth',
    ),
    wrong('no path', { allow: ['10.0.0.0/8'] }, 'locations[0].path (undefined) must be a string'),
    wrong(
      'a text for a size',
      { path: '/a', clientMaxBodySize: '10m' },
      'locations[0].clientMaxBodySize ("10m") must be a Size, for example Size.gibibytes(20)',
    ),
    wrong(
      'a number for a time',
      { path: '/a', requestTimeout: 5 },
      'locations[0].requestTimeout (5) must be a Duration, for example Duration.seconds(60)',
    ),
    wrong(
      'a text for ranges',
      { path: '/a', allow: '10.0.0.0/8' },
      `locations[0].allow ("10.0.0.0/8") must be an array of strings, for example ['203.0.113.0/24']`,
    ),
    wrong(
      'a password itself',
      { path: '/a', basicAuth: 'anna:secret' },
      'locations[0].basicAuth (a string) must be a BasicAuth: BasicAuth.fromSecretsManager(secret)',
    ),
    wrong(
      'no object',
      '/a',
      'locations[0] ("/a") must be an object, for example { path: \'/upload\', clientMaxBodySize: Size.mebibytes(100) }',
    ),
    wrong(
      'no range',
      { path: '/a', allow: ['10.0.0.0/33'] },
      'allow "10.0.0.0/33" must be an address range, for example 10.0.0.0/16',
    ),
    wrong(
      'a name for a range',
      { path: '/a', allow: ['all'] },
      'allow "all" must be an address range, for example 10.0.0.0/16',
    ),
    wrong(
      'a directive in a range',
      { path: '/a', allow: ['10.0.0.1; allow all'] },
      'allow "10.0.0.1; allow all" must be an address range, for example 10.0.0.0/16',
    ),
    wrong(
      'a path that is a pattern',
      { path: '/a.*', allow: ['10.0.0.0/8'] },
      'the request path of Test/Site is out of line:\n- locations "/a.*" must be a path of letters, digits and - _ . ~ @ + between slashes: it is compared as it stands, neither as a pattern nor with %-escapes [V2]',
    ),
    [
      'locations that are no array',
      (stack) => serviceWith(stack, { locations: { path: '/a' } }),
      "locations (an object) must be an array, for example [{ path: '/upload', clientMaxBodySize: Size.mebibytes(100) }]",
    ],
    [
      'a password for a secret',
      () => BasicAuth.fromSecretsManager(any('anna:secret')),
      `secret (a string) must be a secretsmanager.ISecret, for example secretsmanager.Secret.fromSecretNameV2(this, 'Secret', 'name')`,
    ],
  ]);
});
