import { Duration, Size, Stack } from 'aws-cdk-lib';
import * as acm from 'aws-cdk-lib/aws-certificatemanager';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import { Annotations, Match, type Template } from 'aws-cdk-lib/assertions';
import { AppServer, LoadBalancerType, WebService, WorkerClass } from '../../lib';
import { FLAGS, flask, machineOf, makeStack, mysite, serve } from '../support/stacks';

describe.each(FLAGS)('the defaults with %s', (_, flags) => {
  let service: WebService;
  let template: Template;

  beforeAll(() => {
    const made = serve({}, makeStack({ flags }));
    service = made.service;
    template = made.template();
  });

  test('put one instance of type t3.small behind an internet-facing load balancer', () => {
    template.hasResourceProperties('AWS::EC2::Instance', { InstanceType: 't3.small' });
    template.hasResourceProperties('AWS::ElasticLoadBalancingV2::LoadBalancer', {
      Scheme: 'internet-facing',
      Type: 'application',
    });
  });

  test('plan for requests of 60 seconds', () => {
    expect(service.plan.requestTimeout).toBe(60);
  });

  test('make a VPC with two public subnets, without a NAT gateway', () => {
    template.resourceCountIs('AWS::EC2::VPC', 1);
    template.resourceCountIs('AWS::EC2::Subnet', 2);
    template.resourceCountIs('AWS::EC2::NatGateway', 0);
  });

  test('make nothing that costs by itself or runs code', () => {
    const types = new Set(Object.values(template.toJSON().Resources as object).map(({ Type }) => Type as string));
    expect([...types].sort()).toEqual([
      'AWS::EC2::Instance',
      'AWS::EC2::InternetGateway',
      'AWS::EC2::Route',
      'AWS::EC2::RouteTable',
      'AWS::EC2::SecurityGroup',
      'AWS::EC2::SecurityGroupEgress',
      'AWS::EC2::SecurityGroupIngress',
      'AWS::EC2::Subnet',
      'AWS::EC2::SubnetRouteTableAssociation',
      'AWS::EC2::VPC',
      'AWS::EC2::VPCGatewayAttachment',
      'AWS::ElasticLoadBalancingV2::Listener',
      'AWS::ElasticLoadBalancingV2::LoadBalancer',
      'AWS::ElasticLoadBalancingV2::TargetGroup',
      'AWS::IAM::InstanceProfile',
      'AWS::IAM::Policy',
      'AWS::IAM::Role',
      'AWS::SecretsManager::Secret',
    ]);
  });

  test('warn of nothing but HTTP', () => {
    const warnings = Annotations.fromStack(Stack.of(service)).findWarning('*', Match.anyValue());
    expect(warnings.map(({ entry }) => entry.data)).toEqual([
      'clients send passwords and cookies in the clear: give certificate, or domainName with hostedZone ' +
        '[ack: Annotation::cdk-plumbline:ApplicationLoadBalancing.noHttps]',
    ]);
  });
});

describe('the plan', () => {
  test('reaches every hop', () => {
    const { template } = serve({ requestTimeout: Duration.seconds(300) });
    const script = machineOf(template());
    expect(script).toContain('timeout = 302');
    expect(script).toContain('proxy_read_timeout 306s');
    expect(script).toContain('keepalive_timeout 326s');
    template().hasResourceProperties('AWS::ElasticLoadBalancingV2::LoadBalancer', {
      LoadBalancerAttributes: Match.arrayWith([{ Key: 'idle_timeout.timeout_seconds', Value: '311' }]),
    });
    template().hasResourceProperties('AWS::ElasticLoadBalancingV2::TargetGroup', {
      TargetGroupAttributes: Match.arrayWith([{ Key: 'deregistration_delay.timeout_seconds', Value: '311' }]),
    });
  });

  test.each([
    ['seconds', Duration.seconds(120)],
    ['minutes', Duration.minutes(2)],
    ['milliseconds', Duration.millis(120_000)],
    ['ISO 8601', Duration.parse('PT2M')],
  ])('is the same for a duration in %s', (_, requestTimeout) => {
    const seconds = serve({ requestTimeout: Duration.seconds(120) })
      .template()
      .toJSON() as unknown;
    expect(serve({ requestTimeout }).template().toJSON()).toEqual(seconds);
  });

  test('takes whole seconds where the hops want them', () => {
    const { service, template } = serve({ queueTimeout: Duration.millis(700), requestTimeout: Duration.millis(9_500) });
    expect(service.plan.queueTimeout).toBe(0.7);
    template().hasResourceProperties('AWS::ElasticLoadBalancingV2::LoadBalancer', {
      LoadBalancerAttributes: Match.arrayWith([{ Key: 'idle_timeout.timeout_seconds', Value: '20' }]),
    });
  });

  test('takes settings of nginx and gunicorn in their own words', () => {
    const { template } = serve({
      nginxDirectives: { gzip_comp_level: '6' },
      clientMaxBodySize: Size.mebibytes(64),
      appServer: AppServer.gunicorn({ maxRequests: 5000, settings: { limit_request_fields: 50 } }),
    });
    const script = machineOf(template());
    expect(script).toMatch(/gzip_comp_level 6;/);
    expect(script).toMatch(/client_max_body_size 64m;/);
    expect(script).toMatch(/max_requests = 5000\b/);
    expect(script).toMatch(/max_requests_jitter = 500\b/);
    expect(script).toMatch(/limit_request_fields = 50\b/);
  });

  test('takes every setting of the application server', () => {
    const { service } = serve({
      instanceType: ec2.InstanceType.of(ec2.InstanceClass.T3, ec2.InstanceSize.LARGE),
      appServer: AppServer.gunicorn({
        workerClass: WorkerClass.GTHREAD,
        workers: 3,
        threads: 9,
        memoryPerWorker: Size.mebibytes(700),
        maxRequests: 400,
        preloadApp: true,
      }),
    });
    expect(service.plan.appServer).toMatchObject({ workers: 3, threads: 9, maxRequests: 400, preloadApp: true });
    expect(service.plan.memory.perWorker).toBe(700);
  });

  test('warns of what had better not be, by the id of the rule', () => {
    const { stack } = serve({ appServer: AppServer.gunicorn({ workerClass: WorkerClass.SYNC }) });
    Annotations.fromStack(stack).hasWarning(
      '/Test/Site',
      Match.stringLikeRegexp(
        'slots \\(5\\) must be at least 25.*\\[ack: Annotation::cdk-plumbline:WebService\\.O10\\]',
      ),
    );
  });
});

describe('what the application gets', () => {
  test('is its environment', () => {
    const { template } = serve({ application: flask(), environment: { SMTP_HOST: 'smtp.example.com' } });
    expect(machineOf(template())).toContain('SMTP_HOST=smtp.example.com');
  });

  test('is a SECRET_KEY from Secrets Manager where it is a Django project', () => {
    const { template } = serve();
    template().hasResourceProperties('AWS::SecretsManager::Secret', {
      GenerateSecretString: { PasswordLength: 50, ExcludePunctuation: true },
    });
    expect(machineOf(template())).toMatch(/SECRET_KEY secretsmanager </);
  });

  test('is no SECRET_KEY where it is not a Django project', () => {
    serve({ application: flask() }).template().resourceCountIs('AWS::SecretsManager::Secret', 0);
  });

  test('is no second SECRET_KEY where one is given', () => {
    serve({ environment: { SECRET_KEY: 'from elsewhere' } })
      .template()
      .resourceCountIs('AWS::SecretsManager::Secret', 0);
  });

  test('is whether static files are collected', () => {
    expect(machineOf(serve({ collectStatic: false }).template())).toContain('\ncollect_static=false\n');
    expect(machineOf(serve().template())).not.toContain('collect_static');
  });

  test('are extra commands', () => {
    expect(machineOf(serve({ extraCommands: ['.venv/bin/python manage.py migrate'] }).template())).toContain(
      '.venv/bin/python manage.py migrate',
    );
  });

  test('is a host name: that of the load balancer, where no other is known', () => {
    expect(machineOf(serve().template())).toMatch(/PLUMBLINE_ALLOWED_HOSTS='?<SiteLoadBalancing\w+,DNSName>/);
  });

  test('are the host names that are given', () => {
    const { template } = serve({ allowedHosts: ['www.example.com', 'example.com'] });
    expect(machineOf(template())).toMatch(/PLUMBLINE_ALLOWED_HOSTS='?www\.example\.com,example\.com/);
  });
});

describe('what a service offers', () => {
  const certificateArn = 'arn:aws:acm:us-east-1:123456789012:certificate/0a1b2c3d';

  test('is its url', () => {
    const { stack, service } = serve();
    expect(JSON.stringify(stack.resolve(service.url))).toMatch(/"http:\/\/",\{"Fn::GetAtt":\["SiteLoadBalancing/);
  });

  test('is an url with https and the domain name', () => {
    const stack = makeStack();
    const certificate = acm.Certificate.fromCertificateArn(stack, 'Certificate', certificateArn);
    expect(serve({ certificate, domainName: 'www.example.com' }, stack).service.url).toBe('https://www.example.com');
  });

  test('are its parts', () => {
    const { service } = serve();
    expect(service.loadBalancer.node.path).toBe('Test/Site/LoadBalancing/LoadBalancer');
    expect(service.listener.node.path).toBe('Test/Site/LoadBalancing/LoadBalancer/Http');
    expect(service.targetGroup.node.path).toBe('Test/Site/LoadBalancing/TargetGroup');
    expect(service.instance.node.path).toBe('Test/Site/Instance/Instance');
    expect(service.role.node.path).toBe('Test/Site/Instance/Role');
    expect(service.userData).toBe(service.instance.userData);
    expect(service.grantPrincipal).toBe(service.role);
    expect(service.secretKey?.node.path).toBe('Test/Site/UserData/SecretKey');
  });

  test('are connections: a database lets it in', () => {
    const { stack, service, template } = serve();
    const database = new ec2.SecurityGroup(stack, 'Database', { vpc: service.vpc });
    database.connections.allowFrom(service, ec2.Port.tcp(5432));
    template().hasResourceProperties('AWS::EC2::SecurityGroupIngress', {
      FromPort: 5432,
      SourceSecurityGroupId: { 'Fn::GetAtt': [Match.stringLikeRegexp('SiteInstanceSecurityGroup'), 'GroupId'] },
    });
  });

  test('are parts of another name behind a Network Load Balancer', () => {
    const { service } = serve({ loadBalancerType: LoadBalancerType.NETWORK });
    expect(service.networkLoadBalancing?.targetGroup.node.path).toBe('Test/Site/LoadBalancing/TargetGroup');
    expect(() => service.targetGroup).toThrow(
      new Error('the service stands behind a Network Load Balancer: use networkLoadBalancing.targetGroup'),
    );
  });
});

describe('a Network Load Balancer', () => {
  const { service, template } = serve({ loadBalancerType: LoadBalancerType.NETWORK });

  test('reaches the instance on port 80 and nothing else does', () => {
    template().allResourcesProperties('AWS::EC2::SecurityGroupIngress', {
      Description: 'Requests and health checks',
      FromPort: 80,
      ToPort: 80,
      SourceSecurityGroupId: { 'Fn::GetAtt': [Match.stringLikeRegexp('LoadBalancingSecurityGroup'), 'GroupId'] },
    });
  });

  test('forgets an idle flow no sooner than the plan says', () => {
    expect(service.plan.loadBalancer.idleTimeout).toBe(350);
    template().hasResourceProperties('AWS::ElasticLoadBalancingV2::Listener', {
      ListenerAttributes: [{ Key: 'tcp.idle_timeout.seconds', Value: '350' }],
    });
  });
});

describe('an instance is replaced', () => {
  const logicalId = (template: Template) => Object.keys(template.findResources('AWS::EC2::Instance'))[0];
  const before = logicalId(serve().template());

  test('when the application changes', () => {
    expect(logicalId(serve({ application: flask() }).template())).not.toBe(before);
  });

  test('when the configuration changes', () => {
    expect(logicalId(serve({ requestTimeout: Duration.seconds(61) }).template())).not.toBe(before);
  });

  test('when its environment changes', () => {
    expect(logicalId(serve({ environment: { A: '1' } }).template())).not.toBe(before);
  });

  test('not when nothing changes', () => {
    expect(logicalId(serve().template())).toBe(before);
  });

  test('not when only the load balancer changes', () => {
    expect(logicalId(serve({ deletionProtection: true }).template())).toBe(before);
  });

  test('and signals by its new name', () => {
    expect(machineOf(serve().template())).toMatch(/LogicalResourceId=SiteInstance29CA1D28/);
  });
});

test('the application is the only thing that must be given', () => {
  expect(() => new WebService(makeStack(), 'Site', { application: mysite() })).not.toThrow();
});
