import { join } from 'node:path';
import { App, Duration, Stack } from 'aws-cdk-lib';
import * as autoscaling from 'aws-cdk-lib/aws-autoscaling';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as iam from 'aws-cdk-lib/aws-iam';
import { Application, ApplicationLoadBalancing, OperatingSystem, RequestPathPlan, WebUserData } from '../../lib';

/** The parts alone: user data and load balancing around a launch template and an Auto Scaling group of one's own. */
export const app = new App();
const stack = new Stack(app, 'OwnLaunchTemplate');

const vpc = new ec2.Vpc(stack, 'Vpc', { maxAzs: 2, natGateways: 1 });
const instanceType = ec2.InstanceType.of(ec2.InstanceClass.T3, ec2.InstanceSize.MEDIUM);
const plan = RequestPathPlan.of({ instanceType, requestTimeout: Duration.seconds(30) });

const front = new ApplicationLoadBalancing(stack, 'Front', { vpc, plan });
const web = WebUserData.forPlan(stack, 'Web', {
  plan,
  application: Application.fromAsset(join(__dirname, '../mysite'), { wsgi: 'mysite.wsgi:application' }),
  operatingSystem: OperatingSystem.DEBIAN_13,
  allowedHosts: [front.loadBalancer!.loadBalancerDnsName],
});

const role = new iam.Role(stack, 'Role', { assumedBy: new iam.ServicePrincipal('ec2.amazonaws.com') });
web.grant(role);
const launchTemplate = new ec2.LaunchTemplate(stack, 'LaunchTemplate', {
  instanceType,
  machineImage: web.operatingSystem.machineImage(instanceType.architecture),
  userData: web.userData,
  role,
  httpTokens: ec2.LaunchTemplateHttpTokens.REQUIRED,
  securityGroup: new ec2.SecurityGroup(stack, 'SecurityGroup', { vpc }),
});

const group = new autoscaling.AutoScalingGroup(stack, 'Group', {
  vpc,
  launchTemplate,
  minCapacity: 2,
  maxCapacity: 4,
  signals: autoscaling.Signals.waitForAll({ timeout: Duration.minutes(15) }),
  updatePolicy: autoscaling.UpdatePolicy.rollingUpdate({ minInstancesInService: 2 }),
});
web.signalTo(group, role);
front.targetGroup.addTarget(group);
