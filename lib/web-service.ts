import type { MachineProps } from './machine-props';
import { Duration } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import type * as elbv2 from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import type * as iam from 'aws-cdk-lib/aws-iam';
import type * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';
import { ApplicationLoadBalancing, applicationLoadBalancingProblems } from './application-load-balancing';
import { DataServices } from './data-services';
import { canBeAliased, dnsNameOf, domainNameOf, urlOf } from './domain';
import type { ApplicationFrontDoorProps } from './load-balancing-props';
import { APPLICATION_FRONT_DOOR_TYPES } from './load-balancing-types';
import { MACHINE_TYPES } from './machine-props';
import { NetworkLoadBalancing, networkLoadBalancingProblems } from './network-load-balancing';
import { violationsOf, warnOfViolations } from './plan-violations';
import { refuse } from './plan/refuse';
import { VPC, refuseOtherTypes, strings, type PropTypes } from './prop-types';
import { LoadBalancerType, REQUEST_PATH_TYPES, RequestPathPlan, type RequestPathProps } from './request-path-plan';
import { rangesOf } from './vpc-ranges';
import { INSTANCE_OPTIONS_TYPES, WebInstance, instanceProblems, type InstanceOptions } from './web-instance';
import { WebUserData } from './web-user-data';

/** Props of `WebService`. */
export interface WebServiceProps extends RequestPathProps, MachineProps, ApplicationFrontDoorProps, InstanceOptions {
  /**
   * Where the service is.
   *
   * @default - a VPC with public subnets in two zones and no NAT gateway, and isolated ones for a database in RDS or a cache in ElastiCache;
   * subnets are laid out once, so give a VPC of your own where a database may come later
   */
  readonly vpc?: ec2.IVpc;

  /**
   * Host names that the application answers to. The health check carries the first.
   *
   * @default - `domainName` and the DNS name of the load balancer
   */
  readonly allowedHosts?: string[];
}

const TYPES: PropTypes<WebServiceProps> = {
  ...REQUEST_PATH_TYPES,
  ...MACHINE_TYPES,
  ...APPLICATION_FRONT_DOOR_TYPES,
  ...INSTANCE_OPTIONS_TYPES,
  vpc: VPC,
  allowedHosts: strings('www.example.com'),
};

/** The idle timeout of a TLS listener of a Network Load Balancer cannot be changed. */
const TLS_LISTENER_IDLE = Duration.seconds(350);

/**
 * A web application on one instance behind a load balancer, with every timeout, worker and connection in line.
 *
 * Resources defined: VPC (where none is given), load balancer with listeners and target group, instance with role and security group,
 * assets of the application, a secret for Django's `SECRET_KEY` where it is needed; what `DataServices` and `WebInstance` define for a
 * database, a cache and files.
 *
 * Security considerations: IMDSv2 only, encrypted volume, Session Manager instead of SSH, no inbound but from the load balancer,
 * secrets that only the application's user can read. Without a certificate, clients speak HTTP.
 *
 * @example
 * new WebService(this, 'Site', {
 *   application: Application.fromAsset('mysite', { wsgi: 'mysite.wsgi:application' }),
 *   instanceType: ec2.InstanceType.of(ec2.InstanceClass.T3, ec2.InstanceSize.SMALL),
 *   requestTimeout: Duration.seconds(300),
 * });
 */
export class WebService extends Construct implements ec2.IConnectable, iam.IGrantable {
  /** Every number of the request path. */
  public readonly plan: RequestPathPlan;

  /** Where the service is. */
  public readonly vpc: ec2.IVpc;

  /** The instance. */
  public readonly instance: ec2.Instance;

  /** The user data of the instance. */
  public readonly userData: ec2.UserData;

  /** The database, the cache and the bucket for files. */
  public readonly dataServices: DataServices;

  /** The volume of a database, or of files, on the instance. */
  public readonly dataVolume?: ec2.IVolume;

  /** The secret that was generated for Django's `SECRET_KEY`, if any. */
  public readonly secretKey?: secretsmanager.ISecret;

  /** The role of the instance. */
  public readonly role: iam.IRole;

  /** Who may reach the instance, and whom it may reach. */
  public readonly connections: ec2.Connections;

  /** The role of the instance, for grants. */
  public readonly grantPrincipal: iam.IPrincipal;

  /**
   * Where clients reach the service. Undefined where no name is known (only a listener is given, or an imported load balancer without its
   * DNS name, and no `domainName`), or where an imported listener does not say by port 443 or 80 what is spoken there.
   */
  public readonly url?: string;

  /** The load balancer, listener and target group, with an Application Load Balancer. */
  public readonly applicationLoadBalancing?: ApplicationLoadBalancing;

  /** The load balancer, listener and target group, with a Network Load Balancer. */
  public readonly networkLoadBalancing?: NetworkLoadBalancing;

  constructor(scope: Construct, id: string, props: WebServiceProps) {
    super(scope, id);
    refuseOtherTypes(props, TYPES);
    this.plan = RequestPathPlan.of({
      ...props,
      appServer: props.application._server(props.appServer),
      loadBalancerIdleTimeout: props.loadBalancerIdleTimeout ?? fixedIdleTimeout(props),
    });
    refuse([...problemsOf(this, props, this.plan), ...violationsOf(this, this.plan)]);
    warnOfViolations(this, this.plan);

    this.vpc = props.vpc ?? this.makeVpc();
    const { plan, vpc } = this;
    if (props.loadBalancerType === LoadBalancerType.NETWORK) {
      this.networkLoadBalancing = new NetworkLoadBalancing(this, 'LoadBalancing', { ...props, plan, vpc });
    } else {
      this.applicationLoadBalancing = new ApplicationLoadBalancing(this, 'LoadBalancing', { ...props, plan, vpc });
    }
    const front = (this.applicationLoadBalancing ?? this.networkLoadBalancing)!;
    const hosts = [domainNameOf(props), front.loadBalancer && dnsNameOf(front.loadBalancer)].filter(
      (host) => host !== undefined,
    );
    this.url = hosts[0] && urlOf(hosts[0], front.secure, this.applicationLoadBalancing?._port);

    this.dataServices = new DataServices(this, 'DataServices', { plan, vpc });
    const userData = WebUserData.forPlan(this, 'UserData', {
      ...props,
      plan,
      dataServices: this.dataServices,
      allowedHosts: props.allowedHosts ?? hosts,
      loadBalancerRanges: rangesOf(vpc),
      tls: this.networkLoadBalancing?.secure,
    });
    const webInstance = new WebInstance(this, 'Instance', { ...props, vpc, userData });
    this.applicationLoadBalancing?.targetGroup.addTarget(webInstance);
    this.networkLoadBalancing?.targetGroup.addTarget(webInstance);
    this.networkLoadBalancing?.loadBalancer.connections.allowTo(
      webInstance,
      ec2.Port.tcp(80),
      'Requests and health checks',
    );

    this.instance = webInstance.instance;
    this.dataVolume = webInstance.dataVolume;
    this.userData = userData.userData;
    this.secretKey = userData.secretKey;
    this.role = webInstance.role;
    this.connections = webInstance.connections;
    this.grantPrincipal = webInstance.grantPrincipal;
  }

  /**
   * The Application Load Balancer.
   *
   * @throws with a Network Load Balancer (see `networkLoadBalancing`), and where only a listener was given
   */
  public get loadBalancer(): elbv2.IApplicationLoadBalancer {
    const { loadBalancer } = this.application('loadBalancer');
    if (!loadBalancer) throw new Error('only a listener was given, so the load balancer is not known here');
    return loadBalancer;
  }

  /**
   * The listener that forwards to the target group.
   *
   * @throws with a Network Load Balancer: see `networkLoadBalancing`
   */
  public get listener(): elbv2.IApplicationListener {
    return this.application('listener').listener;
  }

  /**
   * The target group.
   *
   * @throws with a Network Load Balancer: see `networkLoadBalancing`
   */
  public get targetGroup(): elbv2.ApplicationTargetGroup {
    return this.application('targetGroup').targetGroup;
  }

  private application(property: string): ApplicationLoadBalancing {
    if (!this.applicationLoadBalancing) {
      throw new Error(`the service stands behind a Network Load Balancer: use networkLoadBalancing.${property}`);
    }
    return this.applicationLoadBalancing;
  }

  /** Two zones, because an Application Load Balancer needs two; no NAT gateway, because it costs more than the instance. */
  private makeVpc(): ec2.Vpc {
    const { database, cache } = this.plan;
    const isolated = database?.host === 'rds' || cache?.host === 'elasticache';
    return new ec2.Vpc(this, 'Vpc', {
      maxAzs: 2,
      natGateways: 0,
      subnetConfiguration: [
        { name: 'Public', subnetType: ec2.SubnetType.PUBLIC, mapPublicIpOnLaunch: false },
        ...(isolated ? [{ name: 'Isolated', subnetType: ec2.SubnetType.PRIVATE_ISOLATED }] : []),
      ],
      // nothing uses the default security group, and closing it takes a Lambda function; stated, because it hangs on a feature flag
      restrictDefaultSecurityGroup: false,
    });
  }
}

function fixedIdleTimeout(props: WebServiceProps): Duration | undefined {
  const tls = props.certificate ?? props.hostedZone;
  return props.loadBalancerType === LoadBalancerType.NETWORK && tls ? TLS_LISTENER_IDLE : undefined;
}

/** What a service cannot be made with, of all its parts, so that it is told at once. */
function problemsOf(scope: Construct, props: WebServiceProps, plan: RequestPathPlan): string[] {
  const contradictions = contradictionsOf(props);
  if (contradictions.length > 0) return contradictions;
  const front =
    props.loadBalancerType === LoadBalancerType.NETWORK
      ? networkLoadBalancingProblems
      : applicationLoadBalancingProblems;
  const given = { ...props, plan };
  // what is wrong for more than one part, such as a VPC, is told once
  return [...new Set([...front(scope, given), ...instanceProblems(scope, given)])];
}

/** Props that exclude or need each other, one message each. */
function contradictionsOf(props: WebServiceProps): string[] {
  const problems: string[] = [];
  const elsewhere = props.listener ? 'listener' : props.loadBalancer ? 'loadBalancer' : undefined;
  if (elsewhere && props.loadBalancerType === LoadBalancerType.NETWORK) {
    problems.push(`${elsewhere} is part of an Application Load Balancer: remove loadBalancerType NETWORK`);
  }
  if (props.loadBalancerType === LoadBalancerType.NETWORK && (props.listenerConditions ?? props.listenerPriority)) {
    problems.push('listenerConditions and listenerPriority need an Application Load Balancer: remove them');
  }
  if (elsewhere && !props.loadBalancerIdleTimeout) {
    problems.push(
      `loadBalancerIdleTimeout is needed with ${elsewhere}: the idle timeout of a load balancer that is made elsewhere cannot be read, so state it (60 seconds unless somebody changed it)`,
    );
  }
  if (!elsewhere && props.loadBalancerIdleTimeout) {
    problems.push(
      'loadBalancerIdleTimeout is derived for a load balancer that is made here: remove it, or give loadBalancer or listener',
    );
  }
  if (props.listener && !props.loadBalancer && !domainNameOf(props) && !props.allowedHosts?.length) {
    problems.push('allowedHosts is needed with listener: the name that clients use is not known here');
  }
  const { loadBalancer } = props;
  if (loadBalancer && !domainNameOf(props) && !props.allowedHosts && dnsNameOf(loadBalancer) === undefined) {
    problems.push(
      'loadBalancer was imported without loadBalancerDnsName, so the name that clients use is not known here: give it there, or domainName or allowedHosts',
    );
  }
  if (loadBalancer && !props.listener && props.hostedZone && !canBeAliased(loadBalancer)) {
    problems.push(
      'hostedZone needs to know where the record points to: import loadBalancer with loadBalancerDnsName and loadBalancerCanonicalHostedZoneId',
    );
  }
  if (props.allowedHosts?.length === 0) {
    problems.push('allowedHosts must name at least one host: the health check carries the first');
  }
  for (const prop of ['loadBalancer', 'listener', 'securityGroup'] as const) {
    if (props[prop] && !props.vpc) {
      problems.push(`vpc is needed with ${prop}: one would be made here, and it is in another`);
    }
  }
  for (const prop of ['vpcSubnets', 'loadBalancerSubnets'] as const) {
    if (props[prop]?.subnets && !props.vpc) {
      problems.push(`vpc is needed with the subnets of ${prop}: one would be made here, and they are in another`);
    }
  }
  return problems;
}
