import { join } from 'node:path';
import { App, Duration, Stack } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as elbv2 from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import { Application, WebService } from '../../lib';

/** Two services share a load balancer and its listener: one by path, with long requests, and one by default. */
export const app = new App();
const stack = new Stack(app, 'OwnLoadBalancer');

const vpc = new ec2.Vpc(stack, 'Vpc', { maxAzs: 2, natGateways: 1 });
const loadBalancerIdleTimeout = Duration.seconds(200);
const loadBalancer = new elbv2.ApplicationLoadBalancer(stack, 'LoadBalancer', {
  vpc,
  internetFacing: true,
  idleTimeout: loadBalancerIdleTimeout,
});
const listener = loadBalancer.addListener('Http', { port: 80 });
const application = Application.fromAsset(join(__dirname, '../mysite'), { wsgi: 'mysite.wsgi:application' });

new WebService(stack, 'Site', { application, vpc, loadBalancer, listener, loadBalancerIdleTimeout });

new WebService(stack, 'Reports', {
  application,
  vpc,
  loadBalancer,
  listener,
  loadBalancerIdleTimeout,
  listenerConditions: [elbv2.ListenerCondition.pathPatterns(['/reports/*'])],
  listenerPriority: 10,
  requestTimeout: Duration.minutes(3),
});
