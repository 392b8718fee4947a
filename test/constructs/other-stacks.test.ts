import { App, Duration, NestedStack, Size, Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import * as autoscaling from 'aws-cdk-lib/aws-autoscaling';
import * as acm from 'aws-cdk-lib/aws-certificatemanager';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as elasticache from 'aws-cdk-lib/aws-elasticache';
import * as elbv2 from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as kms from 'aws-cdk-lib/aws-kms';
import * as rds from 'aws-cdk-lib/aws-rds';
import * as route53 from 'aws-cdk-lib/aws-route53';
import * as s3 from 'aws-cdk-lib/aws-s3';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import * as ssm from 'aws-cdk-lib/aws-ssm';
import {
  Application,
  ApplicationLoadBalancing,
  Cache,
  Database,
  DatabaseEngine,
  DataServices,
  EnvironmentSecret,
  LoadBalancerType,
  RequestPathPlan,
  WebInstance,
  WebService,
  WebUserData,
  type WebServiceProps,
} from '../../lib';
import { FLAGS, flask } from '../support/stacks';

const env = { account: '123456789012', region: 'eu-central-1' };
const SECONDS = Duration.seconds(120);

interface Theirs {
  readonly stack: Stack;
  readonly vpc: ec2.Vpc;
}

const secretOf = (stack: Stack, encryptionKey?: kms.IKey) =>
  new secretsmanager.Secret(stack, 'Secret', { encryptionKey });
const postgres = rds.DatabaseInstanceEngine.postgres({ version: rds.PostgresEngineVersion.of('17', '17') });
const balancer = ({ stack, vpc }: Theirs, props: Partial<elbv2.ApplicationLoadBalancerProps> = {}) =>
  new elbv2.ApplicationLoadBalancer(stack, 'Balancer', {
    vpc,
    internetFacing: true,
    idleTimeout: SECONDS,
    ...props,
  });
const listenerOf = (theirs: Theirs) =>
  balancer(theirs).addListener('Theirs', { port: 80, defaultAction: elbv2.ListenerAction.fixedResponse(404) });
const byHost = {
  listenerConditions: [elbv2.ListenerCondition.hostHeaders(['shop.example.com'])],
  listenerPriority: 10,
  allowedHosts: ['shop.example.com'],
  loadBalancerIdleTimeout: SECONDS,
};
const importedGroup = ({ stack }: Theirs, options: ec2.SecurityGroupImportOptions = {}) =>
  ec2.SecurityGroup.fromSecurityGroupId(stack, 'ImportedGroup', 'sg-0123456789abcdef0', options);

/** Everything that a user can hand in, made in a stack of its own. */
const GIVEN: Record<string, (theirs: Theirs) => Partial<WebServiceProps>> = {
  'a VPC': () => ({}),
  subnets: ({ vpc }) => ({
    vpcSubnets: { subnets: vpc.publicSubnets },
    loadBalancerSubnets: { subnets: vpc.publicSubnets },
  }),
  'a database instance': ({ stack, vpc }) => {
    const instance = new rds.DatabaseInstance(stack, 'Db', { vpc, engine: postgres });
    return { database: Database.fromInstance(instance, { secret: instance.secret!, maxConnections: 200 }) };
  },
  'a database cluster': ({ stack, vpc }) => {
    const engine = rds.DatabaseClusterEngine.auroraPostgres({
      version: rds.AuroraPostgresEngineVersion.of('17', '17'),
    });
    const cluster = new rds.DatabaseCluster(stack, 'Db', {
      vpc,
      engine,
      writer: rds.ClusterInstance.serverlessV2('W'),
    });
    return { database: Database.fromCluster(cluster, { secret: cluster.secret!, maxConnections: 200 }) };
  },
  'an endpoint with what lets in': ({ stack, vpc }) => {
    const connectable = new ec2.SecurityGroup(stack, 'Group', { vpc });
    const engine = DatabaseEngine.POSTGRESQL;
    const options = { engine, secret: secretOf(stack), maxConnections: 200, connectable };
    return { database: Database.fromEndpoint('db.example.com', options) };
  },
  'an endpoint whose group is imported there': (theirs) => ({
    database: Database.fromEndpoint('db.example.com', {
      engine: DatabaseEngine.MARIADB,
      secret: secretOf(theirs.stack),
      maxConnections: 200,
      connectable: importedGroup(theirs),
    }),
  }),
  'a cache with its password': ({ stack, vpc }) => {
    const connectable = new ec2.SecurityGroup(stack, 'Group', { vpc, allowAllOutbound: false });
    const group = new elasticache.CfnReplicationGroup(stack, 'Cache', { replicationGroupDescription: 'Cache' });
    return {
      cache: Cache.fromEndpoint(group.attrPrimaryEndPointAddress, { password: secretOf(stack), connectable }),
    };
  },
  'a secret': ({ stack }) => ({ secrets: { TOKEN: EnvironmentSecret.fromSecretsManager(secretOf(stack)) } }),
  'a secret with a key': ({ stack }) => ({
    secrets: { TOKEN: EnvironmentSecret.fromSecretsManager(secretOf(stack, new kms.Key(stack, 'Key'))) },
  }),
  'a parameter': ({ stack }) => ({
    secrets: {
      TOKEN: EnvironmentSecret.fromSsmParameter(new ssm.StringParameter(stack, 'Parameter', { stringValue: 'x' })),
    },
  }),
  'a bucket with the application': ({ stack }) => ({
    application: Application.fromBucket(new s3.Bucket(stack, 'Bucket'), 'shop-1.zip', { wsgi: 'app:app' }),
  }),
  'a bucket with the application and a key': ({ stack }) => ({
    application: Application.fromBucket(
      new s3.Bucket(stack, 'Bucket', { encryptionKey: new kms.Key(stack, 'Key') }),
      'shop-1.zip',
      { wsgi: 'app:app' },
    ),
  }),
  'a bucket for logs': ({ stack }) => ({ accessLogsBucket: new s3.Bucket(stack, 'Bucket') }),
  'a bucket for the logs of an NLB': ({ stack }) => ({
    accessLogsBucket: new s3.Bucket(stack, 'Bucket'),
    loadBalancerType: LoadBalancerType.NETWORK,
  }),
  'a load balancer': (theirs) => ({ loadBalancer: balancer(theirs), loadBalancerIdleTimeout: SECONDS }),
  'a load balancer that lets all out': (theirs) => {
    const { stack, vpc } = theirs;
    const securityGroup = new ec2.SecurityGroup(stack, 'Group', { vpc, allowAllOutbound: true });
    return { loadBalancer: balancer(theirs, { securityGroup }), loadBalancerIdleTimeout: SECONDS };
  },
  'a load balancer that is imported there': (theirs) => ({
    loadBalancer: elbv2.ApplicationLoadBalancer.fromApplicationLoadBalancerAttributes(theirs.stack, 'Balancer', {
      loadBalancerArn: `arn:aws:elasticloadbalancing:${env.region}:${env.account}:loadbalancer/app/x/0123456789abcdef`,
      securityGroupId: 'sg-0123456789abcdef0',
      securityGroupAllowsAllOutbound: false,
    }),
    allowedHosts: ['shop.example.com'],
    loadBalancerIdleTimeout: SECONDS,
  }),
  'a load balancer and a certificate': (theirs) => ({
    loadBalancer: balancer(theirs),
    loadBalancerIdleTimeout: SECONDS,
    certificate: new acm.Certificate(theirs.stack, 'Certificate', { domainName: 'shop.example.com' }),
  }),
  'a listener': (theirs) => ({ listener: listenerOf(theirs), ...byHost }),
  'a listener that is imported there': (theirs) => ({
    listener: elbv2.ApplicationListener.fromApplicationListenerAttributes(theirs.stack, 'Listener', {
      listenerArn: `arn:aws:elasticloadbalancing:${env.region}:${env.account}:listener/app/x/0123456789abcdef/0123456789abcdef`,
      securityGroup: importedGroup(theirs, { allowAllOutbound: false }),
    }),
    ...byHost,
  }),
  'a security group': ({ stack, vpc }) => ({ securityGroup: new ec2.SecurityGroup(stack, 'Group', { vpc }) }),
  'a security group behind an NLB': (theirs) => ({
    ...GIVEN['a security group']!(theirs),
    loadBalancerType: LoadBalancerType.NETWORK,
  }),
  'a security group, a load balancer and a database': (theirs) => ({
    ...GIVEN['a security group']!(theirs),
    ...GIVEN['a load balancer']!(theirs),
    ...GIVEN['a database instance']!(theirs),
  }),
  'a role': ({ stack }) => ({
    role: new iam.Role(stack, 'Role', { assumedBy: new iam.ServicePrincipal('ec2.amazonaws.com') }),
    secrets: { TOKEN: EnvironmentSecret.fromSecretsManager(secretOf(stack, new kms.Key(stack, 'Key'))) },
  }),
  'a role that is imported there': ({ stack }) => ({
    role: iam.Role.fromRoleName(stack, 'Role', 'web'),
    secrets: { TOKEN: EnvironmentSecret.fromSecretsManager(secretOf(stack)) },
  }),
  'a hosted zone': ({ stack }) => ({
    hostedZone: new route53.PublicHostedZone(stack, 'Zone', { zoneName: 'shop.example.com' }),
  }),
  'a volume with its key': ({ stack }) => ({
    database: Database.mysqlOnInstance({
      volume: new ec2.Volume(stack, 'Volume', {
        availabilityZone: 'dummy1a',
        size: Size.gibibytes(20),
        encrypted: true,
        encryptionKey: new kms.Key(stack, 'Key'),
      }),
    }),
  }),
  'a key for the volume': ({ stack }) => ({
    database: Database.mysqlOnInstance({ encryptionKey: new kms.Key(stack, 'Key') }),
  }),
};

/** Ours as one construct, and as the parts that it is made of. */
const OURS: Record<string, (stack: Stack, props: WebServiceProps) => void> = {
  WebService: (stack, props) => new WebService(stack, 'Site', props),
  'the parts': (stack, props) => {
    const vpc = props.vpc!;
    const network = props.loadBalancerType === LoadBalancerType.NETWORK;
    const plan = RequestPathPlan.of(props);
    const front = network ? undefined : new ApplicationLoadBalancing(stack, 'Front', { ...props, plan, vpc });
    const dataServices = new DataServices(stack, 'Data', { plan, vpc });
    const allowedHosts = ['shop.example.com'];
    const userData = WebUserData.forPlan(stack, 'UserData', { ...props, plan, dataServices, allowedHosts });
    front?.targetGroup.addTarget(new WebInstance(stack, 'Web', { ...props, vpc, userData }));
    if (!front) new WebInstance(stack, 'Web', { ...props, vpc, userData });
  },
};

const inOrder = (first: 'theirs' | 'ours', flags: Record<string, unknown> = {}) => {
  const app = new App({ context: flags });
  const make = { theirs: () => new Stack(app, 'Theirs', { env }), ours: () => new Stack(app, 'Ours', { env }) };
  const stacks = first === 'theirs' ? [make.theirs(), make.ours()] : [make.ours(), make.theirs()].reverse();
  const [stack, ours] = stacks as [Stack, Stack];
  return { app, ours, theirs: { stack, vpc: new ec2.Vpc(stack, 'Vpc', { maxAzs: 2 }) } };
};

const [[, withoutFlags], [, recommended]] = FLAGS as [(typeof FLAGS)[0], (typeof FLAGS)[0]];

describe.each(Object.keys(OURS))('%s', (kind) => {
  describe.each([
    ['theirs', withoutFlags],
    ['ours', recommended],
  ] as const)('with the stack of %s made first', (first, flags) => {
    test.each(Object.keys(GIVEN))('takes %s of another stack, which needs nothing of ours', (given) => {
      const { app, ours, theirs } = inOrder(first, flags);
      OURS[kind]!(ours, { application: flask(), vpc: theirs.vpc, ...GIVEN[given]!(theirs) });
      app.synth();
      expect(theirs.stack.dependencies).toEqual([]);
      expect(ours.dependencies).toEqual([theirs.stack]);
    });
  });
});

test('machines of another stack reach a database of ours, and read what they fetch, from where they are', () => {
  const { app, ours, theirs } = inOrder('ours');
  const { vpc, stack } = theirs;
  const machines = new Stack(app, 'Machines', { env });
  const plan = RequestPathPlan.of({ database: Database.rdsPostgres() });
  const dataServices = new DataServices(ours, 'Data', { plan, vpc });
  const web = WebUserData.forPlan(ours, 'Web', {
    plan,
    dataServices,
    application: flask(),
    allowedHosts: ['a.example'],
  });
  const group = new autoscaling.AutoScalingGroup(machines, 'Group', {
    vpc,
    instanceType: new ec2.InstanceType('t3.small'),
    machineImage: ec2.MachineImage.latestAmazonLinux2023(),
    userData: web.userData,
    signals: autoscaling.Signals.waitForAll(),
  });
  dataServices.allowFrom(group);
  web.grant(group);
  web.signalTo(group, group);
  app.synth();
  expect(machines.dependencies.map(({ node }) => node.id).sort()).toEqual(['Ours', 'Theirs']);
  expect(ours.dependencies).toEqual([stack]);
});

test('a role of another stack may signal for the stack that waits', () => {
  const { app, ours, theirs } = inOrder('theirs');
  new WebService(ours, 'Site', { application: flask(), vpc: theirs.vpc, ...GIVEN['a role']!(theirs) });
  app.synth();
  Template.fromStack(ours).hasResourceProperties('AWS::IAM::Policy', {
    PolicyDocument: {
      Statement: Match.arrayWith([
        { Action: 'cloudformation:SignalResource', Effect: 'Allow', Resource: { Ref: 'AWS::StackId' } },
      ]),
    },
    Roles: [{ 'Fn::ImportValue': Match.stringLikeRegexp('^Theirs:') }],
  });
});

test('two stacks with the same role have policies of different names', () => {
  const { app, ours, theirs } = inOrder('theirs');
  const props = { application: flask(), vpc: theirs.vpc, ...GIVEN['a role']!(theirs) };
  const second = new Stack(app, 'Second', { env });
  [ours, second].forEach((stack) => new WebService(stack, 'Site', props));
  app.synth();
  const names = [ours, second].flatMap((stack) =>
    Object.values(Template.fromStack(stack).findResources('AWS::IAM::Policy')).map(
      ({ Properties }) => (Properties as { PolicyName: string }).PolicyName,
    ),
  );
  expect(new Set(names).size).toBe(names.length);
});

test('a group and a role that were imported as they are stay as they are', () => {
  const { app, ours, theirs } = inOrder('theirs');
  const { stack, vpc } = theirs;
  const role = iam.Role.fromRoleName(stack, 'Role', 'web', { mutable: false });
  const securityGroup = importedGroup(theirs, { mutable: false });
  const props = { vpc, role, securityGroup, ...GIVEN['a load balancer']!(theirs) };
  new WebService(ours, 'Site', { application: flask(), ...props });
  app.synth();
  const template = Template.fromStack(ours);
  template.resourceCountIs('AWS::IAM::Policy', 0);
  template.resourcePropertiesCountIs('AWS::EC2::SecurityGroupIngress', { GroupId: 'sg-0123456789abcdef0' }, 0);
});

describe('fails', () => {
  const fails = (props: (theirs: Theirs) => Partial<WebServiceProps>, message: string) => {
    const { ours, theirs } = inOrder('theirs');
    const serve = () => new WebService(ours, 'Site', { application: flask(), vpc: theirs.vpc, ...props(theirs) });
    expect(serve).toThrow(new Error(message));
  };
  const unconditional = { allowedHosts: ['shop.example.com'], loadBalancerIdleTimeout: SECONDS };

  test('on a listener of another stack without conditions', () => {
    fails(
      (theirs) => ({ listener: listenerOf(theirs), ...unconditional }),
      'listener is made in the stack Theirs, so its default action cannot be set here: give listenerConditions and listenerPriority',
    );
  });

  test('on an imported listener without conditions', () => {
    fails(
      (theirs) => ({
        ...GIVEN['a listener that is imported there']!(theirs),
        listenerConditions: undefined,
        listenerPriority: undefined,
      }),
      'listener is imported, so its default action cannot be set here: give listenerConditions and listenerPriority',
    );
  });

  test.each(['region', 'account'] as const)('on what is in another %s, all at once', (part) => {
    const app = new App();
    const other = { ...env, [part]: { region: 'us-east-1', account: '111122223333' }[part] };
    const theirs = new Stack(app, 'Theirs', { env: other });
    const vpc = new ec2.Vpc(theirs, 'Vpc', { maxAzs: 2 });
    const ours = new Stack(app, 'Ours', { env });
    const certificateArn = `arn:aws:acm:${other.region}:${other.account}:certificate/0`;
    const certificate = acm.Certificate.fromCertificateArn(ours, 'Certificate', certificateArn);
    const given = { ...GIVEN['a load balancer']!({ stack: theirs, vpc }), vpc, certificate };
    const names = [theirs.environment, ours.environment];
    expect(() => new WebService(ours, 'Site', { application: flask(), ...given })).toThrow(
      new Error(
        [
          `vpc is made for ${names[0]} and used in ${names[1]}: give both stacks the same env`,
          `loadBalancer is made for ${names[0]} and used in ${names[1]}: give both stacks the same env`,
          `certificate is in ${part} ${other[part]} and used in ${env[part]}: give one of ${env[part]}`,
        ].join('\n'),
      ),
    );
  });

  test('on a secret, a role and a group of another environment', () => {
    const app = new App();
    const theirs = new Stack(app, 'Theirs', { env: { ...env, region: 'us-east-1' } });
    const ours = new Stack(app, 'Ours', { env });
    const serve = (props: Partial<WebServiceProps>) => () =>
      new WebService(new Stack(app, `Ours${app.node.children.length}`, { env }), 'Site', {
        application: flask(),
        ...props,
      });
    const made = `made for ${theirs.environment} and used in ${ours.environment}: give both stacks the same env`;
    const secret = secretOf(theirs);
    const vpc = new ec2.Vpc(theirs, 'Vpc');
    const role = new iam.Role(theirs, 'Role', { assumedBy: new iam.ServicePrincipal('ec2.amazonaws.com') });
    const securityGroup = new ec2.SecurityGroup(theirs, 'Group', { vpc });
    expect(serve({ secrets: { TOKEN: EnvironmentSecret.fromSecretsManager(secret) } })).toThrow(
      new Error(`secrets TOKEN is ${made}`),
    );
    const engine = postgres;
    const database = Database.fromInstance(new rds.DatabaseInstance(theirs, 'Db', { vpc, engine }), {
      secret: secretOf(ours),
      maxConnections: 200,
    });
    expect(serve({ database })).toThrow(new Error(`database is ${made}`));
    const here = ec2.Vpc.fromVpcAttributes(ours, 'Here', {
      vpcId: 'vpc-0123456789abcdef0',
      availabilityZones: ['eu-central-1a', 'eu-central-1b'],
      publicSubnetIds: ['subnet-0123456789abcdef0', 'subnet-0123456789abcdef1'],
    });
    expect(serve({ vpc: here, role, securityGroup })).toThrow(new Error(`role is ${made}\nsecurityGroup is ${made}`));
    const encryptionKey = new kms.Key(theirs, 'Key');
    expect(serve({ database: Database.mysqlOnInstance({ encryptionKey }) })).toThrow(
      new Error(`encryptionKey is ${made}`),
    );
  });

  test('on a key for the volume that is in another region; one of another account may be lent', () => {
    const withKeyIn = (region: string) => {
      const { ours, theirs } = inOrder('theirs');
      const encryptionKey = kms.Key.fromKeyArn(theirs.stack, 'Key', `arn:aws:kms:${region}:111122223333:key/0`);
      const database = Database.mysqlOnInstance({ encryptionKey });
      new WebService(ours, 'Site', { application: flask(), vpc: theirs.vpc, database });
    };
    expect(() => withKeyIn('us-east-1')).toThrow(
      new Error('encryptionKey is in region us-east-1 and used in eu-central-1: give one of eu-central-1'),
    );
    expect(() => withKeyIn(env.region)).not.toThrow();
  });

  test('on a stack without an environment beside one with', () => {
    const app = new App();
    const theirs = new Stack(app, 'Theirs', { env });
    const vpc = new ec2.Vpc(theirs, 'Vpc');
    expect(() => new WebService(new Stack(app, 'Ours'), 'Site', { application: flask(), vpc })).toThrow(
      new Error(
        'vpc is made for aws://123456789012/eu-central-1 and used in aws://unknown-account/unknown-region: give both stacks the same env',
      ),
    );
  });
});

test('a secret that is imported here may have a key of another stack, which the role may use for it alone', () => {
  const { app, ours, theirs } = inOrder('theirs');
  const secret = secretsmanager.Secret.fromSecretAttributes(ours, 'Imported', {
    secretPartialArn: `arn:aws:secretsmanager:${env.region}:${env.account}:secret:shop`,
    encryptionKey: new kms.Key(theirs.stack, 'Key'),
  });
  const secrets = { TOKEN: EnvironmentSecret.fromSecretsManager(secret) };
  new WebService(ours, 'Site', { application: flask(), vpc: theirs.vpc, secrets });
  app.synth();
  Template.fromStack(ours).hasResourceProperties('AWS::IAM::Policy', {
    PolicyDocument: {
      Statement: Match.arrayWith([
        {
          Action: ['secretsmanager:GetSecretValue', 'secretsmanager:DescribeSecret'],
          Effect: 'Allow',
          Resource: `arn:aws:secretsmanager:${env.region}:${env.account}:secret:shop-??????`,
        },
        {
          Action: 'kms:Decrypt',
          Effect: 'Allow',
          Resource: { 'Fn::ImportValue': Match.stringLikeRegexp('^Theirs:') },
          Condition: {
            StringEquals: {
              'kms:ViaService': [
                { 'Fn::Join': ['', ['secretsmanager.', { Ref: 'AWS::Region' }, '.amazonaws.com']] },
                { 'Fn::Join': ['', ['secretsmanager.', { Ref: 'AWS::Region' }, '.', { Ref: 'AWS::URLSuffix' }]] },
              ],
            },
          },
        },
      ]),
    },
  });
});

test('two services that share all of another stack write each rule once: EC2 does not take one twice', () => {
  const { app, ours, theirs } = inOrder('theirs');
  const given = { ...GIVEN['a security group']!(theirs), ...GIVEN['a listener']!(theirs) };
  const props = { application: flask(), vpc: theirs.vpc, ...given, ...GIVEN['a database instance']!(theirs) };
  [10, 20].forEach(
    (listenerPriority) => new WebService(ours, `Site${listenerPriority}`, { ...props, listenerPriority }),
  );
  app.synth();
  const rules = ['AWS::EC2::SecurityGroupIngress', 'AWS::EC2::SecurityGroupEgress'].flatMap((type) =>
    Object.values(Template.fromStack(ours).findResources(type)).map(({ Properties }) => JSON.stringify(Properties)),
  );
  expect(rules).toHaveLength(3);
  expect(new Set(rules).size).toBe(rules.length);
});

test.each(['theirs', 'ours'] as const)(
  'a load balancer of our parts may serve a machine of another stack (%s first)',
  (first) => {
    const { app, ours, theirs } = inOrder(first);
    const { vpc } = theirs;
    const machines = new Stack(app, 'Machines', { env });
    const plan = RequestPathPlan.of({});
    const front = new ApplicationLoadBalancing(ours, 'Front', { plan, vpc });
    const allowedHosts = ['shop.example.com'];
    const userData = WebUserData.forPlan(machines, 'UserData', { plan, application: flask(), allowedHosts });
    front.targetGroup.addTarget(new WebInstance(machines, 'Web', { vpc, userData }));
    app.synth();
    expect(machines.dependencies).toEqual([theirs.stack]);
    Template.fromStack(ours).resourceCountIs('AWS::EC2::SecurityGroupIngress', 1);
  },
);

test('a machine of another stack than its user data reads a secret with a key of that stack', () => {
  const { app, ours, theirs } = inOrder('theirs');
  const { vpc } = theirs;
  const machines = new Stack(app, 'Machines', { env });
  const plan = RequestPathPlan.of({});
  const userData = WebUserData.forPlan(ours, 'UserData', {
    plan,
    application: flask(),
    allowedHosts: ['shop.example.com'],
    secrets: {
      TOKEN: EnvironmentSecret.fromSecretsManager(secretOf(ours, new kms.Key(ours, 'Key'))),
    },
  });
  new WebInstance(machines, 'Web', { vpc, userData });
  app.synth();
  expect(ours.dependencies).toEqual([]);
});

test('a nested stack takes what its parent has made', () => {
  const app = new App();
  const stack = new Stack(app, 'Parent', { env });
  const vpc = new ec2.Vpc(stack, 'Vpc', { maxAzs: 2 });
  const given = GIVEN['a security group, a load balancer and a database']!({ stack, vpc });
  new WebService(new NestedStack(stack, 'Nested'), 'Site', { application: flask(), vpc, ...given });
  expect(() => app.synth()).not.toThrow();
});
