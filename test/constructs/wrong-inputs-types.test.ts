import { Duration, Lazy, Size, Token } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as elbv2 from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import * as rds from 'aws-cdk-lib/aws-rds';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import {
  AppServer,
  Application,
  ApplicationLoadBalancing,
  BackgroundWorker,
  Cache,
  Database,
  EnvironmentSecret,
  Media,
  RequestPathPlan,
  WebInstance,
  WebUserData,
} from '../../lib';
import { makeStack } from '../support/stacks';
import { any, failsWithEach, serviceWith, type Input } from '../support/wrong-inputs';

const props = (title: string, given: Record<string, unknown>, message: string): Input => [
  title,
  (stack) => serviceWith(stack, given),
  message,
];
const value = (title: string, make: () => unknown, message: string): Input => [title, make, message];

describe('a prop of another type', () => {
  failsWithEach([
    props(
      'a number for a Duration',
      { requestTimeout: 60 },
      'requestTimeout (60) must be a Duration, for example Duration.seconds(60)',
    ),
    props(
      'a text for a Duration',
      { creationTimeout: '15m' },
      'creationTimeout ("15m") must be a Duration, for example Duration.seconds(60)',
    ),
    props('null', { queueTimeout: null }, 'queueTimeout (null) must be a Duration, for example Duration.seconds(60)'),
    props('a number for a Size', { volumeSize: 20 }, 'volumeSize (20) must be a Size, for example Size.gibibytes(20)'),
    props(
      'a text for a Size',
      { clientMaxBodySize: '10m' },
      'clientMaxBodySize ("10m") must be a Size, for example Size.gibibytes(20)',
    ),
    props(
      'a text for a VPC',
      { vpc: 'vpc-0a1b2c3d' },
      `vpc ("vpc-0a1b2c3d") must be an ec2.IVpc, for example ec2.Vpc.fromLookup(this, 'Vpc', { vpcId })`,
    ),
    props(
      'a text for an instance type',
      { instanceType: 't3.small' },
      `instanceType ("t3.small") must be an ec2.InstanceType, for example new ec2.InstanceType('t4g.small')`,
    ),
    props(
      'a folder for an application',
      { application: './site' },
      `application ("./site") must be an Application, for example Application.fromAsset('mysite', { wsgi })`,
    ),
    props(
      'no application',
      { application: undefined },
      `application (undefined) must be an Application, for example Application.fromAsset('mysite', { wsgi })`,
    ),
    props(
      'options for an application server',
      { appServer: { workers: 3 } },
      'appServer (an object) must be an AppServer, for example AppServer.gunicorn({ workers: 3 })',
    ),
    props(
      'the address of a database, whose password is not repeated',
      { database: 'postgres://app:hunter2@db.example.com/app' },
      'database (a string) must be a Database, for example Database.rdsPostgres()',
    ),
    props('a boolean as text', { requestGuard: 'false' }, 'requestGuard ("false") must be true or false'),
    props(
      'a member of an enumeration by its name',
      { loadBalancerType: 'NETWORK' },
      'loadBalancerType ("NETWORK") must be a LoadBalancerType: LoadBalancerType.APPLICATION, LoadBalancerType.NETWORK',
    ),
    props(
      'the name of an operating system',
      { operatingSystem: 'debian-13' },
      'operatingSystem ("debian-13") must be an OperatingSystem, for example OperatingSystem.UBUNTU_24_04',
    ),
    props(
      'the id of an image',
      { machineImage: 'ami-0a1b2c3d' },
      `machineImage ("ami-0a1b2c3d") must be an ec2.IMachineImage, for example ec2.MachineImage.genericLinux({ 'eu-central-1': 'ami-0123456789abcdef0' })`,
    ),
    props(
      'a type of subnets for a selection of them',
      { vpcSubnets: ec2.SubnetType.PUBLIC },
      'vpcSubnets ("Public") must be an ec2.SubnetSelection, for example { subnetType: ec2.SubnetType.PUBLIC } or { subnets: vpc.publicSubnets }',
    ),
    [
      'the ids of subnets',
      (stack) => serviceWith(stack, { vpc: new ec2.Vpc(stack, 'Vpc'), vpcSubnets: { subnets: ['subnet-0a1b2c3d'] } }),
      'vpcSubnets.subnets[0] ("subnet-0a1b2c3d") must be an ec2.ISubnet',
    ],
    [
      'subnets without what says that they are a selection',
      (stack) => {
        const vpc = new ec2.Vpc(stack, 'Vpc');
        return serviceWith(stack, { vpc, loadBalancerSubnets: vpc.publicSubnets });
      },
      'loadBalancerSubnets (an array) must be an ec2.SubnetSelection, for example { subnetType: ec2.SubnetType.PUBLIC } or { subnets: vpc.publicSubnets }',
    ],
    props('a number as text', { maxInstances: '2' }, 'maxInstances ("2") must be a number'),
    props(
      'several of them, all at once',
      { requestTimeout: 60, migrate: 1, domainName: 5 },
      'requestTimeout (60) must be a Duration, for example Duration.seconds(60)\n' +
        'migrate (1) must be true or false\n' +
        'domainName (5) must be a string',
    ),
  ]);
});

describe('an environment', () => {
  const text = (shown: string) => `environment A (${shown}) must be a string: write it as one, or leave it out`;
  failsWithEach([
    props('a variable that is undefined', { environment: { A: undefined } }, text('undefined')),
    props('a variable that is null', { environment: { A: null } }, text('null')),
    props('a number', { environment: { A: 5 } }, text('5')),
    props('a boolean', { environment: { A: true } }, text('true')),
    props('a token that is no text', { environment: { A: Lazy.any({ produce: () => '1' }) } }, text('a token')),
    props(
      'lines of a file',
      { environment: ['A=1'] },
      `environment (an array) must be an object of texts by the names of the variables, for example { DEBUG_LEVEL: '1' }`,
    ),
    props(
      'a secret as text, which is not repeated',
      { secrets: { TOKEN: 'hunter2' } },
      'secrets TOKEN (a string) must be an EnvironmentSecret: EnvironmentSecret.fromSecretsManager(secret)',
    ),
    [
      'a secret of Secrets Manager itself',
      (stack) => {
        const secret = new secretsmanager.Secret(stack, 'Secret');
        serviceWith(stack, { packageSecrets: { TOKEN: secret } });
      },
      'packageSecrets TOKEN (an instance of Secret) must be an EnvironmentSecret: EnvironmentSecret.fromSecretsManager(secret)',
    ],
  ]);
});

describe('an array', () => {
  failsWithEach([
    props(
      'a text for allowedHosts',
      { allowedHosts: 'example.com' },
      `allowedHosts ("example.com") must be an array of strings, for example ['www.example.com']`,
    ),
    props('an undefined element', { allowedHosts: [undefined] }, 'allowedHosts[0] (undefined) must be a string'),
    props(
      'a text for extraCommands',
      { extraCommands: 'echo a' },
      `extraCommands ("echo a") must be an array of strings, for example ['as_app python manage.py warm_up']`,
    ),
    props(
      'a text for systemPackages',
      { systemPackages: 'gettext' },
      `systemPackages ("gettext") must be an array of strings, for example ['libmagic1']`,
    ),
    props(
      'a text for trustedProxies',
      { trustedProxies: '10.0.0.0/8' },
      `trustedProxies ("10.0.0.0/8") must be an array of strings, for example ['10.0.0.0/16']`,
    ),
    [
      'a background worker alone',
      (stack) => serviceWith(stack, { backgroundWorkers: BackgroundWorker.rq() }),
      `backgroundWorkers (an instance of BackgroundWorker) must be an array, for example [BackgroundWorker.celery({ app: 'mysite' })]`,
    ],
    value(
      'a text for queues',
      () => BackgroundWorker.rq({ queues: any('high') }),
      `queues ("high") must be an array of strings, for example ['default']`,
    ),
    value(
      'a text for exclude',
      () => Application.fromAsset('.', { wsgi: 'a:b', exclude: any('*.pyc') }),
      `exclude ("*.pyc") must be an array of strings, for example ['*.log']`,
    ),
  ]);
});

describe('an option of another type', () => {
  failsWithEach([
    value(
      'workers as text',
      () => AppServer.gunicorn({ workers: any('3'), memoryPerWorker: any(256) }),
      'workers ("3") must be a number\nmemoryPerWorker (256) must be a Size, for example Size.gibibytes(20)',
    ),
    value(
      'names of none',
      () => AppServer.gunicorn(any({ worker: 3, timeout: 30, reload_engine: 'auto', cores: 2 })),
      'AppServer.gunicorn.worker is no prop: the nearest name is workers\n' +
        'AppServer.gunicorn.timeout is a setting of gunicorn: give it in settings\n' +
        'AppServer.gunicorn.reload_engine is a setting of gunicorn: give it in settings\n' +
        'AppServer.gunicorn.cores is no prop: use one of workerClass, workers, threads, workerConnections, memoryPerWorker, maxRequests, preloadApp, settings',
    ),
    value(
      'a worker class of another server',
      () => AppServer.gunicorn({ workerClass: any('uvicorn.workers.UvicornWorker') }),
      'workerClass ("uvicorn.workers.UvicornWorker") must be a WorkerClass: WorkerClass.SYNC, WorkerClass.GTHREAD, WorkerClass.GEVENT, WorkerClass.ASGI',
    ),
    value(
      'a folder that is undefined',
      () => Application.fromAsset(any(undefined), { wsgi: 'a:b' }),
      'directory (undefined) must be a string',
    ),
    value(
      'no options where some are needed',
      () => Application.fromGit('https://example.com/a.git', any(undefined)),
      'the props (undefined) must be an object with the names and values of props',
    ),
    value(
      'a version of Python as a number',
      () => Application.fromAsset('.', { wsgi: 'a:b', pythonVersion: any(3.13) }),
      'pythonVersion (3.13) must be a string',
    ),
    value(
      'a secret as text, which is not repeated',
      () => EnvironmentSecret.fromSecretsManager(any('hunter2'), any(5)),
      `secret (a string) must be a secretsmanager.ISecret, for example secretsmanager.Secret.fromSecretNameV2(this, 'Secret', 'name')\n` +
        'field (5) must be a string',
    ),
    value(
      'the name of a parameter',
      () => EnvironmentSecret.fromSsmParameter(any('/app/token')),
      `parameter ("/app/token") must be an ssm.IParameter, for example ssm.StringParameter.fromStringParameterName(this, 'Parameter', 'name')`,
    ),
    value(
      'the command of a build',
      () => Application.fromAsset('.', { wsgi: 'a:b', bundling: any('make') }),
      `bundling ("make") must be a BundlingOptions, for example { image: DockerImage.fromRegistry('python:3.13') }`,
    ),
    value(
      'the name of a bucket',
      () => Application.fromBucket(any('releases'), 'a.zip', { wsgi: 'a:b' }),
      `bucket ("releases") must be an s3.IBucket, for example s3.Bucket.fromBucketName(this, 'Bucket', 'name')`,
    ),
    value(
      'the version of another engine',
      () => Database.rdsPostgres({ version: any(rds.MysqlEngineVersion.VER_8_0) }),
      `version (an instance of MysqlEngineVersion) must be an rds.PostgresEngineVersion, for example .of('17', '17')`,
    ),
    value(
      'the ARN of a secret, and an engine by another name',
      () =>
        Database.fromEndpoint('db.example.com', {
          engine: any('postgres'),
          secret: any('arn:aws:secretsmanager:eu-central-1:123456789012:secret:db'),
          maxConnections: any(undefined),
        }),
      `secret (a string) must be a secretsmanager.ISecret, for example secretsmanager.Secret.fromSecretNameV2(this, 'Secret', 'name')\n` +
        'maxConnections (undefined) must be a number\n' +
        'engine ("postgres") must be a DatabaseEngine: DatabaseEngine.MYSQL, DatabaseEngine.MARIADB, DatabaseEngine.POSTGRESQL',
    ),
    value(
      'a port as text',
      () => Cache.fromEndpoint('cache.example.com', { port: any('6379') }),
      'port ("6379") must be a number',
    ),
    value(
      'a host that is undefined',
      () => Cache.fromEndpoint(any(process.env.NOT_SET_ANYWHERE)),
      'host (undefined) must be a string',
    ),
    value(
      'no command',
      () => BackgroundWorker.command('mailer', any(undefined), { taskTimeout: any(60) }),
      'command (undefined) must be a string\ntaskTimeout (60) must be a Duration, for example Duration.seconds(60)',
    ),
    value(
      'minutes as a number',
      () => RequestPathPlan.of({ upstreamTimeout: any(1), nginxDirectives: { gzip_comp_level: any(6) } }),
      'upstreamTimeout (1) must be a Duration, for example Duration.seconds(60)\nnginxDirectives gzip_comp_level (6) must be a string',
    ),
  ]);
});

describe('a construct', () => {
  failsWithEach([
    [
      'no plan',
      (stack) => new ApplicationLoadBalancing(stack, 'Front', any({ vpc: new ec2.Vpc(stack, 'Vpc') })),
      'plan (undefined) must be a RequestPathPlan: RequestPathPlan.of({ requestTimeout })',
    ],
    [
      'user data of aws-cdk-lib',
      (stack) => {
        const userData = ec2.UserData.forLinux();
        return new WebInstance(stack, 'Web', any({ vpc: new ec2.Vpc(stack, 'Vpc'), userData }));
      },
      'userData (an instance of LinuxUserData) must be a WebUserData: WebUserData.forPlan(…)',
    ],
    [
      'user data without host names',
      (stack) =>
        WebUserData.forPlan(stack, 'UserData', any({ plan: RequestPathPlan.of(), application: Application.sample() })),
      `allowedHosts (undefined) must be an array of strings, for example ['www.example.com']`,
    ],
    [
      'a Network Load Balancer that is made elsewhere',
      (stack) => {
        const vpc = new ec2.Vpc(stack, 'Vpc');
        const loadBalancer = new elbv2.NetworkLoadBalancer(stack, 'Mine', { vpc });
        return serviceWith(stack, { vpc, loadBalancer, loadBalancerIdleTimeout: Duration.seconds(120) });
      },
      'loadBalancer is a Network Load Balancer, and only an Application Load Balancer can be shared: leave it out, with loadBalancerType NETWORK',
    ],
  ]);
});

test('no number is taken for a wrong one where it is not known yet', () => {
  const port = Token.asNumber({ Ref: 'Port' });
  expect(() => Cache.fromEndpoint('cache.example.com', { port })).not.toThrow();
});

test('each type of a value is taken as it is', () => {
  expect(() =>
    RequestPathPlan.of({
      requestTimeout: Duration.minutes(1),
      clientMaxBodySize: Size.mebibytes(1),
      instanceType: new ec2.InstanceType('t4g.small'),
      appServer: AppServer.gunicorn({ settings: { limit_request_line: 8190 } }),
      cache: Cache.fromEndpoint('cache.example.com'),
      backgroundWorkers: [BackgroundWorker.rq({ queues: ['high'] })],
      nginxDirectives: {},
    }),
  ).not.toThrow();
});

describe('a misspelt name', () => {
  failsWithEach([
    ...[
      ['requestTimout', 'requestTimeout'],
      ['MaxInstances', 'maxInstances'],
      ['nginxDirective', 'nginxDirectives'],
      ['allowed_hosts', 'allowedHosts'],
    ].map(([name, nearest]) =>
      props(`${name} for ${nearest}`, { [name!]: 1 }, `${name} is no prop: the nearest name is ${nearest}`),
    ),
    value(
      'a letter of another case',
      () => Database.rdsMysql(any({ multiAZ: true })),
      'multiAZ is no option: the nearest name is multiAz',
    ),
    value(
      'an option that is far from all',
      () => Media.onInstance(any({ size: Size.gibibytes(50) })),
      'size is no option: use one of volumeSize, volume, snapshotId, encryptionKey, removalPolicy, linkedDirs',
    ),
  ]);

  test("is none where it is a program's own, which is far from all of ours", () => {
    const own = { environmentName: 'staging', team: 'web', domain: 1, requestTimout: undefined };
    expect(() => serviceWith(makeStack(), own)).not.toThrow();
  });
});
