import { EnvironmentSecret, Media } from '../../lib';
import { any, failsWithEach, serviceWith, type Input } from '../support/wrong-inputs';

const props = (title: string, given: Record<string, unknown>, message: string): Input => [
  title,
  (stack) => serviceWith(stack, given),
  message,
];
const value = (title: string, make: () => unknown, message: string): Input => [title, make, message];

describe('what has the member that a construct is known by, and is none', () => {
  failsWithEach([
    props(
      'an object for a VPC',
      { vpc: { vpcId: 'vpc-0a1b2c3d' } },
      `vpc (an object) must be an ec2.IVpc, for example ec2.Vpc.fromLookup(this, 'Vpc', { vpcId })`,
    ),
    props(
      'an object for a role',
      { role: { roleArn: 'arn:aws:iam::123456789012:role/mine' } },
      `role (an object) must be an iam.IRole, for example iam.Role.fromRoleName(this, 'Role', 'name')`,
    ),
    props(
      'an object for a certificate',
      { certificate: { certificateArn: 'arn' } },
      `certificate (an object) must be an acm.ICertificate, for example acm.Certificate.fromCertificateArn(this, 'Certificate', arn)`,
    ),
    props(
      'an object for a zone',
      { hostedZone: { hostedZoneId: 'Z1', zoneName: 'example.com' } },
      `hostedZone (an object) must be a route53.IHostedZone, for example route53.HostedZone.fromLookup(this, 'Zone', { domainName })`,
    ),
    props(
      'an object for a load balancer',
      { loadBalancer: { loadBalancerArn: 'arn' } },
      'loadBalancer (an object) must be an elbv2.IApplicationLoadBalancer',
    ),
    props(
      'an object for a listener',
      { listener: { listenerArn: 'arn' } },
      'listener (an object) must be an elbv2.IApplicationListener',
    ),
    props(
      'an object for subnets',
      { vpcSubnets: { subnets: [{ subnetId: 'subnet-1' }] } },
      'vpcSubnets.subnets[0] (an object) must be an ec2.ISubnet',
    ),
    value(
      'an object for a bucket',
      () => Media.bucket(any({ bucketArn: 'arn', bucketName: 'name' })),
      `bucket (an object) must be an s3.IBucket, for example s3.Bucket.fromBucketName(this, 'Bucket', 'name')`,
    ),
    value(
      'an object for a secret',
      () => EnvironmentSecret.fromSecretsManager(any({ secretArn: 'arn' })),
      `secret (an object) must be a secretsmanager.ISecret, for example secretsmanager.Secret.fromSecretNameV2(this, 'Secret', 'name')`,
    ),
    value(
      'an object for a parameter',
      () => EnvironmentSecret.fromSsmParameter(any({ parameterName: '/name' })),
      `parameter (an object) must be an ssm.IParameter, for example ssm.StringParameter.fromStringParameterName(this, 'Parameter', 'name')`,
    ),
    value(
      'an object for a volume and its key',
      () => Media.onInstance({ volume: any({ volumeId: 'vol-1' }), encryptionKey: any({ keyArn: 'arn' }) }),
      `volume (an object) must be an ec2.IVolume, for example ec2.Volume.fromVolumeAttributes(this, 'Volume', { volumeId, availabilityZone })\nencryptionKey (an object) must be a kms.IKey, for example kms.Key.fromKeyArn(this, 'Key', arn)`,
    ),
  ]);
});
