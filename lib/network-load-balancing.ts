import { Duration, Validations } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as elbv2 from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import { Construct } from 'constructs';
import { certificateFor, domainProblems, recordFor } from './domain';
import { DEFAULT_HEALTH_CHECK_PATH, type HealthCheckProps } from './health-check';
import type { FrontDoorProps } from './load-balancing-props';
import { FRONT_DOOR_TYPES } from './load-balancing-types';
import { otherEnvironments } from './other-stacks';
import { reportViolations } from './plan-violations';
import { refuse } from './plan/refuse';
import { STRING, VPC, arrayOf, needed, refuseOtherTypes, withMember, type PropTypes } from './prop-types';
import { PLAN, type RequestPathPlan } from './request-path-plan';
import { vpcProblems, vpcsOfSubnets } from './vpcs';
import { placeOfLoadBalancerProblems } from './zones';

/** Props of `NetworkLoadBalancing`. */
export interface NetworkLoadBalancingProps extends FrontDoorProps, HealthCheckProps {
  /** The numbers, with `loadBalancerType` NETWORK. */
  readonly plan: RequestPathPlan;

  /** Where the load balancer and its targets are. */
  readonly vpc: ec2.IVpc;

  /**
   * What serves on port 80, for example an `InstanceTarget` or an Auto Scaling group.
   *
   * @default - none: add them to `targetGroup`
   */
  readonly targets?: elbv2.INetworkLoadBalancerTarget[];
}

const TYPES: PropTypes<NetworkLoadBalancingProps> = {
  ...FRONT_DOOR_TYPES,
  plan: PLAN,
  vpc: needed(VPC),
  healthCheckPath: STRING,
  targets: arrayOf(
    withMember('attachToNetworkTargetGroup', 'a target, for example a WebInstance'),
    'an array of targets, for example [webInstance]',
  ),
};

/**
 * A Network Load Balancer, its listener and a target group with the numbers of a plan.
 *
 * Resources defined: load balancer and security group, listener, target group; certificate and record where a `hostedZone` is given.
 */
export class NetworkLoadBalancing extends Construct {
  /** The load balancer. */
  public readonly loadBalancer: elbv2.NetworkLoadBalancer;

  /** The listener: TLS on port 443 with a certificate, TCP on port 80 without. */
  public readonly listener: elbv2.NetworkListener;

  /** The target group. */
  public readonly targetGroup: elbv2.NetworkTargetGroup;

  /** Whether clients speak TLS to the load balancer. */
  public readonly secure: boolean;

  constructor(scope: Construct, id: string, props: NetworkLoadBalancingProps) {
    super(scope, id);
    refuseOtherTypes(props, TYPES);
    reportViolations(this, props.plan);
    refuse(networkLoadBalancingProblems(this, props));
    const { loadBalancer } = props.plan;
    const internetFacing = props.internetFacing ?? true;
    const certificate = certificateFor(this, props);
    this.secure = certificate !== undefined;
    const port = this.secure ? 443 : 80;

    // stated, because whether there is one hangs on a feature flag
    const securityGroup = new ec2.SecurityGroup(this, 'SecurityGroup', {
      vpc: props.vpc,
      description: 'Network Load Balancer',
      allowAllOutbound: false,
    });
    if (props.openListener ?? internetFacing) {
      securityGroup.addIngressRule(ec2.Peer.anyIpv4(), ec2.Port.tcp(port), 'Clients');
    }

    this.loadBalancer = new elbv2.NetworkLoadBalancer(this, 'LoadBalancer', {
      vpc: props.vpc,
      vpcSubnets: props.loadBalancerSubnets,
      internetFacing,
      securityGroups: [securityGroup],
      // one instance serves, in one zone
      crossZoneEnabled: true,
      deletionProtection: props.deletionProtection ?? false,
    });
    if (props.accessLogsBucket) this.loadBalancer.logAccessLogs(props.accessLogsBucket);

    this.targetGroup = new elbv2.NetworkTargetGroup(this, 'TargetGroup', {
      vpc: props.vpc,
      port: 80,
      protocol: elbv2.Protocol.TCP,
      targetType: elbv2.TargetType.INSTANCE,
      targets: props.targets,
      deregistrationDelay: Duration.seconds(loadBalancer.deregistrationDelay),
      healthCheck: {
        protocol: elbv2.Protocol.HTTP,
        path: props.healthCheckPath ?? DEFAULT_HEALTH_CHECK_PATH,
        healthyHttpCodes: '200',
        interval: Duration.seconds(loadBalancer.healthCheckInterval),
        timeout: Duration.seconds(loadBalancer.healthCheckTimeout),
        healthyThresholdCount: loadBalancer.healthyThresholdCount,
        unhealthyThresholdCount: loadBalancer.unhealthyThresholdCount,
      },
    });
    this.listener = this.loadBalancer.addListener('Listener', {
      port,
      protocol: this.secure ? elbv2.Protocol.TLS : elbv2.Protocol.TCP,
      certificates: certificate && [elbv2.ListenerCertificate.fromCertificateManager(certificate)],
      sslPolicy: certificate && elbv2.SslPolicy.RECOMMENDED_TLS,
      defaultTargetGroups: [this.targetGroup],
      // the idle timeout of a TLS listener is 350 s and cannot be changed
      tcpIdleTimeout: this.secure ? undefined : Duration.seconds(loadBalancer.idleTimeout),
    });
    recordFor(this, props, this.loadBalancer);
    if (!this.secure && internetFacing) {
      Validations.of(this).addWarning(
        'cdk-plumbline:NetworkLoadBalancing.noTls',
        'clients send passwords and cookies in the clear: give certificate, or domainName with hostedZone',
      );
    }
  }
}

/** What a load balancer cannot be made with, one message each. */
export function networkLoadBalancingProblems(
  scope: Construct,
  props: Omit<NetworkLoadBalancingProps, 'vpc'> & { readonly vpc?: ec2.IVpc },
): string[] {
  const { vpc, certificate, accessLogsBucket, loadBalancerSubnets } = props;
  const problems = otherEnvironments(scope, { vpc, certificate, accessLogsBucket });
  if (props.plan.loadBalancer.type !== 'network') {
    problems.push(
      'the plan is made for an Application Load Balancer: use ApplicationLoadBalancing, or loadBalancerType NETWORK',
    );
  }
  const ofAnother = vpcProblems(
    vpc,
    { loadBalancerSubnets: vpcsOfSubnets(loadBalancerSubnets) },
    'a load balancer reaches targets of its own VPC alone',
  );
  problems.push(...ofAnother, ...domainProblems(props));
  if (vpc && ofAnother.length === 0) problems.push(...placeOfLoadBalancerProblems(vpc, props));
  return problems;
}
