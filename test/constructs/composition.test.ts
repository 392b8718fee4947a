import { App, CfnParameter, Duration, NestedStack, Stack, Token } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import { Annotations, Match, Template } from 'aws-cdk-lib/assertions';
import { app as importedVpc } from '../../examples/imported-vpc/app';
import { app as minimal } from '../../examples/minimal/app';
import { app as ownLaunchTemplate } from '../../examples/own-launch-template/app';
import { app as rds } from '../../examples/rds/app';
import { app as ownLoadBalancer } from '../../examples/own-load-balancer/app';
import { AppServer, RequestPathPlan, WebService, WebUserData, WorkerClass } from '../../lib';
import { FLAGS, flask, machineOf, machinesOf, makeStack, mysite, serve, templateOf } from '../support/stacks';

const templateOfApp = (app: App) => templateOf(app.node.children.find((child) => Stack.isStack(child)) as Stack);

describe('the example of a minimal service', () => {
  const template = templateOfApp(minimal);

  test('waits two minutes', () => {
    expect(machineOf(template)).toContain('request_timeout=120,');
  });
});

describe('the example in an imported VPC', () => {
  const template = templateOfApp(importedVpc);

  test('makes no network', () => {
    template.resourceCountIs('AWS::EC2::VPC', 0);
    template.resourceCountIs('AWS::EC2::Subnet', 0);
  });

  test('puts the instance into a private subnet and the load balancer into public ones', () => {
    template.hasResourceProperties('AWS::EC2::Instance', { SubnetId: 'subnet-0a1b2c3d4e5f60713' });
    template.hasResourceProperties('AWS::ElasticLoadBalancingV2::LoadBalancer', {
      Subnets: ['subnet-0a1b2c3d4e5f60711', 'subnet-0a1b2c3d4e5f60712'],
    });
  });

  test('knows its domain name', () => {
    expect(machineOf(template)).toMatch(/PLUMBLINE_ALLOWED_HOSTS='?reports\.example\.com,/);
  });

  test('runs on ARM', () => {
    template.hasParameter('*', { Default: Match.stringLikeRegexp('24\\.04/stable/current/arm64') });
  });

  test('may read the secret that is named', () => {
    template.hasResourceProperties('AWS::IAM::Policy', {
      PolicyDocument: {
        Statement: Match.arrayWith([
          Match.objectLike({
            Action: ['secretsmanager:GetSecretValue', 'secretsmanager:DescribeSecret'],
            Resource: {
              'Fn::Join': ['', Match.arrayWith([Match.stringLikeRegexp('secret:production/smtp-\\?{6}$')])],
            },
          }),
        ]),
      },
    });
  });
});

describe('the example with two services behind one listener', () => {
  const template = templateOfApp(ownLoadBalancer);

  test('has one load balancer with one listener', () => {
    template.resourceCountIs('AWS::ElasticLoadBalancingV2::LoadBalancer', 1);
    template.resourceCountIs('AWS::ElasticLoadBalancingV2::Listener', 1);
  });

  test('tells the services apart by a rule', () => {
    template.hasResourceProperties('AWS::ElasticLoadBalancingV2::Listener', {
      DefaultActions: [{ Type: 'forward', TargetGroupArn: { Ref: Match.stringLikeRegexp('^Site') } }],
    });
    template.hasResourceProperties('AWS::ElasticLoadBalancingV2::ListenerRule', {
      Priority: 10,
      Actions: [{ Type: 'forward', TargetGroupArn: { Ref: Match.stringLikeRegexp('^Reports') } }],
    });
  });

  test('lets nginx of both outlast the idle timeout that the user set', () => {
    expect(machinesOf(template)).toEqual([
      expect.stringContaining('keepalive_timeout 215s'),
      expect.stringContaining('keepalive_timeout 215s'),
    ]);
  });
});

describe('the example with a launch template of the user', () => {
  const template = templateOfApp(ownLaunchTemplate);

  test('has the user data, with a signal to the Auto Scaling group', () => {
    const script = machineOf(template);
    expect(script).toContain('Debian 13');
    expect(script).toMatch(/LogicalResourceId=GroupASG/);
  });

  test('has the target group of the plan before the group', () => {
    template.hasResourceProperties('AWS::AutoScaling::AutoScalingGroup', {
      TargetGroupARNs: [{ Ref: Match.stringLikeRegexp('^FrontTargetGroup') }],
    });
  });
});

describe('the example with a database in RDS', () => {
  const template = templateOfApp(rds);

  test('connects to the proxy', () => {
    expect(machineOf(template)).toMatch(/PLUMBLINE_DATABASE_HOST='<SiteDataServicesDatabaseProxy\w+,Endpoint>'\n/);
  });

  test('tells the application how long a job may work', () => {
    expect(machineOf(template)).toMatch(/PLUMBLINE_TASK_TIMEOUT=600\n/);
  });
});

describe('two services in one stack', () => {
  const stack = makeStack();
  const site = new WebService(stack, 'Site', { application: mysite() });
  const reports = new WebService(stack, 'Reports', { application: flask(), vpc: site.vpc });
  const template = Template.fromStack(stack);

  test('share a VPC and nothing else', () => {
    template.resourceCountIs('AWS::EC2::VPC', 1);
    template.resourceCountIs('AWS::EC2::Instance', 2);
    template.resourceCountIs('AWS::ElasticLoadBalancingV2::LoadBalancer', 2);
    expect(reports.role).not.toBe(site.role);
  });
});

describe.each(FLAGS)('a service with %s', (_, flags) => {
  test('synthesizes in a stack without an account and a region', () => {
    const { stack, template } = serve({}, makeStack({ flags }));
    expect(() => template()).not.toThrow();
    expect(stack.node.root.node.tryGetContext('aws:cdk:enable-missing')).toBeUndefined();
  });

  test('synthesizes in a stack with an account and a region', () => {
    const stack = makeStack({ flags, env: { account: '123456789012', region: 'eu-west-3' } });
    const vpc = ec2.Vpc.fromVpcAttributes(stack, 'Vpc', {
      vpcId: 'vpc-0a1b2c3d4e5f60718',
      availabilityZones: ['eu-west-3a', 'eu-west-3b'],
      publicSubnetIds: ['subnet-0a1b2c3d4e5f60711', 'subnet-0a1b2c3d4e5f60712'],
    });
    expect(machineOf(serve({ vpc }, stack).template())).toMatch(/region='?eu-west-3/);
  });

  test('asks nobody anything', () => {
    const app = new App({ context: flags });
    new WebService(new Stack(app, 'Test'), 'Site', { application: flask() });
    expect(app.synth().manifest.missing).toBeUndefined();
  });

  test('synthesizes twice to the same template', () => {
    const { stack } = serve({}, makeStack({ flags }));
    const app = stack.node.root as App;
    const of = () => app.synth({ force: true }).getStackByName('Test').template as unknown;
    expect(of()).toEqual(of());
  });
});

describe('a service in a nested stack', () => {
  test('signals to the nested stack', () => {
    const nested = new NestedStack(makeStack(), 'Nested');
    new WebService(nested, 'Site', { application: flask() });
    expect(machineOf(templateOf(nested))).toContain("'StackName=<AWS::StackName>'");
  });
});

describe('a service with tokens for names', () => {
  test('passes them on', () => {
    const stack = makeStack({ name: 'Named' });
    const domainName = new CfnParameter(stack, 'Domain', { maxLength: 64 }).valueAsString;
    const stage = Token.asString({ 'Fn::ImportValue': 'Stage' });
    const { template } = serve({ domainName, environment: { STAGE: stage }, extraCommands: [`echo ${stage}`] }, stack);
    const script = machineOf(template());
    expect(script).toMatch(/PLUMBLINE_ALLOWED_HOSTS='?<Domain>,/);
    expect(script).toMatch(/STAGE='?<Stage>/);
    expect(script).toContain('echo <Stage>');
  });

  test('stands beside others with times of their own', () => {
    const stack = makeStack();
    const vpc = new ec2.Vpc(stack, 'Vpc', { natGateways: 0 });
    ['A', 'B', 'C'].forEach((id, index) => {
      new WebService(stack, id, { application: flask(), vpc, requestTimeout: Duration.seconds(10 + index) });
    });
    Template.fromStack(stack).resourceCountIs('AWS::EC2::Instance', 3);
  });
});

describe('the warnings of a plan', () => {
  const warned = (stack: Stack) =>
    Annotations.fromStack(stack)
      .findWarning('*', Match.stringLikeRegexp('\\[O10\\]'))
      .map(({ id }) => id);
  const plan = () =>
    RequestPathPlan.of({
      instanceType: new ec2.InstanceType('t3.small'),
      appServer: AppServer.gunicorn({ workerClass: WorkerClass.SYNC }),
    });

  test('are given once in a stack, at what takes it first, where there is no service', () => {
    const [one, other] = [makeStack(), makeStack()];
    const shared = plan();
    for (const stack of [one, other]) {
      const props = { plan: shared, application: mysite(), allowedHosts: ['example.com'] };
      WebUserData.forPlan(stack, 'First', props);
      WebUserData.forPlan(stack, 'Second', props);
    }
    expect([warned(one), warned(other)]).toEqual([['/Test/First'], ['/Test/First']]);
  });

  test('are given at the service, which has them acknowledged', () => {
    const { stack } = serve({
      instanceType: new ec2.InstanceType('t3.small'),
      appServer: AppServer.gunicorn({ workerClass: WorkerClass.SYNC }),
    });
    expect(warned(stack)).toEqual(['/Test/Site']);
  });
});
