import { Aspects, Fn, Stack } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as s3 from 'aws-cdk-lib/aws-s3';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import * as sqs from 'aws-cdk-lib/aws-sqs';
import type { IConstruct } from 'constructs';
import {
  Application,
  Cache,
  Database,
  EnvironmentSecret,
  RequestPathPlan,
  WebUserData,
  WebService,
  type WebServiceProps,
} from '../../lib';
import { FLAGS, flask, machineOf, makeStack, mysite, serve, templateOf } from '../support/stacks';

const isOpen = (script: string) => /^instance_metadata=(true|false)$/m.exec(script)?.[1] === 'true';

/** Whether the application reaches the metadata service, after something was done with its service. */
function opens(
  act: (service: WebService) => unknown,
  props: Partial<WebServiceProps> = {},
  stack = makeStack(),
): boolean {
  const { service, template } = serve(props, stack);
  act(service);
  return isOpen(machineOf(template()));
}

const s3Read = () => new iam.PolicyStatement({ actions: ['s3:GetObject'], resources: ['*'] });

describe.each(FLAGS)('with %s, the application reaches the metadata service', (_, flags) => {
  test('not where the role has what the machine needs', () => {
    expect(opens(() => {}, {}, makeStack({ flags }))).toBe(false);
  });

  test('where the role was granted something more', () => {
    const stack = makeStack({ flags });
    expect(opens((service) => new s3.Bucket(stack, 'Bucket').grantRead(service), {}, stack)).toBe(true);
  });
});

test('secrets, a bucket of releases, databases and caches are for the machine, and open nothing', () => {
  const stack = makeStack();
  const releases = new s3.Bucket(stack, 'Releases');
  const application = Application.fromBucket(releases, 'site.zip', { wsgi: 'site:app' });
  const secrets = { KEY: EnvironmentSecret.fromSecretsManager(new Secret(stack, 'Key')) };
  expect(opens(() => {}, { application, secrets }, stack)).toBe(false);
  const managed = { database: Database.rdsPostgres({ databaseProxy: true }), cache: Cache.elastiCache() };
  expect(opens(() => {}, managed)).toBe(false);
  expect(opens(() => {}, { database: Database.mysqlOnInstance() })).toBe(false);
});

test.each<[string, (service: WebService) => unknown]>([
  ['a queue', (service) => new sqs.Queue(service, 'Queue').grantSendMessages(service.role)],
  ['a statement', ({ role }) => role.addToPrincipalPolicy(s3Read())],
  ['a statement, by the older name', ({ role }) => (role as iam.Role).addToPolicy(s3Read())],
  [
    'a managed policy',
    ({ role }) => role.addManagedPolicy(iam.ManagedPolicy.fromAwsManagedPolicyName('ReadOnlyAccess')),
  ],
  [
    'a managed policy that names the role',
    (service) => new iam.ManagedPolicy(service, 'Read', { roles: [service.role], statements: [s3Read()] }),
  ],
  [
    'a policy that names the role',
    (service) => new iam.Policy(service, 'Read', { roles: [service.role], statements: [s3Read()] }),
  ],
  [
    "a policy in CloudFormation's own words",
    (service) =>
      new iam.CfnPolicy(service, 'Read', { policyName: 'read', policyDocument: {}, roles: [service.role.roleName] }),
  ],
  [
    'a role that it may assume',
    (service) =>
      new iam.Role(service, 'Other', { assumedBy: new iam.AccountRootPrincipal() }).grantAssumeRole(service.role),
  ],
  [
    'something by an aspect',
    (service) =>
      Aspects.of(service).add({
        visit: (node: IConstruct) => {
          if (node === service.role) service.role.addToPrincipalPolicy(s3Read());
        },
      }),
  ],
])('it does where the role was granted %s', (_, grant) => {
  expect(opens(grant)).toBe(true);
});

test('it does where a policy of another stack names the role', () => {
  const app = makeStack();
  const { service, template } = serve({}, app);
  const other = new Stack(app.node.root, 'Other');
  new iam.ManagedPolicy(other, 'Read', { roles: [service.role], statements: [s3Read()] });
  expect(isOpen(machineOf(template()))).toBe(true);
});

test('policies of the same service in another stack, here or elsewhere, open nothing', () => {
  const { stack, template } = serve();
  const other = new Stack(stack.node.root, 'Other', { env: { account: '111122223333', region: 'eu-west-1' } });
  const twin = new WebService(other, 'Site', { application: mysite() });
  new iam.ManagedPolicy(other, 'Read', { roles: [twin.role], statements: [s3Read()] });
  expect(isOpen(machineOf(template()))).toBe(false);
});

test('what other roles are granted opens nothing', () => {
  expect(
    opens((service) => {
      const other = new iam.Role(service, 'Other', { assumedBy: new iam.AccountRootPrincipal() });
      other.addToPrincipalPolicy(s3Read());
      new iam.ManagedPolicy(service, 'Read', { roles: [other], statements: [s3Read()] });
    }),
  ).toBe(false);
});

test('it does where the role is the own one of the user, whose policies are not known here', () => {
  const stack = makeStack();
  const role = new iam.Role(stack, 'Role', { assumedBy: new iam.ServicePrincipal('ec2.amazonaws.com') });
  expect(opens(() => {}, { role }, stack)).toBe(true);
});

const ofTemplate = (instanceMetadata?: boolean) => {
  const stack = makeStack();
  const plan = RequestPathPlan.of({});
  const web = WebUserData.forPlan(stack, 'Web', { plan, application: flask(), allowedHosts: ['*'], instanceMetadata });
  new ec2.CfnLaunchTemplate(stack, 'Template', {
    launchTemplateData: { userData: Fn.base64(web.userData.render()) },
  });
  return isOpen(machineOf(templateOf(stack)));
};

test('it does on machines of a launch template of the user, unless they say no', () => {
  expect(ofTemplate()).toBe(true);
  expect(ofTemplate(false)).toBe(false);
});

test('what is said counts, whatever was granted', () => {
  const stack = makeStack();
  const bucket = new s3.Bucket(stack, 'Bucket');
  expect(opens((service) => bucket.grantRead(service), { instanceMetadata: false }, stack)).toBe(false);
  expect(opens(() => {}, { instanceMetadata: true })).toBe(true);
});

test('a grant is a change that an instance with its database is told, and waited for', () => {
  const conditionOf = (grant: boolean) => {
    const stack = makeStack();
    const { service, template } = serve({ application: mysite(), database: Database.mysqlOnInstance() }, stack);
    if (grant) service.role.addToPrincipalPolicy(s3Read());
    const found = template();
    expect(isOpen(machineOf(found))).toBe(grant);
    return Object.keys(found.findResources('AWS::CloudFormation::WaitCondition'));
  };
  expect(conditionOf(true)).not.toEqual(conditionOf(false));
});

test('it is one hop far, so that no container or proxy on the machine passes its answers on', () => {
  serve()
    .template()
    .hasResourceProperties('AWS::EC2::Instance', {
      MetadataOptions: { HttpTokens: 'required', HttpPutResponseHopLimit: 1 },
    });
});
