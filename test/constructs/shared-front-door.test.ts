import { Duration, type Stack } from 'aws-cdk-lib';
import * as acm from 'aws-cdk-lib/aws-certificatemanager';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as elbv2 from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import * as route53 from 'aws-cdk-lib/aws-route53';
import { WebService, type WebServiceProps } from '../../lib';
import { rangesOf } from '../../lib/vpc-ranges';
import { flask, machineOf, makeStack, templateOf } from '../support/stacks';

const ARN = 'arn:aws:elasticloadbalancing:us-east-1:123456789012:';
const loadBalancerIdleTimeout = Duration.seconds(120);
const { hostHeaders } = elbv2.ListenerCondition;

let stack: Stack;
let vpc: ec2.Vpc;
let loadBalancer: elbv2.ApplicationLoadBalancer;

beforeEach(() => {
  stack = makeStack({ env: { account: '123456789012', region: 'us-east-1' } });
  vpc = new ec2.Vpc(stack, 'Vpc', { maxAzs: 2, natGateways: 0 });
  loadBalancer = new elbv2.ApplicationLoadBalancer(stack, 'Balancer', {
    vpc,
    internetFacing: true,
    idleTimeout: loadBalancerIdleTimeout,
  });
});

const serve = (id: string, props: Partial<WebServiceProps>) =>
  new WebService(stack, id, { application: flask(), vpc, loadBalancerIdleTimeout, ...props });
const rule = (host: string, listenerPriority: number) => ({
  listenerConditions: [hostHeaders([host])],
  listenerPriority,
  allowedHosts: [host],
});
const certificate = () =>
  acm.Certificate.fromCertificateArn(stack, 'Certificate', 'arn:aws:acm:us-east-1:123456789012:certificate/0');

describe('two services share a load balancer', () => {
  test('by the listener of the first, each with a rule of its own', () => {
    const first = serve('Shop', { loadBalancer });
    serve('Blog', { listener: first.listener, ...rule('blog.example.com', 20) });
    serve('Wiki', { listener: first.listener, ...rule('wiki.example.com', 30) });
    const template = templateOf(stack);
    template.resourceCountIs('AWS::ElasticLoadBalancingV2::Listener', 1);
    template.resourceCountIs('AWS::ElasticLoadBalancingV2::ListenerRule', 2);
  });

  test('one with TLS after another at a port that it does not take', () => {
    loadBalancer.addListener('Mine', {
      port: 8080,
      protocol: elbv2.ApplicationProtocol.HTTP,
      defaultAction: elbv2.ListenerAction.fixedResponse(404),
    });
    serve('Shop', { loadBalancer, certificate: certificate() });
    templateOf(stack).resourceCountIs('AWS::ElasticLoadBalancingV2::Listener', 3);
  });

  test('fails where both would listen at one port', () => {
    serve('Shop', { loadBalancer });
    expect(() => serve('Blog', { loadBalancer })).toThrow(
      new Error(
        'loadBalancer already has a listener at port 80 (Test/Shop/LoadBalancing/Http): give that as listener, with listenerConditions and listenerPriority',
      ),
    );
  });

  test('fails where both would listen at both ports, and says so at once', () => {
    serve('Shop', { loadBalancer, certificate: certificate() });
    expect(() => serve('Blog', { loadBalancer, certificate: certificate2() })).toThrow(
      /port 443 \(Test\/Shop[^]*\n.*port 80 \(Test\/Shop/,
    );
  });

  test('fails where two services ask for the default action of one listener', () => {
    const listener = loadBalancer.addListener('Mine', {
      port: 80,
      defaultAction: elbv2.ListenerAction.fixedResponse(404),
    });
    const allowedHosts = ['shop.example.com'];
    serve('Shop', { listener, allowedHosts });
    expect(() => serve('Blog', { listener, allowedHosts })).toThrow(
      new Error(
        'listener forwards to Test/Shop/LoadBalancing by default, so its default action cannot be set here: give listenerConditions and listenerPriority',
      ),
    );
  });

  test('fails where two rules have one place', () => {
    const { listener } = serve('Shop', { loadBalancer });
    serve('Blog', { listener, ...rule('blog.example.com', 20) });
    expect(() => serve('Wiki', { listener, ...rule('wiki.example.com', 20) })).toThrow(
      new Error(
        'listenerPriority (20) is that of Test/Blog/LoadBalancing/Rule already: each rule of a listener needs its own',
      ),
    );
  });
});

const certificate2 = () =>
  acm.Certificate.fromCertificateArn(stack, 'Other', 'arn:aws:acm:us-east-1:123456789012:certificate/1');

describe('behind a listener that is made elsewhere the url', () => {
  const made = (port: number, protocol: elbv2.ApplicationProtocol) =>
    loadBalancer.addListener('Mine', {
      port,
      protocol,
      certificates: protocol === elbv2.ApplicationProtocol.HTTPS ? [certificate()] : undefined,
      defaultAction: elbv2.ListenerAction.fixedResponse(404),
    });
  const urlOf = (listener: elbv2.IApplicationListener, more: Partial<WebServiceProps> = {}) =>
    serve('Site', { listener, domainName: 'shop.example.com', ...rule('shop.example.com', 10), ...more }).url;
  const { HTTP, HTTPS } = elbv2.ApplicationProtocol;

  test.each([
    [443, HTTPS, 'https://shop.example.com'],
    [80, HTTP, 'http://shop.example.com'],
    [8443, HTTPS, 'https://shop.example.com:8443'],
    [8080, HTTP, 'http://shop.example.com:8080'],
  ])('has the port %s and the scheme of %s', (port, protocol, url) => {
    expect(urlOf(made(port, protocol))).toBe(url);
  });

  const imported = (defaultPort?: number) =>
    elbv2.ApplicationListener.fromApplicationListenerAttributes(stack, 'Imported', {
      listenerArn: `${ARN}listener/app/x/0123456789abcdef/0123456789abcdef`,
      securityGroup: ec2.SecurityGroup.fromSecurityGroupId(stack, 'Group', 'sg-0123456789abcdef0'),
      defaultPort,
    });

  test.each([
    [443, 'https://shop.example.com'],
    [80, 'http://shop.example.com'],
    [8443, undefined],
    [undefined, undefined],
  ])('is known where it is imported with port %s, if everybody knows what is spoken there', (port, url) => {
    expect(urlOf(imported(port))).toBe(url);
  });

  test('is unknown without a name', () => {
    expect(urlOf(made(443, HTTPS), { domainName: undefined })).toBeUndefined();
  });
});

describe('an imported load balancer without its DNS name', () => {
  const imported = () =>
    elbv2.ApplicationLoadBalancer.fromApplicationLoadBalancerAttributes(stack, 'Imported', {
      loadBalancerArn: `${ARN}loadbalancer/app/x/0123456789abcdef`,
      securityGroupId: 'sg-0123456789abcdef0',
    });

  test.each([
    [{ domainName: 'shop.example.com' }, 'http://shop.example.com'],
    [{ allowedHosts: ['shop.example.com'] }, undefined],
  ])('serves where another name is given: %j', (props, url) => {
    const service = serve('Site', { loadBalancer: imported(), ...props });
    expect(service.url).toBe(url);
    expect(machineOf(templateOf(stack))).toContain('PLUMBLINE_ALLOWED_HOSTS=shop.example.com');
  });

  test('fails where no name is known', () => {
    expect(() => serve('Site', { loadBalancer: imported() })).toThrow(
      new Error(
        'loadBalancer was imported without loadBalancerDnsName, so the name that clients use is not known here: give it there, or domainName or allowedHosts',
      ),
    );
  });

  test('fails where a record is to point to it', () => {
    const hostedZone = new route53.PublicHostedZone(stack, 'Zone', { zoneName: 'shop.example.com' });
    expect(() => serve('Site', { loadBalancer: imported(), hostedZone })).toThrow(
      new Error(
        'hostedZone needs to know where the record points to: import loadBalancer with loadBalancerDnsName and loadBalancerCanonicalHostedZoneId',
      ),
    );
  });
});

describe('fails behind a load balancer that does not say who asks', () => {
  const balancer = (xffHeaderProcessingMode?: elbv2.XffHeaderProcessingMode) =>
    new elbv2.ApplicationLoadBalancer(stack, 'Careless', { vpc, xffHeaderProcessingMode });
  const rule = {
    listenerConditions: [elbv2.ListenerCondition.hostHeaders(['a.example.com'])],
    allowedHosts: ['a.example.com'],
    listenerPriority: 3,
    loadBalancerIdleTimeout: Duration.seconds(120),
  };

  test.each([
    [elbv2.XffHeaderProcessingMode.PRESERVE, 'preserve'],
    [elbv2.XffHeaderProcessingMode.REMOVE, 'remove'],
  ])('with X-Forwarded-For by %s', (mode, text) => {
    const careless = balancer(mode);
    const end = `has routing.http.xff_header_processing.mode "${text}", so that nobody knows who asks: set it to append, its default`;
    expect(() => serve('Site', { loadBalancer: careless })).toThrow(new Error(`loadBalancer ${end}`));
    const listener = careless.addListener('Http', { port: 80, defaultAction: elbv2.ListenerAction.fixedResponse(404) });
    expect(() => serve('Other', { listener, ...rule })).toThrow(new Error(`the load balancer of listener ${end}`));
  });

  test('and not behind one that does', () => {
    serve('Site', { loadBalancer: balancer(elbv2.XffHeaderProcessingMode.APPEND) });
  });
});

describe('nginx believes which client a request comes from', () => {
  const trustedBy = (given: ec2.IVpc) => {
    new WebService(stack, 'Site', { application: flask(), vpc: given });
    return [...machineOf(templateOf(stack)).matchAll(/set_real_ip_from ([^;]+);/g)].map(([, range]) => range);
  };
  const imported = (vpcCidrBlock?: string) =>
    ec2.Vpc.fromVpcAttributes(stack, 'Imported', {
      vpcId: 'vpc-0123456789abcdef0',
      availabilityZones: ['us-east-1a', 'us-east-1b'],
      publicSubnetIds: ['subnet-1', 'subnet-2'],
      vpcCidrBlock,
    });

  test('in the ranges of a VPC that is given, those that were associated too', () => {
    const wide = new ec2.Vpc(stack, 'Wide', { maxAzs: 2, ipAddresses: ec2.IpAddresses.cidr('100.64.0.0/16') });
    new ec2.CfnVPCCidrBlock(stack, 'More', { vpcId: wide.vpcId, cidrBlock: '100.65.0.0/16' });
    new ec2.CfnVPCCidrBlock(stack, 'OfAnother', { vpcId: vpc.vpcId, cidrBlock: '100.66.0.0/16' });
    new ec2.CfnVPCCidrBlock(stack, 'Six', { vpcId: wide.vpcId, amazonProvidedIpv6CidrBlock: true });
    expect(trustedBy(wide)).toEqual([expect.stringMatching(/^<Wide\w+,CidrBlock>$/), '100.65.0.0/16']);
  });

  test('in the range of an imported VPC', () => {
    expect(trustedBy(imported('100.64.0.0/16'))).toEqual(['100.64.0.0/16']);
  });

  test('in the private ranges of RFC 1918 where a VPC does not know its own', () => {
    expect(trustedBy(imported())).toEqual(['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16']);
  });

  test('in the ranges of subnets that lie in none of those', () => {
    const attributes = {
      vpcId: 'vpc-0123456789abcdef0',
      availabilityZones: ['us-east-1a', 'us-east-1b'],
      publicSubnetIds: ['subnet-1', 'subnet-2'],
      publicSubnetIpv4CidrBlocks: ['10.3.255.0/24', '100.64.1.0/24'],
    };
    const ranges = [undefined, '10.3.0.0/16', '10.4.0.0/16'].map((vpcCidrBlock, number) =>
      rangesOf(ec2.Vpc.fromVpcAttributes(stack, `Imported${number}`, { ...attributes, vpcCidrBlock })),
    );
    expect(ranges).toEqual([
      ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '100.64.1.0/24'],
      ['10.3.0.0/16', '100.64.1.0/24'],
      ['10.4.0.0/16', '10.3.255.0/24', '100.64.1.0/24'],
    ]);
  });

  test('and before it in those of proxies that are given', () => {
    new WebService(stack, 'Site', {
      application: flask(),
      vpc: imported('100.64.0.0/16'),
      trustedProxies: ['203.0.113.0/24'],
    });
    const text = machineOf(templateOf(stack));
    expect(text).toMatch(/set_real_ip_from 100.64.0.0\/16;\s*set_real_ip_from 203.0.113.0\/24;/);
    expect(text).toContain('real_ip_recursive on;');
  });
});
