import { join } from 'node:path';
import { App, Duration, Stack } from 'aws-cdk-lib';
import * as acm from 'aws-cdk-lib/aws-certificatemanager';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import { Application, EnvironmentSecret, OperatingSystem, WebService } from '../../lib';

/** A service with HTTPS in a VPC that has been there for years: the instance in a private subnet, the load balancer in public ones. */
export const app = new App();
const stack = new Stack(app, 'ImportedVpc', { env: { account: '123456789012', region: 'eu-central-1' } });

const vpc = ec2.Vpc.fromVpcAttributes(stack, 'Vpc', {
  vpcId: 'vpc-0a1b2c3d4e5f60718',
  availabilityZones: ['eu-central-1a', 'eu-central-1b'],
  publicSubnetIds: ['subnet-0a1b2c3d4e5f60711', 'subnet-0a1b2c3d4e5f60712'],
  privateSubnetIds: ['subnet-0a1b2c3d4e5f60713', 'subnet-0a1b2c3d4e5f60714'],
});
const smtp = secretsmanager.Secret.fromSecretNameV2(stack, 'Smtp', 'production/smtp');

new WebService(stack, 'Site', {
  application: Application.fromAsset(join(__dirname, '../mysite'), { wsgi: 'mysite.wsgi:application' }),
  vpc,
  instanceType: ec2.InstanceType.of(ec2.InstanceClass.T4G, ec2.InstanceSize.MEDIUM),
  operatingSystem: OperatingSystem.UBUNTU_24_04,
  requestTimeout: Duration.seconds(45),
  certificate: acm.Certificate.fromCertificateArn(
    stack,
    'Certificate',
    'arn:aws:acm:eu-central-1:123456789012:certificate/0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9',
  ),
  domainName: 'reports.example.com',
  environment: { SMTP_HOST: 'smtp.example.com' },
  secrets: { SMTP_PASSWORD: EnvironmentSecret.fromSecretsManager(smtp, 'password') },
});
