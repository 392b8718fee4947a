import { Duration, type Stack } from 'aws-cdk-lib';
import * as acm from 'aws-cdk-lib/aws-certificatemanager';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as elbv2 from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import * as rds from 'aws-cdk-lib/aws-rds';
import * as route53 from 'aws-cdk-lib/aws-route53';
import {
  Application,
  ApplicationLoadBalancing,
  Cache,
  Database,
  LoadBalancerType,
  RequestPathPlan,
  WebInstance,
  WebUserData,
} from '../../lib';
import { failsWithEach, serviceWith, type Input } from '../support/wrong-inputs';

const IDLE = Duration.seconds(120);
const PUBLIC = { name: 'Public', subnetType: ec2.SubnetType.PUBLIC };
const ISOLATED = { name: 'Isolated', subnetType: ec2.SubnetType.PRIVATE_ISOLATED };
const { hostHeaders, pathPatterns } = elbv2.ListenerCondition;

const vpcIn = (stack: Stack, id: string, props: ec2.VpcProps = {}) =>
  new ec2.Vpc(stack, id, { maxAzs: 2, natGateways: 0, subnetConfiguration: [PUBLIC, ISOLATED], ...props });
const balancer = (stack: Stack, vpc: ec2.IVpc, idleTimeout?: Duration) =>
  new elbv2.ApplicationLoadBalancer(stack, 'Balancer', { vpc, internetFacing: true, idleTimeout });
const listenerOf = (loadBalancer: elbv2.ApplicationLoadBalancer) =>
  loadBalancer.addListener('Listener', { port: 80, defaultAction: elbv2.ListenerAction.fixedResponse(404) });

/** A service in the VPC `Ours`, with something of the VPC `Theirs`. */
const between = (title: string, props: (ours: ec2.Vpc, theirs: ec2.Vpc, stack: Stack) => object, message: string) =>
  [
    title,
    (stack: Stack) => {
      const [vpc, theirs] = [vpcIn(stack, 'Ours'), vpcIn(stack, 'Theirs')];
      return serviceWith(stack, { vpc, ...props(vpc, theirs, stack) });
    },
    message,
  ] as Input;

describe('another VPC', () => {
  failsWithEach([
    between(
      'the load balancer in it',
      (_, theirs, stack) => ({ loadBalancer: balancer(stack, theirs, IDLE), loadBalancerIdleTimeout: IDLE }),
      'loadBalancer is in the VPC Test/Theirs, and vpc is Test/Ours: a load balancer reaches targets of its own VPC alone, so give both the same VPC',
    ),
    between(
      'the listener in it',
      (_, theirs, stack) => ({
        listener: listenerOf(balancer(stack, theirs, IDLE)),
        loadBalancerIdleTimeout: IDLE,
        allowedHosts: ['a.example.com'],
      }),
      'listener is in the VPC Test/Theirs, and vpc is Test/Ours: a load balancer reaches targets of its own VPC alone, so give both the same VPC',
    ),
    between(
      'subnets and the security group of the instance, and subnets of the load balancer in it, all at once',
      (_, theirs, stack) => ({
        vpcSubnets: { subnets: theirs.publicSubnets },
        loadBalancerSubnets: { subnets: theirs.publicSubnets },
        securityGroup: new ec2.SecurityGroup(stack, 'Group', { vpc: theirs }),
      }),
      'loadBalancerSubnets is in the VPC Test/Theirs, and vpc is Test/Ours: a load balancer reaches targets of its own VPC alone, so give both the same VPC\n' +
        'vpcSubnets is in the VPC Test/Theirs, and vpc is Test/Ours: an instance has all of its own VPC, so give both the same VPC\n' +
        'securityGroup is in the VPC Test/Theirs, and vpc is Test/Ours: an instance has all of its own VPC, so give both the same VPC',
    ),
    between(
      'subnets of a Network Load Balancer in it',
      (_, theirs) => ({
        loadBalancerType: LoadBalancerType.NETWORK,
        loadBalancerSubnets: { subnets: theirs.publicSubnets },
      }),
      'loadBalancerSubnets is in the VPC Test/Theirs, and vpc is Test/Ours: a load balancer reaches targets of its own VPC alone, so give both the same VPC',
    ),
    between(
      'subnets of a database in it',
      (_, theirs) => ({ database: Database.rdsMysql({ databaseSubnets: { subnets: theirs.isolatedSubnets } }) }),
      'databaseSubnets is in the VPC Test/Theirs, and vpc is Test/Ours: the instances reach only what is in theirs, so give both the same VPC',
    ),
    between(
      'subnets of a cache in it',
      (_, theirs) => ({ cache: Cache.elastiCache({ cacheSubnets: { subnets: theirs.isolatedSubnets } }) }),
      'cacheSubnets is in the VPC Test/Theirs, and vpc is Test/Ours: the instances reach only what is in theirs, so give both the same VPC',
    ),
    between(
      'a database that is there already in it',
      (_, theirs, stack) => {
        const vpcSubnets = { subnetType: ec2.SubnetType.PRIVATE_ISOLATED };
        const engine = rds.DatabaseInstanceEngine.postgres({ version: rds.PostgresEngineVersion.of('17', '17') });
        const instance = new rds.DatabaseInstance(stack, 'Db', { vpc: theirs, vpcSubnets, engine });
        return { database: Database.fromInstance(instance, { secret: instance.secret!, maxConnections: 200 }) };
      },
      'the database or cache is in the VPC Test/Theirs, and vpc is Test/Ours: nothing in this app connects the two, so give both the same VPC',
    ),
    [
      'the target group of an instance in it',
      (stack) => {
        const plan = RequestPathPlan.of();
        const vpc = vpcIn(stack, 'Ours');
        const { targetGroup } = new ApplicationLoadBalancing(stack, 'Front', { plan, vpc: vpcIn(stack, 'Theirs') });
        const application = Application.sample();
        const userData = WebUserData.forPlan(stack, 'Web', { plan, application, allowedHosts: ['a.example.com'] });
        targetGroup.addTarget(new WebInstance(stack, 'Instance', { vpc, userData }));
      },
      'the target group Test/Front/TargetGroup is in the VPC Test/Theirs, and vpc is Test/Ours: a target group takes instances of its own VPC alone, so give both the same VPC',
    ],
    [
      'one that has another id',
      (stack) => {
        const [vpc, theirs] = ['0a', '0b'].map((id) =>
          ec2.Vpc.fromVpcAttributes(stack, `Vpc${id}`, {
            vpcId: `vpc-${id}`,
            availabilityZones: ['eu-central-1a', 'eu-central-1b'],
            publicSubnetIds: [`subnet-${id}1`, `subnet-${id}2`],
          }),
        );
        return serviceWith(stack, { vpc, loadBalancerSubnets: { subnets: theirs!.publicSubnets } });
      },
      'loadBalancerSubnets is in the VPC vpc-0b, and vpc is vpc-0a: a load balancer reaches targets of its own VPC alone, so give both the same VPC',
    ],
    [
      'one that would be made here',
      (stack) => {
        const vpc = vpcIn(stack, 'Theirs');
        return serviceWith(stack, {
          loadBalancer: balancer(stack, vpc, IDLE),
          loadBalancerIdleTimeout: IDLE,
          vpcSubnets: { subnets: vpc.publicSubnets },
        });
      },
      'vpc is needed with loadBalancer: one would be made here, and it is in another\n' +
        'vpc is needed with the subnets of vpcSubnets: one would be made here, and they are in another',
    ],
  ]);
});

/** A service in a VPC of its own. */
const within = (title: string, props: (stack: Stack) => object, message: string): Input => [
  title,
  (stack) => serviceWith(stack, { ...props(stack) }),
  message,
];

describe('zones of subnets', () => {
  failsWithEach([
    within(
      'a VPC of one zone',
      (stack) => ({ vpc: vpcIn(stack, 'Vpc', { availabilityZones: ['eu-central-1a'], maxAzs: undefined }) }),
      'vpc has subnets of one zone (eu-central-1a), and an Application Load Balancer needs two: give subnets of two zones, or a VPC with maxAzs of 2 or more',
    ),
    within(
      'one subnet for the load balancer',
      (stack) => {
        const vpc = vpcIn(stack, 'Vpc');
        return { vpc, loadBalancerSubnets: { subnets: [vpc.publicSubnets[0]] } };
      },
      'loadBalancerSubnets has subnets of one zone, and an Application Load Balancer needs two: give subnets of two zones, or a VPC with maxAzs of 2 or more',
    ),
    within(
      'two groups of public subnets',
      (stack) => ({ vpc: vpcIn(stack, 'Vpc', { subnetConfiguration: [PUBLIC, { ...PUBLIC, name: 'Edge' }] }) }),
      'the load balancer would be in 4 subnets of 2 zones, and takes one of each: give loadBalancerSubnets with onePerAz, or with the name of one group (subnetGroupName)',
    ),
    within(
      'isolated subnets for a load balancer that faces the internet',
      (stack) => ({ vpc: vpcIn(stack, 'Vpc'), loadBalancerSubnets: { subnetType: ec2.SubnetType.PRIVATE_ISOLATED } }),
      'loadBalancerSubnets are private, and internetFacing is true: give public subnets, or internetFacing: false',
    ),
    within(
      'a VPC without a way to the internet',
      (stack) => ({ vpc: vpcIn(stack, 'Vpc', { subnetConfiguration: [ISOLATED] }) }),
      'vpc has no public subnets, and internetFacing is true: give internetFacing: false, or a VPC with public subnets\n' +
        'vpc has neither private nor public subnets, and the instance needs a way to the internet for its packages: give vpcSubnets where you made one, or another VPC',
    ),
    within(
      'a database in one zone',
      (stack) => {
        const vpc = vpcIn(stack, 'Vpc');
        return { vpc, database: Database.rdsMysql({ databaseSubnets: { subnets: [vpc.isolatedSubnets[0]!] } }) };
      },
      'databaseSubnets has subnets of one zone, and a database in RDS needs two: give subnets of two zones, or a VPC with maxAzs of 2 or more',
    ),
    within(
      'a second node of a cache in the zone of the first',
      (stack) => {
        const vpc = vpcIn(stack, 'Vpc');
        const cacheSubnets = { subnets: [vpc.isolatedSubnets[0]!] };
        return { vpc, cache: Cache.elastiCache({ multiAz: true, cacheSubnets }) };
      },
      'cacheSubnets has subnets of one zone, and a cache with multiAz needs two: give subnets of two zones, or a VPC with maxAzs of 2 or more',
    ),
  ]);
});

/** A service behind a listener whose load balancer has an idle timeout of 120 s. */
const behind = (title: string, props: object, message: string): Input => [
  title,
  (stack) => {
    const vpc = vpcIn(stack, 'Vpc');
    const listener = listenerOf(balancer(stack, vpc, IDLE));
    const allowedHosts = ['a.example.com'];
    serviceWith(stack, { vpc, listener, allowedHosts, loadBalancerIdleTimeout: IDLE, ...props });
    if ('later' in props) listener.addAction('Later', props.later as elbv2.AddApplicationActionProps);
  },
  message,
];
const conditions = [hostHeaders(['a.example.com'])];
const validation = (message: string) => `Validation failed with the following errors:\n  ${message}`;

describe('a load balancer that is made elsewhere', () => {
  failsWithEach([
    behind(
      'another idle timeout than is stated',
      { loadBalancerIdleTimeout: Duration.seconds(180) },
      validation(
        '[Test/Site/LoadBalancing] loadBalancerIdleTimeout of the plan (180 s) is not that of the load balancer Test/Balancer (120 s): state it as it is, or set idleTimeout of the load balancer to 180 s',
      ),
    ),
    within(
      'the default idle timeout, where another is stated',
      (stack) => {
        const vpc = vpcIn(stack, 'Vpc');
        return { vpc, loadBalancer: balancer(stack, vpc), loadBalancerIdleTimeout: IDLE };
      },
      validation(
        '[Test/Site/LoadBalancing] loadBalancerIdleTimeout of the plan (120 s) is not that of the load balancer Test/Balancer (60 s, the default): state it as it is, or set idleTimeout of the load balancer to 120 s',
      ),
    ),
    behind(
      'priority 0, and no condition',
      { listenerPriority: 0, listenerConditions: [] },
      'listenerPriority (0) must be a whole number from 1 to 50000\n' +
        'listenerConditions must have at least one condition: leave out both it and listenerPriority for all requests',
    ),
    behind(
      'a priority that is too high',
      { listenerPriority: 50_001, listenerConditions: conditions },
      'listenerPriority (50001) must be a whole number from 1 to 50000',
    ),
    behind(
      'a priority with a fraction',
      { listenerPriority: 1.5, listenerConditions: conditions },
      'listenerPriority (1.5) must be a whole number from 1 to 50000',
    ),
    behind(
      'a priority that is no number',
      { listenerPriority: NaN, listenerConditions: conditions },
      'listenerPriority (NaN) must be a whole number from 1 to 50000',
    ),
    behind(
      'more values than the conditions of a rule may have',
      {
        listenerPriority: 5,
        listenerConditions: [hostHeaders(['a.example.com', 'b.example.com']), pathPatterns(['/1', '/2', '/3', '/4'])],
      },
      'listenerConditions have 6 values, and a rule of a listener has at most 5: give the rest to a rule of your own, or use a wildcard',
    ),
    behind(
      'a priority that a later rule has too',
      {
        listenerPriority: 5,
        listenerConditions: conditions,
        later: { priority: 5, conditions, action: elbv2.ListenerAction.fixedResponse(404) },
      },
      validation(
        '[Test/Site/LoadBalancing/Rule] listenerPriority (5) is that of Test/Balancer/Listener/LaterRule already: each rule of a listener needs its own',
      ),
    ),
  ]);
});

const zone = (stack: Stack) =>
  route53.HostedZone.fromHostedZoneAttributes(stack, 'Zone', { hostedZoneId: 'Z0A1B2C3', zoneName: 'example.com' });
const certificate = (stack: Stack, domainName: string, ...subjectAlternativeNames: string[]) =>
  new acm.Certificate(stack, 'Certificate', { domainName, subjectAlternativeNames });
const arn = (stack: Stack, text: string) => acm.Certificate.fromCertificateArn(stack, 'Certificate', text);

describe('a domain name', () => {
  const form = (name: string) =>
    `domainName "${name}" must be a host name, without scheme, port, path or a dot at its end, for example www.example.com`;
  const named = (title: string, domainName: string) => within(title, () => ({ domainName }), form(domainName));
  failsWithEach([
    named('a URL', 'https://shop.example.com'),
    named('a port', 'shop.example.com:8443'),
    named('a dot at its end', 'shop.example.com.'),
    named('nothing in it', ''),
    within(
      'the zone of another',
      (stack) => ({ domainName: 'shop.example.org', hostedZone: zone(stack) }),
      'domainName "shop.example.org" is not in hostedZone "example.com": give the zone of the name, or a name that ends in .example.com',
    ),
    within(
      'the zone of one that ends alike',
      (stack) => ({ domainName: 'myexample.com', hostedZone: zone(stack) }),
      'domainName "myexample.com" is not in hostedZone "example.com": give the zone of the name, or a name that ends in .example.com',
    ),
    within(
      'a private zone, in which no certificate can be validated',
      (stack) => {
        const vpc = vpcIn(stack, 'Vpc');
        return { vpc, hostedZone: new route53.PrivateHostedZone(stack, 'Zone', { vpc, zoneName: 'example.com' }) };
      },
      'hostedZone "example.com" is private, and Certificate Manager looks for its record in public zones alone: give certificate',
    ),
    within(
      'the certificate of another',
      (stack) => ({ domainName: 'shop.example.com', certificate: certificate(stack, 'blog.example.com') }),
      'certificate is for blog.example.com, and domainName is "shop.example.com": give a certificate for the name, or add it to subjectAlternativeNames',
    ),
    within(
      'a wildcard, which stands for one label',
      (stack) => ({
        loadBalancerType: LoadBalancerType.NETWORK,
        domainName: 'a.shop.example.com',
        certificate: certificate(stack, '*.example.com', 'example.com'),
      }),
      'certificate is for *.example.com, example.com, and domainName is "a.shop.example.com": give a certificate for the name, or add it to subjectAlternativeNames',
    ),
    within(
      'a certificate by the name that it is for',
      (stack) => ({ certificate: arn(stack, 'shop.example.com') }),
      'certificate "shop.example.com" must have the ARN of a certificate, for example arn:aws:acm:eu-central-1:123456789012:certificate/0a1b2c3d',
    ),
  ]);
});
