import { Aws, Duration, Lazy, Size, Token } from 'aws-cdk-lib';
import { Annotations, Match } from 'aws-cdk-lib/assertions';
import * as acm from 'aws-cdk-lib/aws-certificatemanager';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as elbv2 from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import { AppServer, EnvironmentSecret, LoadBalancerType, Media, WorkerClass, type WebServiceProps } from '../../lib';
import { flask, makeStack, serve } from '../support/stacks';

const outOfLine = (...messages: string[]) =>
  new Error(['the request path of Test/Site is out of line:', ...messages].join('\n- '));
const fails = (props: Partial<WebServiceProps>, error: Error) =>
  expect(() => serve({ application: flask(), ...props })).toThrow(error);

describe('fails with a plan out of line', () => {
  test('when requestTimeout is too short', () => {
    fails(
      { requestTimeout: Duration.seconds(4) },
      outOfLine(
        'requestTimeout (4 s) must be at least 5 s, else the margins between the hops would be longer than the request; raise requestTimeout [R1]',
      ),
    );
  });

  test('when requestTimeout is longer than the hops allow', () => {
    const seconds = serve({ requestTimeout: Duration.seconds(3589) }).service.plan.loadBalancer.deregistrationDelay;
    expect(seconds).toBe(3600);
    expect(() => serve({ requestTimeout: Duration.seconds(3590) })).toThrow(
      /^the request path of Test\/Site is out of line:\n- requestTimeout \(3590 s\) must be at most what a deregistration delay of 3600 s allows \(3589 s\), else a drain would cut requests; lower requestTimeout and move longer work into a background worker \[R1\]/,
    );
  });

  test('when not even one worker fits', () => {
    fails(
      { appServer: AppServer.gunicorn({ memoryPerWorker: Size.gibibytes(3) }) },
      expect.objectContaining({
        message: expect.stringMatching(
          /^the request path of Test\/Site is out of line:\n- not even one worker of memoryPerWorker \(3072 MiB\) fits into the memory for workers \(\d+ MiB\) of t3\.small: use t3\.medium or larger, or lower memoryPerWorker \[E4\]$/,
        ) as string,
      }) as Error,
    );
  });

  test('when workers exceed the memory', () => {
    expect(() => serve({ appServer: AppServer.gunicorn({ workers: 9 }) })).toThrow(
      /^the request path of Test\/Site is out of line:\n- workers × memoryPerWorker \(2304 MiB\) must be at most memory for workers \(\d+ MiB\), else the OOM killer ends a worker in the middle of a request, which looks like a timeout; lower workers or memoryPerWorker, or take a larger instance \[E4\]$/,
    );
  });

  test('when the instance family is not known', () => {
    expect(() => serve({ instanceType: ec2.InstanceType.of(ec2.InstanceClass.M5, ec2.InstanceSize.LARGE) })).toThrow(
      /^the request path of Test\/Site is out of line:\n- instanceType "m5\.large" is not known: use one of t3\.nano, t3\.micro, .*t4g\.2xlarge \[I1\]$/,
    );
  });

  test('when overrides break rules, all at once', () => {
    expect(() =>
      serve({
        nginxDirectives: { proxy_read_timeout: '30s', keepalive_timeout: '5s' },
        appServer: AppServer.gunicorn({ settings: { timeout: 20 }, workerClass: WorkerClass.SYNC }),
      }),
    ).toThrow(/\[A1\]\n[^]*\[A2\]\n[^]*\[B1\]\n/);
  });

  test.each(['; reboot', '1m; }', 'a\nb', 'a{', '"text/css', 'text/css\\'])(
    'when a directive has the value %j',
    (value) => {
      fails(
        { nginxDirectives: { gzip_types: value } },
        outOfLine(
          `nginxDirectives: "gzip_types" = ${JSON.stringify(value)} is not one directive: use a name in lower case and a value with each quote closed, without a new line, without ; { } # outside of quotes, and no \\ at its end [V1]`,
        ),
      );
    },
  );

  test('when another idle timeout is shorter than the request', () => {
    const stack = makeStack();
    const vpc = new ec2.Vpc(stack, 'Vpc', { natGateways: 0 });
    const loadBalancer = new elbv2.ApplicationLoadBalancer(stack, 'Mine', { vpc });
    const props = { vpc, loadBalancer, loadBalancerIdleTimeout: Duration.seconds(60) };
    expect(() => serve({ ...props, requestTimeout: Duration.seconds(90) }, stack)).toThrow(
      outOfLine(
        'nginx proxy_read_timeout (96 s) must be less than load balancer idle timeout (60 s), else the load balancer answers 504 without a cause, and nginx logs 499 instead of the reason; raise the idle timeout of the load balancer, or lower requestTimeout [A5]',
      ),
    );
  });

  test('when TLS of a Network Load Balancer cannot wait as long as the request', () => {
    const stack = makeStack();
    expect(() =>
      serve(
        {
          loadBalancerType: LoadBalancerType.NETWORK,
          certificate: acm.Certificate.fromCertificateArn(
            stack,
            'Certificate',
            'arn:aws:acm:us-east-1:123456789012:certificate/0a1b2c3d',
          ),
          requestTimeout: Duration.seconds(400),
        },
        stack,
      ),
    ).toThrow(/nginx proxy_read_timeout \(406 s\) must be less than load balancer idle timeout \(350 s\).*\[A9\]/);
  });
});

describe('fails with a token where a number is needed', () => {
  const message = (prop: string) =>
    new Error(
      `${prop} is a token and its value is not known at synthesis: every other number is derived from it, so give a literal value`,
    );
  const number = Token.asNumber({ Ref: 'Number' });

  test.each<[string, Partial<WebServiceProps>]>([
    ['requestTimeout', { requestTimeout: Duration.seconds(number) }],
    ['queueTimeout', { queueTimeout: Duration.seconds(Lazy.number({ produce: () => 3 })) }],
    ['upstreamTimeout', { upstreamTimeout: Duration.seconds(number) }],
    ['clientMaxBodySize', { clientMaxBodySize: Size.mebibytes(number) }],
    ['healthCheckInterval', { healthCheckInterval: Duration.seconds(number) }],
    ['healthCheckTimeout', { healthCheckTimeout: Duration.seconds(number) }],
    ['memoryPerWorker', { appServer: AppServer.gunicorn({ memoryPerWorker: Size.mebibytes(number) }) }],
    ['workers', { appServer: AppServer.gunicorn({ workers: number }) }],
    ['threads', { appServer: AppServer.gunicorn({ threads: number }) }],
    ['workerConnections', { appServer: AppServer.gunicorn({ workerConnections: number }) }],
    ['maxRequests', { appServer: AppServer.gunicorn({ maxRequests: number }) }],
  ])('as %s', (prop, props) => fails(props, message(prop)));

  test('as instanceType', () => fails({ instanceType: new ec2.InstanceType(Aws.STACK_NAME) }, message('instanceType')));
});

describe('fails with values that would break out of their file', () => {
  test.each<[string, Partial<WebServiceProps>, string]>([
    [
      'a new line in the environment',
      { environment: { GREETING: 'hello\nEVIL=1' } },
      'environment GREETING "hello\\nEVIL=1" must not hold a line break or another control character: use secrets for it',
    ],
    [
      'a name that is none',
      { environment: { 'MY-NAME': 'x' } },
      'environment "MY-NAME" must be the name of a variable: letters, digits and underscores',
    ],
    [
      'a semicolon in a host name',
      { allowedHosts: ['example.com; return 200'] },
      'allowedHosts "example.com; return 200" must be a host name, as in the ALLOWED_HOSTS of Django',
    ],
    [
      'a brace in the path of the health check',
      { healthCheckPath: '/up {' },
      'healthCheckPath "/up {" must be a path of letters, digits and - _ . ~ / that starts with /',
    ],
    [
      'quotes in an address range',
      { trustedProxies: ['"10.0.0.0/8"'] },
      'trustedProxies "\\"10.0.0.0/8\\"" must be an address range, for example 10.0.0.0/16',
    ],
  ])('as %s', (_, props, message) => {
    expect(() => serve({ application: flask(), ...props })).toThrow(message);
  });

  test('as all of them at once', () => {
    expect(() => serve({ environment: { A: '\n' }, allowedHosts: ['{'], healthCheckPath: 'up' })).toThrow(
      /allowedHosts[^]*healthCheckPath[^]*environment A/,
    );
  });

  test('as the name of a secret', () => {
    const stack = makeStack();
    const secret = EnvironmentSecret.fromSecretsManager(new secretsmanager.Secret(stack, 'Secret'));
    expect(() => serve({ secrets: { 'A B': secret } }, stack)).toThrow(
      'secrets "A B" must be the name of a variable: letters, digits and underscores',
    );
  });

  test('as a variable with two values', () => {
    const stack = makeStack();
    const secret = EnvironmentSecret.fromSecretsManager(new secretsmanager.Secret(stack, 'Secret'));
    expect(() => serve({ environment: { A: '1', B: '2' }, secrets: { B: secret, C: secret } }, stack)).toThrow(
      new Error('environment and secrets both have B: give each once'),
    );
  });

  test('as variables that the machine needs for itself, wherever they are given', () => {
    const stack = makeStack();
    const secret = EnvironmentSecret.fromSecretsManager(new secretsmanager.Secret(stack, 'Secret'));
    const environment = { PYTHONPATH: 'lib', PATH: '/opt/bin', MY_PATH: '/x', GUNICORN_CMD_ARGS: '--workers=9' };
    const secrets = { PLUMBLINE_DATABASE_HOST: secret, MY_PLUMBLINE_KEY: secret };
    expect(() => serve({ environment, secrets }, stack)).toThrow(
      new Error(
        'environment PYTHONPATH (lib) would take the place of the one that finds the modules of the machine: use pythonPath of the application\n' +
          'environment PATH (/opt/bin) would take the place of the one that finds the programs of the release: put others into /usr/local/bin, which is in it\n' +
          'environment GUNICORN_CMD_ARGS (--workers=9) would overrule the plan: use AppServer.gunicorn, whose settings are checked\n' +
          "secrets PLUMBLINE_DATABASE_HOST is how the machine tells the application what it has: give it a name of the application's own",
      ),
    );
  });

  test.each(['PYTHONHOME', 'NOTIFY_SOCKET', 'LISTEN_FDS', 'LISTEN_PID', 'LISTEN_FDNAMES', 'WATCHDOG_USEC'])(
    'as %s, without which nothing starts',
    (name) => {
      expect(() => serve({ environment: { [name]: '1' } })).toThrow(`environment ${name} (1) `);
    },
  );

  test.each(['HOME', 'TMPDIR', 'TEMP', 'TMP', 'XDG_CACHE_HOME'])('as %s that cannot be written to', (name) => {
    for (const path of ['/app', '/tmpfiles', '/var/lib/application', '/tmp/../app', 'tmp', '', '/srv/data/media']) {
      expect(() => serve({ environment: { [name]: path } })).toThrow(
        new Error(
          `environment ${name} (${path}) is nothing that the service may write to: remove it, or give a folder below /var/lib/app, /var/tmp, /tmp or /dev/shm`,
        ),
      );
    }
  });

  test('but not as folders that can be written to, or that are not known yet', () => {
    const environment = {
      HOME: '/var/lib/app/home',
      TMPDIR: '/tmp/',
      TMP: Token.asString({ Ref: 'Tmp' }),
      LD_PRELOAD: '/usr/lib/x.so',
    };
    expect(() => serve({ environment })).not.toThrow();
    const media = Media.onInstance();
    expect(() => serve({ media, environment: { ...environment, TEMP: '/srv/data/media/tmp' } })).not.toThrow();
  });

  test('but not as variables that change nothing here, which are a warning', () => {
    const stack = makeStack();
    serve({ application: flask(), environment: { WEB_CONCURRENCY: '9', PORT: '8000', MAIL_PORT: '25' } }, stack);
    const warnings = Annotations.fromStack(stack).findWarning('*', Match.stringLikeRegexp('^environment '));
    expect(warnings.map(({ entry }) => (entry.data as string).replace(/ \[ack.*/, ''))).toEqual([
      'environment WEB_CONCURRENCY (9) changes no number of workers, which is planned: use workers of AppServer.gunicorn',
      'environment PORT (8000) changes no address: gunicorn is spoken to through a socket, and clients come to the load balancer',
    ]);
    expect(JSON.stringify(warnings)).toContain('cdk-plumbline:WebService.environmentWithoutEffect');
  });

  test.each(["it's", '"quoted"', '$HOME `date`', '100 %', 'a;b{c}#d', 'back\\slash', 'ünïcode'])(
    'but not as %j in the environment',
    (value) => {
      expect(() => serve({ application: flask(), environment: { GREETING: value } }).template()).not.toThrow();
    },
  );
});

describe('fails with user data over 16384 bytes', () => {
  test('and says by how much, and what to move', () => {
    const commands = Array.from(
      { length: 200 },
      (_, index) => `echo "a long line of the installation, number ${index}"`,
    );
    expect(() => serve({ application: flask(), extraCommands: commands }).template()).toThrow(
      /\[Test\/Site\/UserData\] user data can take (\d{5}) bytes, \d{4,5} more than the 16384 that EC2 accepts: move extraCommands \(1\d{4} bytes\) into a file of the application/,
    );
  });

  test('of a token that may become too long', () => {
    const environment = Object.fromEntries(
      Array.from({ length: 50 }, (_, index) => [
        `NAME_${index}`,
        Token.asString({ 'Fn::ImportValue': `Name${index}` }),
      ]),
    );
    expect(() => serve({ application: flask(), environment }).template()).toThrow(/move environment \(\d+ bytes\)/);
  });

  test('of the settings of paths', () => {
    const allow = Array.from({ length: 20 }, (_, index) => Token.asString({ 'Fn::ImportValue': `Range${index}` }));
    const locations = ['/a', '/b', '/c', '/d', '/e'].map((path) => ({ path, allow }));
    expect(() => serve({ application: flask(), locations }).template()).toThrow(
      /that EC2 accepts: shorten locations \(2\d{4} bytes\), where each token counts with the longest text that it may become/,
    );
  });

  test('of secrets', () => {
    const stack = makeStack();
    const secrets = Object.fromEntries(
      Array.from({ length: 60 }, (_, index) => {
        const secretCompleteArn = Token.asString({ 'Fn::ImportValue': `Secret${index}` });
        const secret = secretsmanager.Secret.fromSecretAttributes(stack, `Secret${index}`, { secretCompleteArn });
        return [`NAME_${index}`, EnvironmentSecret.fromSecretsManager(secret)];
      }),
    );
    expect(() => serve({ application: flask(), secrets }, stack).template()).toThrow(/shorten secrets \(\d+ bytes\)/);
  });

  test('also where commands are added later', () => {
    const { service, template } = serve({ application: flask() });
    service.userData.addCommands('#'.repeat(9000));
    expect(template).toThrow(/user data can take \d+ bytes/);
  });
});

describe('fails with props that contradict each other', () => {
  const stack = makeStack();
  const vpc = new ec2.Vpc(stack, 'Vpc', { natGateways: 0 });
  const loadBalancer = new elbv2.ApplicationLoadBalancer(stack, 'Mine', { vpc });
  const listener = loadBalancer.addListener('Http', { port: 80 });

  test.each<[string, Partial<WebServiceProps>, string]>([
    [
      'a load balancer whose idle timeout is not stated',
      { vpc, loadBalancer },
      'loadBalancerIdleTimeout is needed with loadBalancer: the idle timeout of a load balancer that is made elsewhere cannot be read, so state it (60 seconds unless somebody changed it)',
    ],
    [
      'an idle timeout without a load balancer',
      { loadBalancerIdleTimeout: Duration.seconds(120) },
      'loadBalancerIdleTimeout is derived for a load balancer that is made here: remove it, or give loadBalancer or listener',
    ],
    [
      'a listener whose host names are not known',
      { vpc, listener, loadBalancerIdleTimeout: Duration.seconds(120) },
      'allowedHosts is needed with listener: the name that clients use is not known here',
    ],
    [
      'no host name',
      { allowedHosts: [] },
      'allowedHosts must name at least one host: the health check carries the first',
    ],
    [
      'no request guard and no health check of the application',
      { application: flask(), requestGuard: false },
      'requestGuard is off, so that nothing answers the health check for the application: give healthCheckPath',
    ],
    [
      'a rule for a Network Load Balancer',
      { loadBalancerType: LoadBalancerType.NETWORK, listenerPriority: 3 },
      'listenerConditions and listenerPriority need an Application Load Balancer: remove them',
    ],
    [
      'two kinds of load balancer',
      {
        vpc,
        loadBalancer,
        loadBalancerType: LoadBalancerType.NETWORK,
        loadBalancerIdleTimeout: Duration.seconds(120),
      },
      'loadBalancer is part of an Application Load Balancer: remove loadBalancerType NETWORK',
    ],
  ])('as %s', (_, props, message) => {
    expect(() => serve({ ...props }, makeStack())).toThrow(new Error(message));
  });
});
