import { Duration, Validations } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as elbv2 from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import { Construct } from 'constructs';
import { certificateFor, domainProblems, recordFor } from './domain';
import { forwardedProblems } from './forwarded-header';
import { DEFAULT_HEALTH_CHECK_PATH, type HealthCheckProps } from './health-check';
import { idleTimeoutProblems } from './idle-timeout';
import {
  defaultProblems,
  endpointOf,
  forwardByDefault,
  portProblems,
  priorityProblems,
  ruleProblems,
} from './listeners';
import { loadBalancerOf } from './load-balancer-attributes';
import type { ApplicationFrontDoorProps } from './load-balancing-props';
import { APPLICATION_FRONT_DOOR_TYPES } from './load-balancing-types';
import { listenerHere, loadBalancerHere, otherEnvironments } from './other-stacks';
import { reportViolations } from './plan-violations';
import { refuse } from './plan/refuse';
import { STRING, VPC, arrayOf, needed, refuseOtherTypes, withMember, type PropTypes } from './prop-types';
import { PLAN, type RequestPathPlan } from './request-path-plan';
import { vpcProblems, vpcsOfGroups, vpcsOfLoadBalancer, vpcsOfSubnets } from './vpcs';
import { defaultSubnets, placeOfLoadBalancerProblems, zoneProblems } from './zones';

/** Props of `ApplicationLoadBalancing`. */
export interface ApplicationLoadBalancingProps extends ApplicationFrontDoorProps, HealthCheckProps {
  /** The numbers. */
  readonly plan: RequestPathPlan;

  /** Where the load balancer and its targets are. */
  readonly vpc: ec2.IVpc;

  /**
   * What serves on port 80, for example an `InstanceTarget` or an Auto Scaling group.
   *
   * @default - none: add them to `targetGroup`
   */
  readonly targets?: elbv2.IApplicationLoadBalancerTarget[];
}

const TYPES: PropTypes<ApplicationLoadBalancingProps> = {
  ...APPLICATION_FRONT_DOOR_TYPES,
  plan: PLAN,
  vpc: needed(VPC),
  healthCheckPath: STRING,
  targets: arrayOf(
    withMember('attachToApplicationTargetGroup', 'a target, for example a WebInstance'),
    'an array of targets, for example [webInstance]',
  ),
};

/**
 * An Application Load Balancer, its listeners and a target group with the numbers of a plan; or a target group with these numbers
 * behind a load balancer or a listener that is made elsewhere.
 *
 * Resources defined: load balancer and security group, listeners, target group; certificate and record where a `hostedZone` is given.
 *
 * Security considerations: headers with invalid names are dropped; with a certificate, HTTP is redirected to HTTPS and TLS is 1.2 or newer.
 */
export class ApplicationLoadBalancing extends Construct {
  /** The load balancer; undefined where only a listener was given. */
  public readonly loadBalancer?: elbv2.IApplicationLoadBalancer;

  /** The listener that forwards to `targetGroup`. */
  public readonly listener: elbv2.IApplicationListener;

  /** The listener that redirects HTTP to HTTPS, where there is a certificate. */
  public readonly redirectListener?: elbv2.ApplicationListener;

  /** The target group. */
  public readonly targetGroup: elbv2.ApplicationTargetGroup;

  /** Whether clients speak HTTPS; undefined behind an imported listener that does not say so by port 443 or 80. */
  public readonly secure?: boolean;

  /**
   * Port that clients connect to, where it is known.
   *
   * @internal
   */
  public readonly _port?: number;

  constructor(scope: Construct, id: string, props: ApplicationLoadBalancingProps) {
    super(scope, id);
    refuseOtherTypes(props, TYPES);
    reportViolations(this, props.plan);
    refuse(applicationLoadBalancingProblems(this, props));
    this.node.addValidation({ validate: () => idleTimeoutProblems(props, props.plan) });

    this.targetGroup = this.makeTargetGroup(props);
    if (props.listener) {
      const endpoint = endpointOf(props.listener);
      this.secure = endpoint?.secure;
      this._port = endpoint?.port;
      this.loadBalancer = props.loadBalancer;
      this.listener = props.listener;
      this.forwardFrom(props.listener, props);
      return;
    }

    const loadBalancer = props.loadBalancer ?? this.makeLoadBalancer(props);
    const certificate = certificateFor(this, props);
    const internetFacing = props.internetFacing ?? true;
    const open = props.openListener ?? internetFacing;
    this.secure = certificate !== undefined;
    this.loadBalancer = loadBalancer;
    const listen = (id: string, listener: elbv2.BaseApplicationListenerProps) =>
      this.listen(id, { ...listener, open }, props);
    if (certificate) {
      this.listener = listen('Https', {
        port: 443,
        protocol: elbv2.ApplicationProtocol.HTTPS,
        certificates: [elbv2.ListenerCertificate.fromCertificateManager(certificate)],
        // stated, because the default hangs on a feature flag
        sslPolicy: elbv2.SslPolicy.RECOMMENDED_TLS,
        defaultTargetGroups: [this.targetGroup],
      });
      this.redirectListener = listen('Http', {
        port: 80,
        protocol: elbv2.ApplicationProtocol.HTTP,
        defaultAction: elbv2.ListenerAction.redirect({ protocol: 'HTTPS', port: '443', permanent: true }),
      });
    } else {
      this.listener = listen('Http', {
        port: 80,
        protocol: elbv2.ApplicationProtocol.HTTP,
        defaultTargetGroups: [this.targetGroup],
      });
    }
    recordFor(this, props, loadBalancer);
    if (!this.secure && internetFacing) {
      Validations.of(this).addWarning(
        'cdk-plumbline:ApplicationLoadBalancing.noHttps',
        'clients send passwords and cookies in the clear: give certificate, or domainName with hostedZone',
      );
    }
  }

  /** A listener of the load balancer that is made here, or one made here of a load balancer that is made elsewhere. */
  private listen(
    id: string,
    listener: elbv2.BaseApplicationListenerProps,
    { loadBalancer: given }: ApplicationLoadBalancingProps,
  ): elbv2.ApplicationListener {
    if (!given) return (this.loadBalancer as elbv2.ApplicationLoadBalancer).addListener(id, listener);
    const loadBalancer = loadBalancerHere(this, given);
    if (listener.open && loadBalancer !== given && given.ipAddressType === elbv2.IpAddressType.DUAL_STACK) {
      loadBalancer.connections.allowFrom(ec2.Peer.anyIpv6(), ec2.Port.tcp(listener.port!));
    }

    return new elbv2.ApplicationListener(this, id, { ...listener, loadBalancer });
  }

  /** A rule of its own where there are conditions, so that many services can share a listener; else the default action. */
  private forwardFrom(listener: elbv2.IApplicationListener, props: ApplicationLoadBalancingProps): void {
    const targetGroups = [this.targetGroup];
    if (props.listenerConditions && props.listenerPriority !== undefined) {
      const rule = new elbv2.ApplicationListenerRule(this, 'Rule', {
        listener: listenerHere(this, listener),
        targetGroups,
        conditions: props.listenerConditions,
        priority: props.listenerPriority,
      });
      // of the rules that come later too
      rule.node.addValidation({ validate: () => priorityProblems(listener, props.listenerPriority, rule) });
    } else {
      forwardByDefault(this, listener, targetGroups);
    }
  }

  private makeTargetGroup(props: ApplicationLoadBalancingProps): elbv2.ApplicationTargetGroup {
    const { loadBalancer } = props.plan;
    return new elbv2.ApplicationTargetGroup(this, 'TargetGroup', {
      vpc: props.vpc,
      port: 80,
      protocol: elbv2.ApplicationProtocol.HTTP,
      targetType: elbv2.TargetType.INSTANCE,
      targets: props.targets,
      deregistrationDelay: Duration.seconds(loadBalancer.deregistrationDelay),
      loadBalancingAlgorithmType: elbv2.TargetGroupLoadBalancingAlgorithmType.ROUND_ROBIN,
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
  }

  private makeLoadBalancer(props: ApplicationLoadBalancingProps): elbv2.ApplicationLoadBalancer {
    const loadBalancer = new elbv2.ApplicationLoadBalancer(this, 'LoadBalancer', {
      vpc: props.vpc,
      vpcSubnets: props.loadBalancerSubnets,
      internetFacing: props.internetFacing ?? true,
      idleTimeout: Duration.seconds(props.plan.loadBalancer.idleTimeout),
      dropInvalidHeaderFields: true,
      // REMOTE_PORT: who is behind an address that many share is told by it
      preserveXffClientPort: true,
      deletionProtection: props.deletionProtection ?? false,
    });
    if (props.accessLogsBucket) loadBalancer.logAccessLogs(props.accessLogsBucket);
    return loadBalancer;
  }
}

/** What a load balancer cannot be made or used with, one message each. */
export function applicationLoadBalancingProblems(
  scope: Construct,
  props: Omit<ApplicationLoadBalancingProps, 'vpc'> & { readonly vpc?: ec2.IVpc },
): string[] {
  const { vpc, loadBalancer, listener, certificate, accessLogsBucket } = props;
  const problems = otherEnvironments(scope, { vpc, loadBalancer, listener, certificate, accessLogsBucket });
  if (props.plan.loadBalancer.type !== 'application') {
    problems.push('the plan is made for a Network Load Balancer: use NetworkLoadBalancing');
  }
  const elsewhere = listener ? 'listener' : loadBalancer ? 'loadBalancer' : undefined;
  const settled = {
    internetFacing: props.internetFacing,
    loadBalancerSubnets: props.loadBalancerSubnets,
    accessLogsBucket: props.accessLogsBucket,
    deletionProtection: props.deletionProtection,
    ...(listener && {
      certificate: props.certificate,
      hostedZone: props.hostedZone,
      openListener: props.openListener,
    }),
  };
  for (const [name, value] of Object.entries(settled)) {
    if (elsewhere && value !== undefined) {
      problems.push(`${name} has no effect on a ${elsewhere} that is made elsewhere: set it there`);
    }
  }
  problems.push(...placeProblems(props), ...domainProblems(props));
  if (!listener && (props.listenerConditions ?? props.listenerPriority) !== undefined) {
    problems.push('listenerConditions and listenerPriority belong to a listener that is made elsewhere: give listener');
  }
  if ((props.listenerConditions === undefined) !== (props.listenerPriority === undefined)) {
    problems.push('listenerConditions and listenerPriority make one rule: give both or neither');
  } else if (listener && !props.listenerConditions) {
    problems.push(...defaultProblems(scope, listener));
  } else if (listener) {
    problems.push(...ruleProblems(props.listenerConditions!, props.listenerPriority!));
    problems.push(...priorityProblems(listener, props.listenerPriority));
  }
  if (loadBalancer && !listener) {
    problems.push(...portProblems(loadBalancer, (certificate ?? props.hostedZone) ? [443, 80] : [80]));
  }
  problems.push(...forwardedProblems(loadBalancer, listener));
  return problems;
}

/** What is not where it has to be: VPCs, and zones of subnets. */
function placeProblems(props: Omit<ApplicationLoadBalancingProps, 'vpc'> & { readonly vpc?: ec2.IVpc }): string[] {
  const { vpc, loadBalancer, listener, loadBalancerSubnets } = props;
  const ofListener = loadBalancerOf(listener);
  const problems = vpcProblems(
    vpc,
    {
      loadBalancer: loadBalancer ? vpcsOfLoadBalancer(loadBalancer) : [],
      listener: [
        ...(ofListener ? vpcsOfLoadBalancer(ofListener) : []),
        ...(listener ? vpcsOfGroups(listener.connections.securityGroups) : []),
      ],
      loadBalancerSubnets: vpcsOfSubnets(loadBalancerSubnets),
    },
    'a load balancer reaches targets of its own VPC alone',
  );
  if (!vpc || loadBalancer || listener || problems.length > 0) return problems;
  const prop = loadBalancerSubnets ? 'loadBalancerSubnets' : 'vpc';
  const subnets = loadBalancerSubnets ?? defaultSubnets(props.internetFacing ?? true);
  return [
    ...zoneProblems(vpc, prop, subnets, 'an Application Load Balancer'),
    ...placeOfLoadBalancerProblems(vpc, props),
  ];
}
