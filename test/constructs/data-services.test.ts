import { Duration, Size, Token, type Stack } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import { Match } from 'aws-cdk-lib/assertions';
import {
  AppServer,
  Cache,
  DataServices,
  Database,
  DatabaseEngine,
  RequestPathPlan,
  WebService,
  WebUserData,
  type RequestPathProps,
} from '../../lib';
import { FLAGS, flask, machineOf, machinesOf, makeStack, mysite, templateOf } from '../support/stacks';

/** A launch template of the user's own, with user data for a plan. */
function ownLaunchTemplate(stack: Stack, props: RequestPathProps, managed = true) {
  const vpc = new ec2.Vpc(stack, 'Vpc', { maxAzs: 2, natGateways: 1 });
  const plan = RequestPathPlan.of(props);
  const web = WebUserData.forPlan(stack, 'Web', {
    plan,
    dataServices: managed ? new DataServices(stack, 'Data', { plan, vpc }) : undefined,
    application: mysite(),
    allowedHosts: ['www.example.com'],
  });
  const role = new iam.Role(stack, 'Role', { assumedBy: new iam.ServicePrincipal('ec2.amazonaws.com') });
  web.grant(role);
  const machines = new ec2.LaunchTemplate(stack, 'Machines', {
    userData: web.userData,
    role,
    httpTokens: ec2.LaunchTemplateHttpTokens.REQUIRED,
    securityGroup: new ec2.SecurityGroup(stack, 'MachineGroup', { vpc }),
  });
  web.dataServices.allowFrom(machines);
  return templateOf(stack);
}

describe.each(FLAGS)('two services in one stack with %s', (_, flags) => {
  const stack = makeStack({ flags });
  const site = new WebService(stack, 'Site', { application: mysite(), database: Database.mysqlOnInstance() });
  const vpc = new ec2.Vpc(stack, 'Vpc', { maxAzs: 2, natGateways: 1 });
  const reports = new WebService(stack, 'Reports', {
    application: mysite(),
    vpc,
    database: Database.rdsPostgres({ databaseProxy: true }),
    cache: Cache.elastiCache(),
  });
  const template = templateOf(stack);

  test('have a database each', () => {
    template.resourceCountIs('AWS::EC2::Volume', 1);
    template.resourceCountIs('AWS::RDS::DBInstance', 1);
    expect(site.dataVolume).toBeDefined();
    expect(reports.dataVolume).toBeUndefined();
  });

  test('and only the one with data is changed in place', () => {
    template.resourceCountIs('AWS::CloudFormation::WaitCondition', 1);
    template.resourcePropertiesCountIs('AWS::EC2::Instance', { LaunchTemplate: Match.anyValue() }, 1);
  });

  test('and each machine knows its own', () => {
    const engines = machinesOf(template).map((machine) => /PLUMBLINE_DATABASE_ENGINE=(\w+)/.exec(machine)?.[1]);
    expect(engines.sort()).toEqual(['mysql', 'postgresql']);
  });
});

test('one description of a database serves two services: each makes its own', () => {
  const stack = makeStack();
  const vpc = new ec2.Vpc(stack, 'Vpc', { maxAzs: 2, natGateways: 1 });
  const database = Database.rdsMysql({ databaseProxy: true });
  ['A', 'B'].forEach((id) => new WebService(stack, id, { application: flask(), vpc, database }));
  const names = Object.values(templateOf(stack).findResources('AWS::RDS::DBProxy')).map(
    ({ Properties }) => (Properties as { DBProxyName: string }).DBProxyName,
  );
  expect(new Set(names).size).toBe(2);
});

describe('user data for a launch template of your own', () => {
  test('reaches a database with a name, without more', () => {
    const stack = makeStack();
    const secret = new secretsmanager.Secret(stack, 'Credentials');
    const database = Database.fromEndpoint('db.example.com', {
      engine: DatabaseEngine.POSTGRESQL,
      secret,
      maxConnections: 200,
    });
    const template = ownLaunchTemplate(stack, { database, maxInstances: 2 }, false);
    expect(machineOf(template)).toMatch(/PLUMBLINE_DATABASE_HOST=db\.example\.com\n/);
    template.hasResourceProperties('AWS::IAM::Policy', {
      PolicyDocument: {
        Statement: Match.arrayWith([
          Match.objectLike({
            Action: Match.arrayWith(['secretsmanager:GetSecretValue']),
            Resource: { Ref: Match.stringLikeRegexp('^Credentials') },
          }),
        ]),
      },
    });
  });

  test('reaches a database and a cache that are made for its plan', () => {
    const template = ownLaunchTemplate(makeStack(), { database: Database.rdsPostgres(), cache: Cache.elastiCache() });
    expect(machineOf(template)).toMatch(/PLUMBLINE_DATABASE_HOST='<DataDatabaseInstance\w+,Endpoint\.Address>'\n/);
    ['DataDatabaseSecurityGroup', 'DataCacheSecurityGroup'].forEach((group) =>
      template.hasResourceProperties('AWS::EC2::SecurityGroupIngress', {
        GroupId: { 'Fn::GetAtt': [Match.stringLikeRegexp(`^${group}`), 'GroupId'] },
        SourceSecurityGroupId: { 'Fn::GetAtt': [Match.stringLikeRegexp('^MachineGroup'), 'GroupId'] },
      }),
    );
  });

  test('fails for a database in RDS that nobody made', () => {
    expect(() => ownLaunchTemplate(makeStack(), { database: Database.rdsMysql() }, false)).toThrow(
      new Error(
        'a database in RDS needs a VPC: give dataServices with vpc, or make it yourself and give Database.fromInstance',
      ),
    );
  });

  test('fails for a cache in ElastiCache that nobody made', () => {
    expect(() => ownLaunchTemplate(makeStack(), { cache: Cache.elastiCache() }, false)).toThrow(
      new Error(
        'a cache in ElastiCache needs a VPC: give dataServices with vpc, or make it yourself and give Cache.fromEndpoint',
      ),
    );
  });

  test('fails with the database of another plan', () => {
    const stack = makeStack();
    const dataServices = new DataServices(stack, 'Data', { plan: RequestPathPlan.of() });
    expect(() =>
      WebUserData.forPlan(stack, 'Web', {
        plan: RequestPathPlan.of(),
        dataServices,
        application: flask(),
        allowedHosts: ['www.example.com'],
      }),
    ).toThrow(new Error('dataServices was made for another plan: give both the same'));
  });
});

describe('fails', () => {
  test('with a plan out of line, before anything is made for it', () => {
    const stack = makeStack();
    const vpc = new ec2.Vpc(stack, 'Vpc', { maxAzs: 2, natGateways: 1 });
    const plan = RequestPathPlan.of({
      database: Database.rdsMysql({ instanceType: new ec2.InstanceType('t3.micro') }),
      appServer: AppServer.gunicorn({ workers: 5, threads: 8 }),
    });
    expect(() => new DataServices(stack, 'Data', { plan, vpc })).toThrow(
      /^the request path of Test\/Data is out of line:\n- connections at the worst moment .*\[N1\]/,
    );
  });

  test('with two instances that would each have data of their own', () => {
    const stack = makeStack();
    expect(
      () =>
        new WebService(stack, 'Site', {
          application: flask(),
          database: Database.mysqlOnInstance(),
          maxInstances: 2,
        }),
    ).toThrow(
      new Error(
        'the request path of Test/Site is out of line:\n' +
          '- maxInstances with a database on the instance (2) must be equal to 1, else every instance has data of its own, and clients see those of whichever answers; lower maxInstances to 1, or use a database in RDS [N6]',
      ),
    );
  });

  const number = Token.asNumber({ Ref: 'Number' });

  test.each<[string, () => RequestPathProps]>([
    [
      'instanceType',
      () => ({ database: Database.rdsMysql({ instanceType: new ec2.InstanceType(Token.asString({ Ref: 'Type' })) }) }),
    ],
    ['connMaxAge', () => ({ database: Database.mysqlOnInstance({ connMaxAge: Duration.seconds(number) }) })],
    [
      'maxConnections',
      () => ({
        database: Database.fromEndpoint('db.example.com', {
          engine: DatabaseEngine.MYSQL,
          secret: new secretsmanager.Secret(makeStack(), 'Secret'),
          maxConnections: number,
        }),
      }),
    ],
    ['maxMemory', () => ({ cache: Cache.redisOnInstance({ maxMemory: Size.mebibytes(number) }) })],
    ['maxInstances', () => ({ maxInstances: number })],
  ])('with a token for %s', (prop, props) => {
    expect(() => RequestPathPlan.of(props())).toThrow(
      new Error(
        `${prop} is a token and its value is not known at synthesis: every other number is derived from it, so give a literal value`,
      ),
    );
  });
});
