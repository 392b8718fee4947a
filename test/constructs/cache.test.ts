import { Size } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import { Match } from 'aws-cdk-lib/assertions';
import { BackgroundWorker, Cache, Database, type WebServiceProps } from '../../lib';
import { FLAGS, machineOf, makeStack, serve } from '../support/stacks';

const made = (cache: Cache, props: Partial<WebServiceProps> = {}, stack = makeStack()) =>
  serve({ cache, ...props }, stack).template();
const backgroundWorkers = [BackgroundWorker.celery({ app: 'mysite' })];

describe('a cache on the instance', () => {
  test('is reached by a socket', () => {
    expect(machineOf(made(Cache.redisOnInstance()))).toMatch(
      /PLUMBLINE_CACHE_URL='?unix:\/\/\/run\/plumbline-cache\/cache\.sock\?db=0'?\n/,
    );
  });

  test('is a broker in another of its databases, where background workers need one', () => {
    expect(machineOf(made(Cache.redisOnInstance()))).not.toContain('PLUMBLINE_BROKER_URL');
    const database = Database.mysqlOnInstance();
    expect(machineOf(made(Cache.redisOnInstance(), { backgroundWorkers, database }))).toMatch(
      /PLUMBLINE_BROKER_URL='?redis\+socket:\/\/\/run\/plumbline-cache\/cache\.sock\?virtual_host=1'?\n/,
    );
  });

  test('fails as a broker where each change replaces the instance, and the queue with it', () => {
    expect(() => made(Cache.redisOnInstance(), { backgroundWorkers })).toThrow(
      new Error(
        'the request path of Test/Site is out of line:\n- queues on an instance that each change replaces (1) must be equal to 0, else the tasks that wait there are lost with each release and each new image; ' +
          'use Cache.elastiCache or Cache.fromEndpoint, or a database or media on the instance (Database.mysqlOnInstance, Database.postgresOnInstance, Database.sqliteOnInstance, Media.onInstance), which is then changed in place and keeps its queue [N23]',
      ),
    );
  });

  test('takes the memory that it is given', () => {
    const { plan } = serve({ cache: Cache.redisOnInstance({ maxMemory: Size.mebibytes(200) }) }).service;
    expect(plan.cache?.maxMemory).toBe(200);
  });

  test('makes no resource, and leaves the instance to be replaced', () => {
    const template = made(Cache.redisOnInstance());
    template.resourceCountIs('AWS::ElastiCache::ReplicationGroup', 0);
    template.resourceCountIs('AWS::EC2::Volume', 0);
  });
});

describe.each(FLAGS)('a cache in ElastiCache with %s', (_, flags) => {
  const template = made(Cache.elastiCache(), { backgroundWorkers }, makeStack({ flags }));
  const has = (properties: object) => template.hasResourceProperties('AWS::ElastiCache::ReplicationGroup', properties);

  test('is one node without cluster mode, which brokers cannot use', () => {
    has({
      Engine: 'valkey',
      CacheNodeType: 'cache.t4g.micro',
      NumCacheClusters: 1,
      AutomaticFailoverEnabled: false,
      NumNodeGroups: Match.absent(),
    });
  });

  test('is encrypted, and speaks TLS with a password that is generated', () => {
    has({
      AtRestEncryptionEnabled: true,
      TransitEncryptionEnabled: true,
      AuthToken: {
        'Fn::Join': [
          '',
          ['{{resolve:secretsmanager:', { Ref: Match.stringLikeRegexp('CachePassword') }, ':SecretString:::}}'],
        ],
      },
    });
    expect(machineOf(template)).toMatch(/PLUMBLINE_CACHE_PASSWORD secretsmanager <SiteDataServicesCachePassword\w+>\n/);
  });

  test('never evicts a task', () => {
    template.hasResourceProperties('AWS::ElastiCache::ParameterGroup', {
      CacheParameterGroupFamily: 'valkey8',
      Properties: { 'maxmemory-policy': 'volatile-lru' },
    });
  });

  test('lies in subnets of its own, and lets nobody in but the instance', () => {
    template.hasResourceProperties('AWS::ElastiCache::SubnetGroup', {
      SubnetIds: [
        { Ref: Match.stringLikeRegexp('IsolatedSubnet1') },
        { Ref: Match.stringLikeRegexp('IsolatedSubnet2') },
      ],
    });
    template.hasResourceProperties('AWS::EC2::SecurityGroupIngress', {
      GroupId: { 'Fn::GetAtt': [Match.stringLikeRegexp('CacheSecurityGroup'), 'GroupId'] },
      SourceSecurityGroupId: { 'Fn::GetAtt': [Match.stringLikeRegexp('SiteInstanceSecurityGroup'), 'GroupId'] },
      FromPort: 6379,
    });
  });

  test('is told to the machine', () => {
    const host = '<SiteDataServicesCacheReplicationGroup\\w+,PrimaryEndPoint\\.Address>';
    expect(machineOf(template)).toMatch(new RegExp(`PLUMBLINE_CACHE_URL='rediss://${host}:6379/0'\\n`));
    expect(machineOf(template)).toMatch(new RegExp(`PLUMBLINE_BROKER_URL='rediss://${host}:6379/1'\\n`));
  });
});

describe('a cache in ElastiCache', () => {
  test('without tasks evicts what was not used for long', () => {
    made(Cache.elastiCache()).hasResourceProperties('AWS::ElastiCache::ParameterGroup', {
      Properties: { 'maxmemory-policy': 'allkeys-lru' },
    });
  });

  test('takes a class and a second zone', () => {
    made(Cache.elastiCache({ nodeType: 'cache.t3.small', multiAz: true })).hasResourceProperties(
      'AWS::ElastiCache::ReplicationGroup',
      { CacheNodeType: 'cache.t3.small', NumCacheClusters: 2, AutomaticFailoverEnabled: true, MultiAZEnabled: true },
    );
  });

  test('fails in a VPC with public subnets alone', () => {
    const stack = makeStack();
    const vpc = new ec2.Vpc(stack, 'Vpc', {
      subnetConfiguration: [{ name: 'Public', subnetType: ec2.SubnetType.PUBLIC }],
    });
    expect(() => made(Cache.elastiCache(), { vpc }, stack)).toThrow(
      /: give cacheSubnets, or a VPC with isolated subnets$/,
    );
  });
});

describe('a cache with a name', () => {
  test('speaks TLS', () => {
    expect(machineOf(made(Cache.fromEndpoint('cache.example.com')))).toMatch(
      /PLUMBLINE_CACHE_URL=rediss:\/\/cache\.example\.com:6379\/0\n/,
    );
  });

  test('may have no TLS, another port, a password, and something that lets the machines in', () => {
    const stack = makeStack();
    const vpc = new ec2.Vpc(stack, 'Vpc', { natGateways: 0 });
    const cache = Cache.fromEndpoint('cache.example.com', {
      tls: false,
      port: 6380,
      password: new secretsmanager.Secret(stack, 'Password'),
      connectable: new ec2.SecurityGroup(stack, 'Theirs', { vpc }),
    });
    const template = made(cache, { vpc }, stack);
    expect(machineOf(template)).toMatch(/PLUMBLINE_CACHE_URL=redis:\/\/cache\.example\.com:6380\/0\n/);
    expect(machineOf(template)).toMatch(/PLUMBLINE_CACHE_PASSWORD secretsmanager <Password\w+>\n/);
    template.hasResourceProperties('AWS::EC2::SecurityGroupIngress', {
      GroupId: { 'Fn::GetAtt': [Match.stringLikeRegexp('^Theirs'), 'GroupId'] },
      FromPort: 6380,
    });
  });
});
