import { Duration, RemovalPolicy, Size } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import { Match, type Template } from 'aws-cdk-lib/assertions';
import { Database, OperatingSystem, RequestPathPlan, WebUserData, type WebServiceProps } from '../../lib';
import { FLAGS, flask, machineOf, makeStack, mysite, serve, templateOf } from '../support/stacks';

const made = (props: Partial<WebServiceProps> = {}, stack = makeStack()) =>
  serve({ database: Database.mysqlOnInstance(), ...props }, stack).template();
const idOf = (template: Template, type: string) => Object.keys(template.findResources(type))[0]!;

describe.each(FLAGS)('an instance with its database and %s', (_, flags) => {
  const template = made({}, makeStack({ flags }));

  test('takes its image from version 1 of a launch template, so that a newer image changes nothing', () => {
    template.hasResourceProperties('AWS::EC2::Instance', {
      ImageId: Match.absent(),
      LaunchTemplate: { LaunchTemplateId: { Ref: idOf(template, 'AWS::EC2::LaunchTemplate') }, Version: '1' },
    });
    template.hasResourceProperties('AWS::EC2::LaunchTemplate', {
      LaunchTemplateData: { ImageId: { Ref: Match.stringLikeRegexp('^SsmParameterValue') } },
    });
  });

  test('waits for nothing itself: its volume is attached after it', () => {
    template.hasResource('AWS::EC2::Instance', { CreationPolicy: Match.absent() });
  });

  test('answers IMDSv2 only', () => {
    template.hasResourceProperties('AWS::EC2::Instance', { MetadataOptions: { HttpTokens: 'required' } });
  });

  test('has an encrypted volume that stays when the stack goes', () => {
    template.hasResource('AWS::EC2::Volume', {
      DeletionPolicy: 'Retain',
      UpdateReplacePolicy: 'Retain',
      Properties: { Encrypted: true, VolumeType: 'gp3', Size: 20 },
    });
  });

  test('has its volume in the zone of its subnet, whatever the list of zones says later', () => {
    template.hasResourceProperties('AWS::EC2::Volume', {
      AvailabilityZone: { 'Fn::GetAtt': [Match.stringLikeRegexp('PublicSubnet1'), 'AvailabilityZone'] },
    });
  });

  test('is ended before its volume is taken from it', () => {
    template.hasResource('AWS::EC2::VolumeAttachment', {
      DeletionPolicy: 'Retain',
      Properties: {
        InstanceId: { Ref: idOf(template, 'AWS::EC2::Instance') },
        VolumeId: { Ref: idOf(template, 'AWS::EC2::Volume') },
      },
    });
  });

  test('has a snapshot of its volume every day, for a week', () => {
    const tag = {
      Key: 'cdk-plumbline:data-volume',
      Value: { 'Fn::Join': ['', [{ Ref: 'AWS::StackName' }, '/Test/Site/Instance/Data']] },
    };
    template.hasResourceProperties('AWS::EC2::Volume', { Tags: Match.arrayWith([tag]) });
    template.hasResourceProperties('AWS::DLM::LifecyclePolicy', {
      State: 'ENABLED',
      PolicyDetails: {
        ResourceTypes: ['VOLUME'],
        TargetTags: [tag],
        Schedules: [Match.objectLike({ CreateRule: Match.objectLike({ Interval: 24 }), RetainRule: { Count: 7 } })],
      },
    });
  });

  test('signals to a wait condition that stands behind everything it needs', () => {
    const condition = idOf(template, 'AWS::CloudFormation::WaitCondition');
    expect(machineOf(template)).toContain(`'LogicalResourceId=${condition}'`);
    template.hasResource('AWS::CloudFormation::WaitCondition', {
      CreationPolicy: { ResourceSignal: { Timeout: 'PT15M' } },
      DependsOn: Match.arrayWith([
        idOf(template, 'AWS::EC2::VolumeAttachment'),
        idOf(template, 'AWS::EC2::Instance'),
        Match.stringLikeRegexp('SiteInstanceRoleDefaultPolicy'),
      ]),
    });
  });

  test('tells as long as CloudFormation may wait', () => {
    const machine = machineOf(made({ creationTimeout: Duration.hours(2) }, makeStack({ flags })));
    expect(machine).toContain('if [ $SECONDS -ge 7200 ]');
  });

  test('knows its volume', () => {
    expect(machineOf(template)).toContain(`<${idOf(template, 'AWS::EC2::Volume')}>`);
  });
});

describe('an instance with its database stays the same', () => {
  const before = made();
  const cases: Array<[string, Partial<WebServiceProps>]> = [
    ['release', { application: flask() }],
    ['configuration', { requestTimeout: Duration.seconds(61) }],
    ['environment', { environment: { A: '1' } }],
  ];

  test.each(cases)('with another %s', (_, props) => {
    expect(idOf(made(props), 'AWS::EC2::Instance')).toBe(idOf(before, 'AWS::EC2::Instance'));
  });

  test.each(cases)('and CloudFormation waits for another %s', (_, props) => {
    const condition = 'AWS::CloudFormation::WaitCondition';
    expect(idOf(made(props), condition)).not.toBe(idOf(before, condition));
  });

  test('and nobody waits where nothing changes on the machine', () => {
    const condition = 'AWS::CloudFormation::WaitCondition';
    expect(idOf(made(), condition)).toBe(idOf(before, condition));
    expect(idOf(made({ deletionProtection: true }), condition)).toBe(idOf(before, condition));
  });

  test('with commands that are added later, for which CloudFormation waits too', () => {
    const { service, template } = serve({ database: Database.mysqlOnInstance() });
    service.userData.addCommands('echo more');
    const condition = 'AWS::CloudFormation::WaitCondition';
    expect(idOf(template(), condition)).not.toBe(idOf(before, condition));
  });
});

describe('a database on the instance', () => {
  test.each([
    ['Amazon Linux', OperatingSystem.AMAZON_LINUX_2023, 'mariadb'],
    ['Debian', OperatingSystem.DEBIAN_13, 'mariadb'],
    ['Ubuntu 24.04', OperatingSystem.UBUNTU_24_04, 'mysql'],
    ['Ubuntu 26.04', OperatingSystem.UBUNTU_26_04, 'mysql'],
  ])('that speaks MySQL on %s', (_, operatingSystem, engine) => {
    const { service } = serve({ operatingSystem, database: Database.mysqlOnInstance() });
    expect(service.plan.database).toMatchObject({ engine, host: 'instance' });
  });

  test('is reached by a socket, as the user of the operating system, without a password', () => {
    const machine = machineOf(made());
    expect(machine).toMatch(/PLUMBLINE_DATABASE_ENGINE=mysql\n/);
    expect(machine).toMatch(/PLUMBLINE_DATABASE_HOST=\/run\/mysqld\/mysqld\.sock\n/);
    expect(machine).toMatch(/PLUMBLINE_DATABASE_USER=app\n/);
    expect(machine).not.toMatch(/PLUMBLINE_DATABASE_(PASSWORD|PORT|CA)/);
  });

  test('is reached by a folder of sockets where it is PostgreSQL', () => {
    const machine = machineOf(made({ database: Database.postgresOnInstance() }));
    expect(machine).toMatch(/PLUMBLINE_DATABASE_ENGINE=postgresql\n/);
    expect(machine).toMatch(/PLUMBLINE_DATABASE_HOST=\/var\/run\/postgresql\n/);
  });

  test('takes the size of its volume, and what becomes of it', () => {
    const database = Database.mysqlOnInstance({
      volumeSize: Size.gibibytes(200),
      removalPolicy: RemovalPolicy.SNAPSHOT,
    });
    made({ database }).hasResource('AWS::EC2::Volume', { DeletionPolicy: 'Snapshot', Properties: { Size: 200 } });
  });

  test('needs no more of the network than the instance itself', () => {
    made().resourceCountIs('AWS::EC2::Subnet', 2);
    made().resourceCountIs('AWS::EC2::SecurityGroup', 2);
  });

  test('is told to Django as long as migrations are wanted', () => {
    expect(machineOf(made())).not.toBe(machineOf(made({ migrate: false })));
  });

  test('fits into an imported VPC', () => {
    const stack = makeStack({ env: { account: '123456789012', region: 'us-east-1' } });
    const vpc = ec2.Vpc.fromVpcAttributes(stack, 'Vpc', {
      vpcId: 'vpc-0a1b2c3d4e5f60718',
      availabilityZones: ['us-east-1a', 'us-east-1b'],
      publicSubnetIds: ['subnet-0a1b2c3d4e5f60711', 'subnet-0a1b2c3d4e5f60712'],
    });
    made({ vpc }, stack).hasResourceProperties('AWS::EC2::Volume', { AvailabilityZone: 'us-east-1a' });
  });

  test('fails on user data for a machine of which nobody knows how long it lives', () => {
    const stack = makeStack();
    WebUserData.forPlan(stack, 'Web', {
      plan: RequestPathPlan.of({ database: Database.mysqlOnInstance() }),
      application: mysite(),
      allowedHosts: ['www.example.com'],
    });
    expect(() => templateOf(stack)).toThrow(
      '[Test/Web] a database on the instance needs a volume that outlives the instance: use WebService or WebInstance, or another database',
    );
  });

  test('fails on another operating system than the one that it was planned for', () => {
    expect(() =>
      WebUserData.forPlan(makeStack(), 'Web', {
        plan: RequestPathPlan.of({ database: Database.mysqlOnInstance() }),
        operatingSystem: OperatingSystem.UBUNTU_26_04,
        application: mysite(),
        allowedHosts: ['www.example.com'],
      }),
    ).toThrow(
      new Error(
        'operatingSystem (ubuntu-26.04) is not the one that the database was planned for (amazon-linux-2023): give it to RequestPathPlan.of',
      ),
    );
  });

  test('fails where CloudFormation would wait for less than requests in flight and a boot may take', () => {
    const serving = (requestTimeout: number, creationTimeout?: Duration) => () =>
      made({ requestTimeout: Duration.seconds(requestTimeout), creationTimeout });
    serving(347)();
    serving(600, Duration.minutes(24))();
    expect(serving(348)).toThrow(
      new Error(
        'creationTimeout (900 s) must be at least 901 s, else a change that works is rolled back: before it begins, requests of requestTimeout (348 s) may end in nginx (TimeoutStopSec 364 s) ' +
          'and gunicorn (357 s), and the machine boots (180 s); raise creationTimeout or lower requestTimeout',
      ),
    );
  });
});
