/** The resources of the reference stack as somebody would write them without the library: the other side of the comparison. */
import { join } from 'node:path';
import { App, Aws, CfnOutput, Duration, Stack } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as elbv2 from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import * as iam from 'aws-cdk-lib/aws-iam';
import { Asset } from 'aws-cdk-lib/aws-s3-assets';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';

const stack = new Stack(new App(), 'ByHand');

const vpc = new ec2.Vpc(stack, 'Vpc', {
  maxAzs: 2,
  natGateways: 0,
  subnetConfiguration: [{ name: 'Public', subnetType: ec2.SubnetType.PUBLIC, mapPublicIpOnLaunch: false }],
  restrictDefaultSecurityGroup: false,
});

const runtime = join(__dirname, '../../runtime');
const application = new Asset(stack, 'Application', { path: join(runtime, 'sample') });
const modules = new Asset(stack, 'Modules', { path: runtime, exclude: ['sample', 'tests', '*.toml'] });
const secret = new secretsmanager.Secret(stack, 'SecretKey', {
  generateSecretString: { passwordLength: 50, excludePunctuation: true },
});

const role = new iam.Role(stack, 'Role', { assumedBy: new iam.ServicePrincipal('ec2.amazonaws.com') });
application.grantRead(role);
modules.grantRead(role);
secret.grantRead(role);
role.addToPolicy(new iam.PolicyStatement({ actions: ['cloudformation:SignalResource'], resources: [Aws.STACK_ID] }));
role.addToPolicy(
  new iam.PolicyStatement({
    actions: ['ssm:UpdateInstanceInformation', 'ssmmessages:CreateControlChannel', 'ssmmessages:OpenControlChannel'],
    resources: ['*'],
  }),
);

// As many bytes as ours, and as many values that are known at deployment only.
const userData = ec2.UserData.forLinux();
userData.addCommands(
  'set -Eeuo pipefail',
  `aws s3 cp ${application.s3ObjectUrl} /tmp/application.zip`,
  `aws s3 cp ${modules.s3ObjectUrl} /tmp/modules.zip`,
  `aws secretsmanager get-secret-value --secret-id ${secret.secretArn}`,
  ...Array.from({ length: 110 }, (_, line) => `# ${String(line).padEnd(98, '-')}`),
);

const instance = new ec2.Instance(stack, 'Instance', {
  vpc,
  vpcSubnets: { subnetType: ec2.SubnetType.PUBLIC },
  associatePublicIpAddress: true,
  instanceType: new ec2.InstanceType('t3.small'),
  machineImage: ec2.MachineImage.latestAmazonLinux2023(),
  role,
  securityGroup: new ec2.SecurityGroup(stack, 'InstanceSecurityGroup', { vpc }),
  userData,
  userDataCausesReplacement: true,
  resourceSignalTimeout: Duration.minutes(15),
  httpTokens: ec2.HttpTokens.REQUIRED,
  blockDevices: [
    {
      deviceName: '/dev/xvda',
      volume: ec2.BlockDeviceVolume.ebs(16, { volumeType: ec2.EbsDeviceVolumeType.GP3, encrypted: true }),
    },
  ],
});
instance.node.addDependency(vpc.internetConnectivityEstablished);

const loadBalancer = new elbv2.ApplicationLoadBalancer(stack, 'LoadBalancer', {
  vpc,
  internetFacing: true,
  idleTimeout: Duration.seconds(311),
  dropInvalidHeaderFields: true,
});
const targetGroup = new elbv2.ApplicationTargetGroup(stack, 'TargetGroup', {
  vpc,
  port: 80,
  protocol: elbv2.ApplicationProtocol.HTTP,
  targetType: elbv2.TargetType.INSTANCE,
  deregistrationDelay: Duration.seconds(311),
  healthCheck: { path: '/health', interval: Duration.seconds(10), timeout: Duration.seconds(5) },
});
targetGroup.addTarget({
  attachToApplicationTargetGroup: (group) => {
    group.registerConnectable(instance, ec2.Port.tcp(80));
    return { targetType: elbv2.TargetType.INSTANCE, targetJson: { id: instance.instanceId, port: 80 } };
  },
});
loadBalancer.addListener('Http', { port: 80, defaultTargetGroups: [targetGroup] });

new CfnOutput(stack, 'Url', { value: `http://${loadBalancer.loadBalancerDnsName}` });
