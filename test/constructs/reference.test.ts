import { App, Duration } from 'aws-cdk-lib';
import { Match } from 'aws-cdk-lib/assertions';
import { referenceProps } from '../../bin/reference-context';
import { ReferenceStack } from '../../bin/reference-stack';
import { OperatingSystem } from '../../lib';
import { machineOf, templateOf as templateOfStack } from '../support/stacks';

const propsOf = (context: Record<string, unknown> = {}) => referenceProps((name) => context[name]);
const templateOf = (context: Record<string, unknown> = {}) =>
  templateOfStack(new ReferenceStack(new App(), 'Reference', propsOf(context)));

describe('the reference stack', () => {
  const template = templateOf();

  test('serves the sample on a t3.small with requests of 300 seconds', () => {
    const props = propsOf();
    expect(props.instanceType?.toString()).toBe('t3.small');
    expect(props.requestTimeout?.toSeconds()).toBe(300);
  });

  test('has the url and the plan as outputs', () => {
    template.hasOutput('Url', { Value: { 'Fn::Join': ['', ['http://', Match.anyValue()]] } });
    template.hasOutput('Plan', {
      Value:
        't3.small: 4 gthread workers, 32 slots; statement 297 s < request 300 s < gunicorn timeout 302 s' +
        ' < nginx proxy_read_timeout 306 s < load balancer idle 311 s; nginx keepalive_timeout 326 s, deregistration 311 s;' +
        ' mariadb: at most 78 of 100 connections',
    });
  });

  test('has a database on the instance, and says which volume holds it', () => {
    template.hasOutput('DataVolume', { Value: { Ref: Match.stringLikeRegexp('^SiteInstanceDataVolume') } });
    expect(machineOf(template)).toContain('mariadb118-server');
  });

  test('has neither volume nor secret of a database where there is none', () => {
    const outputs = Object.keys(templateOf({ database: 'none' }).findOutputs('*'));
    expect(outputs.sort()).toEqual(['Plan', 'Url']);
  });

  test.each([
    ['rds-mysql', 'mysql'],
    ['rds-mariadb', 'mariadb'],
    ['rds-postgres', 'postgres'],
  ])('makes a database in RDS with database=%s, and says which secret opens it', (database, engine) => {
    const made = templateOf({ database });
    made.hasResourceProperties('AWS::RDS::DBInstance', { Engine: engine });
    made.hasOutput('DatabaseSecret', { Value: { Ref: Match.stringLikeRegexp('SecretAttachment') } });
  });

  test.each([
    ['celery', 'redis', '/etc/systemd/system/celery.service'],
    ['rq', 'elasticache', '/etc/systemd/system/rq@.service'],
  ])('works on tasks with backgroundWorker=%s and cache=%s', (backgroundWorker, cache, unit) => {
    expect(machineOf(templateOf({ backgroundWorker, cache }))).toContain(`== ${unit}`);
  });

  test('speaks HTTPS with the ARN of a certificate', () => {
    const certificateArn = 'arn:aws:acm:us-east-1:123456789012:certificate/0a1b2c3d';
    templateOf({ certificateArn }).hasResourceProperties('AWS::ElasticLoadBalancingV2::Listener', {
      Port: 443,
      Certificates: [{ CertificateArn: certificateArn }],
    });
  });

  test.each(['t3.micro', 't3.medium', 't4g.2xlarge'])('fits on a %s', (instanceType) => {
    expect(() => templateOf({ instanceType })).not.toThrow();
  });
});

describe('the context', () => {
  test('decides on everything', () => {
    const props = propsOf({
      instanceType: 't4g.medium',
      requestTimeout: '45',
      queueTimeout: '1.5',
      workerClass: 'sync',
      preloadApp: 'true',
      requestGuard: 'false',
      os: 'debian-13',
      loadBalancer: 'network',
      database: 'postgres',
      cache: 'elasticache',
      backgroundWorker: 'rq',
      certificateArn: 'arn:aws-cn:acm:cn-north-1:123456789012:certificate/0a1b',
    });
    expect(props).toMatchObject({
      requestTimeout: Duration.millis(45_000),
      queueTimeout: Duration.millis(1500),
      requestGuard: false,
      loadBalancerType: 'network',
      certificateArn: 'arn:aws-cn:acm:cn-north-1:123456789012:certificate/0a1b',
    });
    expect(props.instanceType?.toString()).toBe('t4g.medium');
    expect(props.operatingSystem).toBe(OperatingSystem.DEBIAN_13);
    expect(props.appServer?._planInput()).toMatchObject({ workerClass: 'sync', preloadApp: true });
    expect(props.database?._planInput()).toMatchObject({ engine: 'postgresql', host: 'instance' });
    expect(props.cache?._planInput()).toMatchObject({ host: 'elasticache' });
    expect(props.backgroundWorkers?.map((worker) => worker._planInput().kind)).toEqual(['rq']);
  });

  test('may hold numbers and booleans, as in cdk.json', () => {
    expect(propsOf({ requestTimeout: 45, requestGuard: false })).toMatchObject({
      requestTimeout: Duration.millis(45_000),
      requestGuard: false,
    });
  });

  test('fails with one error that lists what is allowed', () => {
    expect(() =>
      propsOf({
        instanceType: 'm5.large',
        requestTimeout: 'long',
        workerClass: 'eventlet',
        os: 'windows',
        loadBalancer: 'classic',
        database: 'oracle',
        cache: 'memcached',
        backgroundWorker: 'celery',
        preloadApp: 'yes',
        certificateArn: 'mine',
      }),
    ).toThrow(
      new Error(
        [
          'context cannot be read:',
          'database "oracle" must be one of none, mysql, postgres, sqlite, rds-mysql, rds-mariadb, rds-postgres',
          'cache "memcached" must be one of none, redis, elasticache',
          'backgroundWorker "celery" must be one of none, celery, rq; celery and rq need a cache',
          'instanceType "m5.large" must be t3, t3a or t4g with a size from nano to 2xlarge, for example t3.small',
          'requestTimeout "long" must be a number of seconds, for example 300',
          'workerClass "eventlet" must be one of sync, gthread, gevent, asgi',
          'preloadApp "yes" must be true or false',
          'os "windows" must be one of amazon-linux-2023, ubuntu-24.04, ubuntu-26.04, debian-13',
          'loadBalancer "classic" must be one of application, network',
          'certificateArn "mine" must be the ARN of a certificate, arn:<partition>:acm:<region>:<account>:certificate/<id>',
        ].join('\n- '),
      ),
    );
  });
});
