import { Duration, Size, Token } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as rds from 'aws-cdk-lib/aws-rds';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import { AppServer, Application, Cache, Database, DatabaseEngine, OperatingSystem, RequestPathPlan } from '../../lib';
import { folderWith, makeStack } from '../support/stacks';
import { failsWithEach, serviceWith, type Input } from '../support/wrong-inputs';

const props = (title: string, given: () => Record<string, unknown>, message: string): Input => [
  title,
  (stack) => serviceWith(stack, given()),
  message,
];
const value = (title: string, make: () => unknown, message: string): Input => [title, make, message];
const parameter = (name: string) => ec2.MachineImage.fromSsmParameter(`/aws/service/${name}`);
const T4G = new ec2.InstanceType('t4g.small');

const image = (title: string, machineImage: ec2.IMachineImage, message: string, more: object = {}): Input =>
  props(title, () => ({ machineImage, ...more }), `machineImage ${message}`);
const leaveOut = (name: string) => `leave out machineImage, or give an image of ${name}`;
const OURS = ', or the operatingSystem that the image has';

describe('a machine image', () => {
  failsWithEach([
    image(
      'Windows',
      ec2.MachineImage.latestWindows(ec2.WindowsVersion.WINDOWS_SERVER_2022_ENGLISH_FULL_BASE),
      `(/aws/service/ami-windows-latest/Windows_Server-2022-English-Full-Base) has windows, and operatingSystem is amazon-linux-2023: ${leaveOut('amazon-linux-2023')}`,
    ),
    image(
      'Windows by its id',
      ec2.MachineImage.genericWindows({ 'eu-central-1': 'ami-0123456789abcdef0' }),
      `has windows, and operatingSystem is amazon-linux-2023: ${leaveOut('amazon-linux-2023')}`,
    ),
    image(
      'Windows that is looked up',
      ec2.MachineImage.lookup({ name: 'ours-*', windows: true }),
      `(ours-*) has windows, and operatingSystem is amazon-linux-2023: ${leaveOut('amazon-linux-2023')}`,
    ),
    image(
      'an older Amazon Linux',
      ec2.MachineImage.latestAmazonLinux2(),
      `(/aws/service/ami-amazon-linux-latest/amzn2-ami-kernel-5.10-hvm-x86_64-gp2) has amazon-linux-2, and operatingSystem is amazon-linux-2023: ${leaveOut('amazon-linux-2023')}`,
    ),
    image(
      'Ubuntu, where nobody said so',
      parameter('canonical/ubuntu/server/24.04/stable/current/amd64/hvm/ebs-gp3/ami-id'),
      `(/aws/service/canonical/ubuntu/server/24.04/stable/current/amd64/hvm/ebs-gp3/ami-id) has ubuntu-24.04, and operatingSystem is amazon-linux-2023: ${leaveOut('amazon-linux-2023')}${OURS}`,
    ),
    image(
      'an older Ubuntu, by its code name',
      ec2.MachineImage.lookup({ name: 'ubuntu/images/hvm-ssd/ubuntu-jammy-*' }),
      `(ubuntu/images/hvm-ssd/ubuntu-jammy-*) has ubuntu-22.04, and operatingSystem is ubuntu-24.04: ${leaveOut('ubuntu-24.04')}`,
      { operatingSystem: OperatingSystem.UBUNTU_24_04 },
    ),
    image(
      'an older Debian',
      parameter('debian/release/12/latest/amd64'),
      `(/aws/service/debian/release/12/latest/amd64) has debian-12, and operatingSystem is debian-13: ${leaveOut('debian-13')}`,
      { operatingSystem: OperatingSystem.DEBIAN_13 },
    ),
    image(
      'x86 for an instance that is ARM',
      ec2.MachineImage.latestAmazonLinux2023(),
      '(/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-6.1-x86_64) is for x86_64, and instanceType t4g.small is arm64: ' +
        'leave out machineImage, or give an image for arm64, or an instanceType that is x86_64',
      { instanceType: T4G },
    ),
    image(
      'ARM for an instance that is x86, by its filter',
      ec2.MachineImage.lookup({ name: 'ours-*', filters: { architecture: ['arm64'] } }),
      '(ours-*) is for arm64, and instanceType t3.small is x86_64: ' +
        'leave out machineImage, or give an image for x86_64, or an instanceType that is arm64',
    ),
    image(
      'neither the operating system nor the architecture',
      parameter('debian/release/13/latest/amd64'),
      `(/aws/service/debian/release/13/latest/amd64) has debian-13, and operatingSystem is amazon-linux-2023: ${leaveOut('amazon-linux-2023')}${OURS}\n` +
        'machineImage (/aws/service/debian/release/13/latest/amd64) is for x86_64, and instanceType t4g.small is arm64: ' +
        'leave out machineImage, or give an image for arm64, or an instanceType that is x86_64',
      { instanceType: T4G },
    ),
  ]);
});

const rdsClass =
  'must be a class of Amazon RDS: t3 or t4g from micro to 2xlarge, or m, r or x, for example t4g.small or m8g.large';
const database = (title: string, name: string, problem: string) =>
  value(
    title,
    () => Database.rdsPostgres({ instanceType: new ec2.InstanceType(name) }),
    `instanceType ${JSON.stringify(name)} of the database ${problem}`,
  );
const cacheClass =
  'must be a class of Amazon ElastiCache: cache.t3 or cache.t4g from micro to medium, or cache.m, cache.r or cache.c, for example cache.t4g.micro or cache.m7g.large';
const cache = (title: string, nodeType: string, problem: string) =>
  value(title, () => Cache.elastiCache({ nodeType }), `nodeType ${JSON.stringify(nodeType)} ${problem}`);

describe('a class', () => {
  failsWithEach([
    database(
      'db. before it',
      'db.t4g.micro',
      `must be without "db.", which aws-cdk-lib writes before it: new ec2.InstanceType('t4g.micro')`,
    ),
    database('cache. before that of a database', 'cache.t4g.micro', rdsClass),
    database('a size that RDS has not', 't4g.nano', rdsClass),
    database('a family that RDS has not', 'c7g.large', rdsClass),
    database('a family of EC2 alone', 't3a.micro', rdsClass),
    cache('no cache. before it', 't4g.micro', 'must begin with "cache.": cache.t4g.micro'),
    cache('db. before that of a cache', 'db.t3.small', 'must begin with "cache.": cache.t3.small'),
    cache('a size that ElastiCache has not', 'cache.t4g.large', cacheClass),
    cache('a family that ElastiCache has not', 'cache.x9.large', cacheClass),
    cache('nothing in it', '', cacheClass),
  ]);
});

const wait = (seconds: number) =>
  `creationTimeout (${seconds} s) must be whole seconds, from 60 s, in which no machine serves, to 43200 s (12 hours), the longest that CloudFormation waits`;
const root = (gibibytes: number) =>
  `volumeSize (${gibibytes} GiB) must be whole GiB, from 8 GiB to 64 TiB: the image has 8 GiB`;
const host = (shown: string) =>
  `host (${shown}) must be the name or IPv4 address of a server alone, without scheme, user, port or path`;
const endpoint = (name: string, port?: number) =>
  Database.fromEndpoint(name, {
    engine: DatabaseEngine.MYSQL,
    port,
    maxConnections: 100,
    secret: secretsmanager.Secret.fromSecretNameV2(makeStack(), 'Secret', 'name'),
  });
const outOfLine = (message: string) => `the request path of Test/Site is out of line:\n- ${message}`;

describe('a number', () => {
  failsWithEach([
    props('more than CloudFormation waits', () => ({ creationTimeout: Duration.hours(13) }), wait(46_800)),
    props('less than a boot takes', () => ({ creationTimeout: Duration.seconds(59) }), wait(59)),
    props('a part of a second', () => ({ creationTimeout: Duration.millis(90_500) }), wait(90.5)),
    props('a root volume that is smaller than its image', () => ({ volumeSize: Size.gibibytes(7) }), root(7)),
    props('a part of a GiB', () => ({ volumeSize: Size.mebibytes(20_992) }), root(20.5)),
    props('a root volume that EBS does not make', () => ({ volumeSize: Size.tebibytes(65) }), root(66_560)),
    props(
      'a root volume and a time, both at once',
      () => ({ volumeSize: Size.gibibytes(1), creationTimeout: Duration.days(1) }),
      `${root(1)}\n${wait(86_400)}`,
    ),
    value(
      'less storage than RDS makes',
      () => Database.rdsMysql({ allocatedStorage: Size.gibibytes(19) }),
      'allocatedStorage (19 GiB) must be whole GiB, from 20 GiB to 64 TiB',
    ),
    value(
      'a size that is not known',
      () => Database.rdsMysql({ allocatedStorage: Size.gibibytes(Token.asNumber({ Ref: 'Size' })) }),
      'allocatedStorage is a token, and aws-cdk-lib checks the size of a volume at synthesis: give a literal value',
    ),
    value('port 0', () => endpoint('db.example.com', 0), 'port (0) must be a whole number from 1 to 65535'),
    value(
      'a port that is too high',
      () => Cache.fromEndpoint('cache.example.com', { port: 65_536 }),
      'port (65536) must be a whole number from 1 to 65535',
    ),
    props(
      'no number at all',
      () => ({ queueTimeout: Duration.seconds(NaN) }),
      outOfLine('queueTimeout (NaN) must be a number [I2]'),
    ),
    props(
      'less than no requests',
      () => ({ appServer: AppServer.gunicorn({ maxRequests: -1 }) }),
      outOfLine('maxRequests (-1) must be 0 or more [I2]'),
    ),
    props(
      'a CDN that waits for nothing',
      () => ({ upstreamTimeout: Duration.seconds(0) }),
      outOfLine('upstreamTimeout (0) must be 1 or more [I2]'),
    ),
  ]);
});

describe('a name', () => {
  failsWithEach([
    value('a URL, whose password is not repeated', () => endpoint('mysql://app:hunter2@db.example.com'), host('a URL')),
    value('a port in the host', () => Cache.fromEndpoint('cache.example.com:6379'), host('"cache.example.com:6379"')),
    value(
      'a token and a port in the host, of which the token is not repeated',
      () => Cache.fromEndpoint(`${Token.asString({ Ref: 'Host' })}:6379`),
      host('"<token>:6379"'),
    ),
    props(
      'a token and a line break in the environment',
      () => ({ environment: { A: `${Token.asString({ Ref: 'A' })}\n` } }),
      'environment A "<token>\\n" must not hold a line break or another control character: use secrets for it',
    ),
    props(
      'a token for a directive',
      () => ({ nginxDirectives: { send_timeout: Token.asString({ Ref: 'A' }) } }),
      'nginxDirectives send_timeout is a token and its value is not known at synthesis: every other number is derived from it, so give a literal value',
    ),
    props(
      'a path that is longer than a health check may have',
      () => ({ healthCheckPath: `/${'a'.repeat(1024)}` }),
      `healthCheckPath "/${'a'.repeat(1024)}" must have 1024 characters at most`,
    ),
    [
      'another engine than the database has',
      (stack) => {
        const engine = rds.DatabaseInstanceEngine.mysql({ version: rds.MysqlEngineVersion.of('8.4.8', '8.4') });
        const db = new rds.DatabaseInstance(stack, 'Db', { vpc: new ec2.Vpc(stack, 'Vpc'), engine });
        Database.fromInstance(db, { engine: DatabaseEngine.POSTGRESQL, secret: db.secret!, maxConnections: 100 });
      },
      'engine (postgresql) is not that of Test/Db (mysql): leave engine out',
    ],
    props(
      'a port in a host name',
      () => ({ allowedHosts: ['www.example.com:8000'] }),
      'allowedHosts "www.example.com:8000" must be a host name without a port',
    ),
    props('no host name', () => ({ allowedHosts: [''] }), 'allowedHosts "" must be a host name without a port'),
    props(
      'addresses that there are not',
      () => ({ trustedProxies: ['10.0.0.0/33', '300.0.0.1', '::1::', '10.0.0.0/8'] }),
      ['10.0.0.0/33', '300.0.0.1', '::1::']
        .map((range) => `trustedProxies "${range}" must be an address range, for example 10.0.0.0/16`)
        .join('\n'),
    ),
    value(
      'a module that is not there',
      () =>
        Application.fromAsset(folderWith({ 'requirements.txt': 'Flask', 'app.py': 'app = 1' }), {
          wsgi: 'not_there:app',
        }),
      'wsgi "not_there:app" names no module of the application, which has neither not_there.py nor not_there/__init__.py: there is app:app',
    ),
  ]);
});

test('what stands beside each limit is taken', () => {
  const classes = ['t3.micro', 't4g.2xlarge', 'm8g.48xlarge', 'r7i.large', 'x2g.xlarge'];
  const nodes = ['cache.t2.micro', 'cache.t4g.medium', 'cache.r7g.16xlarge', 'cache.c7gn.large'];
  expect(() => {
    for (const name of classes) Database.rdsMysql({ instanceType: new ec2.InstanceType(name) });
    for (const nodeType of nodes) Cache.elastiCache({ nodeType });
    Database.rdsMysql({ allocatedStorage: Size.gibibytes(20) });
    Database.rdsMysql({ allocatedStorage: Size.tebibytes(64) });
    Cache.fromEndpoint('10.0.0.1', { port: 1 });
    Cache.fromEndpoint(Token.asString({ Ref: 'Host' }), { port: 65_535 });
    endpoint('db-1.example.com', Token.asNumber({ Ref: 'Port' }));
    RequestPathPlan.of({ appServer: AppServer.gunicorn({ maxRequests: 0 }), upstreamTimeout: Duration.seconds(66) });
  }).not.toThrow();
});
