import { Aws, CfnParameter, Duration, Fn, type Stack } from 'aws-cdk-lib';
import * as acm from 'aws-cdk-lib/aws-certificatemanager';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as elbv2 from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import * as rds from 'aws-cdk-lib/aws-rds';
import * as route53 from 'aws-cdk-lib/aws-route53';
import { Template } from 'aws-cdk-lib/assertions';
import { Database, LoadBalancerType } from '../../lib';
import { makeStack } from '../support/stacks';
import { serviceWith } from '../support/wrong-inputs';

// What stands beside the limits of wrong-inputs-network.test.ts.

const IDLE = Duration.seconds(120);
const env = { account: '123456789012', region: 'eu-central-1' };
let stack: Stack;
let vpc: ec2.Vpc;

beforeEach(() => {
  stack = makeStack({ env });
  vpc = new ec2.Vpc(stack, 'Vpc', { maxAzs: 2, natGateways: 0 });
});

const synthesizes = (props: object) => {
  serviceWith(stack, { vpc, ...props });
  expect(() => Template.fromStack(stack)).not.toThrow();
};
const balancer = (props: Partial<elbv2.ApplicationLoadBalancerProps> = {}) =>
  new elbv2.ApplicationLoadBalancer(stack, 'Balancer', { vpc, internetFacing: true, ...props });
const { hostHeaders, pathPatterns } = elbv2.ListenerCondition;

test('an idle timeout may be set after the service is made', () => {
  const loadBalancer = balancer();
  serviceWith(stack, { vpc, loadBalancer, loadBalancerIdleTimeout: IDLE });
  loadBalancer.setAttribute('idle_timeout.timeout_seconds', '120');
  expect(() => Template.fromStack(stack)).not.toThrow();
});

test('an idle timeout may be set by an escape hatch', () => {
  const loadBalancer = balancer();
  const attributes = [{ Key: 'idle_timeout.timeout_seconds', Value: '120' }];
  const made = loadBalancer.node.defaultChild as elbv2.CfnLoadBalancer;
  made.addPropertyOverride('LoadBalancerAttributes', attributes);
  synthesizes({ loadBalancer, loadBalancerIdleTimeout: IDLE });
});

test('an idle timeout that is known when it is deployed is believed', () => {
  const loadBalancer = balancer();
  loadBalancer.setAttribute('idle_timeout.timeout_seconds', new CfnParameter(stack, 'Idle').valueAsString);
  synthesizes({ loadBalancer, loadBalancerIdleTimeout: IDLE });
});

test.each([1, 50_000])('a rule may have the priority %d, and five values', (listenerPriority) => {
  const loadBalancer = balancer({ idleTimeout: IDLE });
  const defaultAction = elbv2.ListenerAction.fixedResponse(404);
  const listener = loadBalancer.addListener('Listener', { port: 80, defaultAction });
  const other = loadBalancer.addListener('Other', {
    port: 81,
    protocol: elbv2.ApplicationProtocol.HTTP,
    defaultAction,
  });
  other.addAction('Same', { priority: listenerPriority, conditions: [pathPatterns(['/'])], action: defaultAction });
  synthesizes({
    listener,
    listenerPriority,
    listenerConditions: [hostHeaders(['a.example.com', 'b.example.com']), pathPatterns(['/1', '/2', '/3'])],
    allowedHosts: ['a.example.com', 'b.example.com'],
    loadBalancerIdleTimeout: IDLE,
  });
});

test('what the CLI looks up is not compared before it is known', () => {
  const lookedUp = ec2.Vpc.fromLookup(stack, 'LookedUp', { vpcId: 'vpc-0123456789abcdef0' });
  const loadBalancer = elbv2.ApplicationLoadBalancer.fromLookup(stack, 'Theirs', { loadBalancerTags: { a: 'b' } });
  serviceWith(stack, { vpc: lookedUp, loadBalancer, loadBalancerIdleTimeout: IDLE, domainName: 'a.example.com' });
  expect(() => Template.fromStack(stack)).not.toThrow();
});

test('a volume is not compared with zones that are not looked up yet', () => {
  const volume = ec2.Volume.fromVolumeAttributes(stack, 'Volume', {
    volumeId: 'vol-0123456789abcdef0',
    availabilityZone: 'eu-central-1b',
  });
  synthesizes({ database: Database.mysqlOnInstance({ volume }) });
});

test('a VPC of a parameter may be any', () => {
  const imported = ec2.Vpc.fromVpcAttributes(stack, 'Imported', {
    vpcId: new CfnParameter(stack, 'VpcId').valueAsString,
    availabilityZones: ['eu-central-1a', 'eu-central-1b'],
    publicSubnetIds: ['subnet-0123456789abcdef0', 'subnet-0123456789abcdef1'],
  });
  serviceWith(stack, { vpc: imported, loadBalancer: balancer({ idleTimeout: IDLE }), loadBalancerIdleTimeout: IDLE });
  expect(() => Template.fromStack(stack)).not.toThrow();
});

test('a database may be in another VPC that is peered in this app', () => {
  const theirs = new ec2.Vpc(stack, 'Theirs', { maxAzs: 2, natGateways: 0 });
  new ec2.CfnVPCPeeringConnection(stack, 'Peering', { vpcId: vpc.vpcId, peerVpcId: theirs.vpcId });
  const instance = new rds.DatabaseInstance(stack, 'Db', {
    vpc: theirs,
    vpcSubnets: { subnetType: ec2.SubnetType.PRIVATE_ISOLATED },
    engine: rds.DatabaseInstanceEngine.postgres({ version: rds.PostgresEngineVersion.of('17', '17') }),
  });
  synthesizes({ database: Database.fromInstance(instance, { secret: instance.secret!, maxConnections: 200 }) });
});

test('a Network Load Balancer may be in one zone', () => {
  synthesizes({
    loadBalancerType: LoadBalancerType.NETWORK,
    loadBalancerSubnets: { subnets: [vpc.publicSubnets[0]] },
  });
});

test('one group of public subnets of two is enough', () => {
  const subnetType = ec2.SubnetType.PUBLIC;
  const two = new ec2.Vpc(stack, 'Two', {
    maxAzs: 2,
    natGateways: 0,
    subnetConfiguration: ['A', 'B'].map((name) => ({ name, subnetType })),
  });
  synthesizes({ vpc: two, loadBalancerSubnets: { subnetGroupName: 'A' } });
});

describe('a domain name', () => {
  const zoneOf = (zoneName: string) =>
    route53.HostedZone.fromHostedZoneAttributes(stack, `Zone${stack.node.children.length}`, {
      hostedZoneId: 'Z0A1B2C3',
      zoneName,
    });
  const named = (props: Record<string, unknown>) => () =>
    serviceWith(makeStack({ env, name: `Test${stack.node.root.node.children.length}` }), props);

  test('is in its zone, in that of its parent, or in one that is not known', () => {
    expect(named({ hostedZone: zoneOf('example.com'), domainName: 'example.com' })).not.toThrow();
    expect(named({ hostedZone: zoneOf('Example.com.'), domainName: 'a.b.example.COM' })).not.toThrow();
    expect(named({ hostedZone: zoneOf(Fn.importValue('Zone')), domainName: 'a.example.com' })).not.toThrow();
    expect(named({ hostedZone: zoneOf('example.com'), domainName: `${Aws.STACK_NAME}.example.com` })).not.toThrow();
  });

  test('is one of its certificate, by a wildcard too, or the certificate does not say', () => {
    const certificate = (...[domainName = '', ...others]: string[]) =>
      new acm.Certificate(stack, `Certificate${stack.node.children.length}`, {
        domainName,
        subjectAlternativeNames: others,
        validation: acm.CertificateValidation.fromDns(),
      });
    const domainName = 'shop.example.com';
    expect(named({ domainName, certificate: certificate('Shop.example.com') })).not.toThrow();
    expect(named({ domainName, certificate: certificate('example.com', '*.example.com') })).not.toThrow();
    expect(named({ domainName, certificate: certificate('a.example.com', Fn.importValue('Name')) })).not.toThrow();
    const arn = `arn:aws:iam::${env.account}:server-certificate/shop`;
    const uploaded = acm.Certificate.fromCertificateArn(stack, 'Uploaded', arn);
    expect(named({ domainName, certificate: uploaded })).not.toThrow();
  });
});
