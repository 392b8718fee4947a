import { Duration, Stack } from 'aws-cdk-lib';
import * as acm from 'aws-cdk-lib/aws-certificatemanager';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as elbv2 from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import { InstanceTarget } from 'aws-cdk-lib/aws-elasticloadbalancingv2-targets';
import * as route53 from 'aws-cdk-lib/aws-route53';
import * as s3 from 'aws-cdk-lib/aws-s3';
import { Annotations, Match, Template } from 'aws-cdk-lib/assertions';
import {
  ApplicationLoadBalancing,
  LoadBalancerType,
  NetworkLoadBalancing,
  RequestPathPlan,
  type ApplicationLoadBalancingProps,
  type NetworkLoadBalancingProps,
} from '../../lib';
import { makeStack } from '../support/stacks';

const LISTENER = 'AWS::ElasticLoadBalancingV2::Listener';
const LOAD_BALANCER = 'AWS::ElasticLoadBalancingV2::LoadBalancer';
const TARGET_GROUP = 'AWS::ElasticLoadBalancingV2::TargetGroup';

let stack: Stack;
let vpc: ec2.Vpc;

beforeEach(() => {
  stack = makeStack();
  vpc = new ec2.Vpc(stack, 'Vpc', { maxAzs: 2, natGateways: 1 });
});

const certificate = () =>
  acm.Certificate.fromCertificateArn(stack, 'Imported', 'arn:aws:acm:us-east-1:123456789012:certificate/0a1b2c3d');
const zone = () =>
  route53.HostedZone.fromHostedZoneAttributes(stack, 'Zone', { hostedZoneId: 'Z0A1B2C3', zoneName: 'example.com' });
const attribute = (Key: string, Value: string) => Match.arrayWith([{ Key, Value }]);

describe('an Application Load Balancer', () => {
  const balance = (props: Partial<ApplicationLoadBalancingProps> = {}) => {
    const plan = RequestPathPlan.of({
      requestTimeout: Duration.seconds(100),
      healthCheckInterval: Duration.seconds(11),
      healthCheckTimeout: Duration.seconds(6),
    });
    const front = new ApplicationLoadBalancing(stack, 'Front', { plan, vpc, ...props });
    return { front, template: () => Template.fromStack(stack) };
  };

  test.each([
    ['idle_timeout.timeout_seconds', '111'],
    ['routing.http.drop_invalid_header_fields.enabled', 'true'],
    ['routing.http.xff_client_port.enabled', 'true'],
    ['deletion_protection.enabled', 'false'],
  ])('has %s %s', (key, value) => {
    balance()
      .template()
      .hasResourceProperties(LOAD_BALANCER, { LoadBalancerAttributes: attribute(key, value) });
  });

  test.each([
    ['deregistration_delay.timeout_seconds', '111'],
    ['load_balancing.algorithm.type', 'round_robin'],
    ['stickiness.enabled', 'false'],
  ])('has a target group with %s %s', (key, value) => {
    balance()
      .template()
      .hasResourceProperties(TARGET_GROUP, { TargetGroupAttributes: attribute(key, value) });
  });

  test('checks health with the numbers of the plan', () => {
    balance()
      .template()
      .hasResourceProperties(TARGET_GROUP, {
        Protocol: 'HTTP',
        Port: 80,
        HealthCheckProtocol: 'HTTP',
        HealthCheckPath: '/health',
        HealthCheckIntervalSeconds: 11,
        HealthCheckTimeoutSeconds: 6,
        HealthyThresholdCount: 2,
        UnhealthyThresholdCount: 3,
        Matcher: { HttpCode: '200' },
      });
  });

  test('checks health at the path that is given', () => {
    balance({ healthCheckPath: '/up' }).template().hasResourceProperties(TARGET_GROUP, { HealthCheckPath: '/up' });
  });

  test('serves HTTP to everybody', () => {
    const { template } = balance();
    template().resourceCountIs(LISTENER, 1);
    template().hasResourceProperties(LISTENER, { Port: 80, Protocol: 'HTTP', DefaultActions: [{ Type: 'forward' }] });
    template().hasResourceProperties('AWS::EC2::SecurityGroup', {
      SecurityGroupIngress: [Match.objectLike({ CidrIp: '0.0.0.0/0', FromPort: 80 })],
    });
  });

  test('serves HTTPS with TLS 1.2 and newer, and redirects HTTP, with a certificate', () => {
    const { template } = balance({ certificate: certificate() });
    template().hasResourceProperties(LISTENER, {
      Port: 443,
      Protocol: 'HTTPS',
      SslPolicy: 'ELBSecurityPolicy-TLS13-1-2-2021-06',
      Certificates: [{ CertificateArn: 'arn:aws:acm:us-east-1:123456789012:certificate/0a1b2c3d' }],
    });
    template().hasResourceProperties(LISTENER, {
      Port: 80,
      DefaultActions: [
        { Type: 'redirect', RedirectConfig: { Protocol: 'HTTPS', Port: '443', StatusCode: 'HTTP_301' } },
      ],
    });
  });

  test('does not warn with a certificate', () => {
    balance({ certificate: certificate() });
    Annotations.fromStack(stack).hasNoWarning('*', Match.anyValue());
  });

  test('has a certificate and a record for a domain name in a zone', () => {
    const { template } = balance({ domainName: 'www.example.com', hostedZone: zone() });
    template().hasResourceProperties('AWS::CertificateManager::Certificate', {
      DomainName: 'www.example.com',
      DomainValidationOptions: [{ DomainName: 'www.example.com', HostedZoneId: 'Z0A1B2C3' }],
    });
    template().hasResourceProperties('AWS::Route53::RecordSet', {
      Name: 'www.example.com.',
      Type: 'A',
      AliasTarget: Match.objectLike({ DNSName: { 'Fn::GetAtt': [Match.stringLikeRegexp('LoadBalancer'), 'DNSName'] } }),
    });
  });

  test('takes the name of the zone where no other is given', () => {
    balance({ hostedZone: zone() })
      .template()
      .hasResourceProperties('AWS::CertificateManager::Certificate', { DomainName: 'example.com' });
  });

  test('writes access logs to a bucket', () => {
    stack = makeStack({ env: { account: '123456789012', region: 'us-east-1' } });
    vpc = new ec2.Vpc(stack, 'Vpc', { maxAzs: 2, natGateways: 0 });
    const { template } = balance({ accessLogsBucket: new s3.Bucket(stack, 'Logs') });
    template().hasResourceProperties(LOAD_BALANCER, {
      LoadBalancerAttributes: attribute('access_logs.s3.enabled', 'true'),
    });
  });

  test('is protected from being deleted where asked for', () => {
    balance({ deletionProtection: true })
      .template()
      .hasResourceProperties(LOAD_BALANCER, {
        LoadBalancerAttributes: attribute('deletion_protection.enabled', 'true'),
      });
  });

  test('is closed, internal and without a warning where it does not face the internet', () => {
    const { template } = balance({ internetFacing: false });
    template().hasResourceProperties(LOAD_BALANCER, {
      Scheme: 'internal',
      Subnets: Match.arrayWith([{ Ref: Match.stringLikeRegexp('PrivateSubnet1') }]),
    });
    expect(JSON.stringify(template().findResources('AWS::EC2::SecurityGroup'))).not.toContain('0.0.0.0/0');
    Annotations.fromStack(stack).hasNoWarning('*', Match.anyValue());
  });

  test('serves targets that are made elsewhere', () => {
    const instance = new ec2.Instance(stack, 'Mine', {
      vpc,
      instanceType: new ec2.InstanceType('t3.small'),
      machineImage: ec2.MachineImage.latestAmazonLinux2023(),
    });
    balance({ targets: [new InstanceTarget(instance, 80)] })
      .template()
      .hasResourceProperties(TARGET_GROUP, { Targets: [{ Id: { Ref: Match.stringLikeRegexp('^Mine') }, Port: 80 }] });
  });

  describe('of the user', () => {
    const idleTimeout = Duration.seconds(111);
    const mine = () => new elbv2.ApplicationLoadBalancer(stack, 'Mine', { vpc, internetFacing: true, idleTimeout });

    test('gets a listener', () => {
      const { template } = balance({ loadBalancer: mine() });
      template().resourceCountIs(LOAD_BALANCER, 1);
      template().hasResourceProperties(LISTENER, {
        LoadBalancerArn: { Ref: Match.stringLikeRegexp('^Mine') },
        Port: 80,
      });
    });

    test('gets a listener when it is imported', () => {
      const loadBalancer = elbv2.ApplicationLoadBalancer.fromApplicationLoadBalancerAttributes(stack, 'Imported', {
        loadBalancerArn: 'arn:aws:elasticloadbalancing:us-east-1:123456789012:loadbalancer/app/mine/0a1b2c3d4e5f6071',
        securityGroupId: 'sg-0a1b2c3d4e5f60718',
        vpc,
      });
      balance({ loadBalancer }).template().hasResourceProperties(LISTENER, {
        LoadBalancerArn: 'arn:aws:elasticloadbalancing:us-east-1:123456789012:loadbalancer/app/mine/0a1b2c3d4e5f6071',
      });
    });

    test('keeps its listener, which forwards by default', () => {
      const listener = mine().addListener('Http', { port: 80 });
      const { front, template } = balance({ listener });
      expect(front.listener).toBe(listener);
      template().resourceCountIs(LISTENER, 1);
      template().hasResourceProperties(LISTENER, {
        DefaultActions: [{ Type: 'forward', TargetGroupArn: { Ref: Match.stringLikeRegexp('^FrontTargetGroup') } }],
      });
    });

    test('keeps its listener, which gets a rule', () => {
      const listener = elbv2.ApplicationListener.fromApplicationListenerAttributes(stack, 'Imported', {
        listenerArn:
          'arn:aws:elasticloadbalancing:us-east-1:123456789012:listener/app/mine/0a1b2c3d4e5f6071/0a1b2c3d4e5f6072',
        securityGroup: ec2.SecurityGroup.fromSecurityGroupId(stack, 'Theirs', 'sg-0a1b2c3d4e5f60718'),
      });
      const listenerConditions = [elbv2.ListenerCondition.hostHeaders(['www.example.com'])];
      balance({ listener, listenerConditions, listenerPriority: 7 })
        .template()
        .hasResourceProperties('AWS::ElasticLoadBalancingV2::ListenerRule', {
          ListenerArn: Match.stringLikeRegexp('0a1b2c3d4e5f6072$'),
          Priority: 7,
          Conditions: [{ Field: 'host-header', HostHeaderConfig: { Values: ['www.example.com'] } }],
        });
    });

    test('fails with everything that must be set elsewhere, all at once', () => {
      const listener = mine().addListener('Http', { port: 80 });
      expect(() =>
        balance({
          listener,
          internetFacing: false,
          openListener: true,
          loadBalancerSubnets: {},
          accessLogsBucket: new s3.Bucket(stack, 'Logs'),
          deletionProtection: false,
          certificate: certificate(),
          hostedZone: zone(),
        }),
      ).toThrow(
        new Error(
          [
            'internetFacing',
            'loadBalancerSubnets',
            'accessLogsBucket',
            'deletionProtection',
            'certificate',
            'hostedZone',
            'openListener',
          ]
            .map((name) => `${name} has no effect on a listener that is made elsewhere: set it there`)
            .join('\n'),
        ),
      );
    });
  });

  test('fails with conditions without a listener', () => {
    expect(() => balance({ listenerPriority: 1, listenerConditions: [] })).toThrow(
      new Error('listenerConditions and listenerPriority belong to a listener that is made elsewhere: give listener'),
    );
  });

  test('fails with half a rule', () => {
    const listener = new elbv2.ApplicationLoadBalancer(stack, 'Mine', { vpc }).addListener('Http', { port: 80 });
    expect(() => balance({ listener, listenerPriority: 1 })).toThrow(
      new Error('listenerConditions and listenerPriority make one rule: give both or neither'),
    );
  });

  test('fails with a plan for a Network Load Balancer', () => {
    const plan = RequestPathPlan.of({ loadBalancerType: LoadBalancerType.NETWORK });
    expect(() => balance({ plan })).toThrow(
      new Error('the plan is made for a Network Load Balancer: use NetworkLoadBalancing'),
    );
  });

  test('fails with a plan that breaks a rule', () => {
    const plan = RequestPathPlan.of({ requestTimeout: Duration.seconds(4) });
    expect(() => balance({ plan })).toThrow('requestTimeout (4 s) must be at least 5 s');
  });
});

describe('a Network Load Balancer', () => {
  const balance = (props: Partial<NetworkLoadBalancingProps> = {}, secure = false) => {
    const plan = RequestPathPlan.of({
      loadBalancerType: LoadBalancerType.NETWORK,
      loadBalancerIdleTimeout: secure ? Duration.seconds(350) : undefined,
      requestTimeout: Duration.seconds(secure ? 100 : 400),
    });
    const front = new NetworkLoadBalancing(stack, 'Front', { plan, vpc, ...props });
    return { front, template: () => Template.fromStack(stack) };
  };

  test('forgets idle flows after nginx has closed them', () => {
    balance()
      .template()
      .hasResourceProperties(LISTENER, {
        Port: 80,
        Protocol: 'TCP',
        ListenerAttributes: attribute('tcp.idle_timeout.seconds', '411'),
      });
  });

  test('ends TLS, with the idle timeout that cannot be changed', () => {
    balance({ certificate: certificate() }, true).template().hasResourceProperties(LISTENER, {
      Port: 443,
      Protocol: 'TLS',
      SslPolicy: 'ELBSecurityPolicy-TLS13-1-2-2021-06',
      ListenerAttributes: Match.absent(),
    });
  });

  test('checks health over HTTP', () => {
    balance({ healthCheckPath: '/up' }).template().hasResourceProperties(TARGET_GROUP, {
      Protocol: 'TCP',
      HealthCheckProtocol: 'HTTP',
      HealthCheckPath: '/up',
    });
  });

  test('has a security group that lets clients in, whatever the feature flags', () => {
    balance()
      .template()
      .hasResourceProperties(LOAD_BALANCER, {
        SecurityGroups: [{ 'Fn::GetAtt': [Match.stringLikeRegexp('FrontSecurityGroup'), 'GroupId'] }],
      });
    expect(JSON.stringify(Template.fromStack(stack).findResources('AWS::EC2::SecurityGroup'))).toContain('0.0.0.0/0');
  });

  test('warns that clients speak without TLS', () => {
    balance();
    Annotations.fromStack(stack).hasWarning(
      '/Test/Front',
      Match.stringLikeRegexp('\\[ack: Annotation::cdk-plumbline:NetworkLoadBalancing\\.noTls\\]'),
    );
  });

  test('is closed and without a warning where it does not face the internet', () => {
    balance({ internetFacing: false });
    Annotations.fromStack(stack).hasNoWarning('*', Match.anyValue());
    expect(JSON.stringify(Template.fromStack(stack).findResources('AWS::EC2::SecurityGroup'))).not.toContain(
      '0.0.0.0/0',
    );
  });

  test('fails with a plan for an Application Load Balancer', () => {
    expect(() => balance({ plan: RequestPathPlan.of() })).toThrow(
      new Error(
        'the plan is made for an Application Load Balancer: use ApplicationLoadBalancing, or loadBalancerType NETWORK',
      ),
    );
  });
});
