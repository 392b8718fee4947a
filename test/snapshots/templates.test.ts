import { App, Duration, Stack } from 'aws-cdk-lib';
import * as acm from 'aws-cdk-lib/aws-certificatemanager';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import { ReferenceStack } from '../../bin/reference-stack';
import { referenceProps } from '../../bin/reference-context';
import { AppServer, EnvironmentSecret, OperatingSystem, WorkerClass } from '../../lib';
import { template as serializer } from '../support/serializers';
import { FLAGS, flask, makeStack, serve, templateOf } from '../support/stacks';

expect.addSnapshotSerializer(serializer);

// Tripwires, few on purpose: what is meant stands in the tests of the constructs.
describe.each(FLAGS)('with %s', (_, flags) => {
  test('the smallest service', () => {
    expect(serve({}, makeStack({ flags })).template()).toMatchSnapshot();
  });
});

test('a service with nearly everything', () => {
  const stack: Stack = makeStack({ env: { account: '123456789012', region: 'eu-central-1' } });
  const vpc = ec2.Vpc.fromVpcAttributes(stack, 'Vpc', {
    vpcId: 'vpc-0a1b2c3d4e5f60718',
    availabilityZones: ['eu-central-1a', 'eu-central-1b'],
    publicSubnetIds: ['subnet-0a1b2c3d4e5f60711', 'subnet-0a1b2c3d4e5f60712'],
    privateSubnetIds: ['subnet-0a1b2c3d4e5f60713', 'subnet-0a1b2c3d4e5f60714'],
  });
  const certificateArn = 'arn:aws:acm:eu-central-1:123456789012:certificate/0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9';
  const { template } = serve(
    {
      application: flask(),
      vpc,
      instanceType: ec2.InstanceType.of(ec2.InstanceClass.T4G, ec2.InstanceSize.MEDIUM),
      operatingSystem: OperatingSystem.UBUNTU_24_04,
      requestTimeout: Duration.seconds(45),
      queueTimeout: Duration.seconds(3),
      appServer: AppServer.gunicorn({ workerClass: WorkerClass.GEVENT, settings: { limit_request_fields: 70 } }),
      certificate: acm.Certificate.fromCertificateArn(stack, 'Certificate', certificateArn),
      domainName: 'reports.example.com',
      deletionProtection: true,
      healthCheckPath: '/up',
      environment: { SMTP_HOST: 'smtp.example.com' },
      secrets: {
        SMTP_PASSWORD: EnvironmentSecret.fromSecretsManager(
          secretsmanager.Secret.fromSecretNameV2(stack, 'Smtp', 'production/smtp'),
          'password',
        ),
      },
      nginxDirectives: { gzip_comp_level: '6' },
      extraCommands: ['echo installed'],
    },
    stack,
  );
  expect(template()).toMatchSnapshot();
});

test.each<[string, Record<string, string>]>([
  ['its database on the instance', { database: 'mysql' }],
  [
    'a database in RDS, a cache in ElastiCache and Celery',
    { database: 'rds-postgres', cache: 'elasticache', backgroundWorker: 'celery' },
  ],
])('the reference stack with %s', (_, context) => {
  const stack = new ReferenceStack(
    new App(),
    'Reference',
    referenceProps((name) => context[name]),
  );
  expect(templateOf(stack)).toMatchSnapshot();
});
