import type * as acm from 'aws-cdk-lib/aws-certificatemanager';
import type * as ec2 from 'aws-cdk-lib/aws-ec2';
import type * as elbv2 from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import type * as route53 from 'aws-cdk-lib/aws-route53';
import type * as s3 from 'aws-cdk-lib/aws-s3';

/** What clients reach, whatever the type of the load balancer. */
export interface FrontDoorProps {
  /**
   * Certificate of the load balancer: with one, it listens on port 443.
   *
   * @default - a certificate for `domainName` where a `hostedZone` can validate it, else no TLS
   */
  readonly certificate?: acm.ICertificate;

  /**
   * Domain name that clients use: in `hostedZone`, and one of those of `certificate`, where these are given.
   *
   * @default - the DNS name of the load balancer
   */
  readonly domainName?: string;

  /**
   * Zone of `domainName`: it gets a record that points to the load balancer.
   *
   * @default - no record
   */
  readonly hostedZone?: route53.IHostedZone;

  /**
   * Whether the load balancer is reached from the internet.
   *
   * @default true
   */
  readonly internetFacing?: boolean;

  /**
   * Whether the listeners are open to every address.
   *
   * @default - as `internetFacing`; otherwise open them by `connections` of the load balancer
   */
  readonly openListener?: boolean;

  /**
   * Subnets of the load balancer: one of each zone, and of two zones at least for an Application Load Balancer.
   *
   * @default - public subnets where it is reached from the internet, private ones otherwise
   */
  readonly loadBalancerSubnets?: ec2.SubnetSelection;

  /**
   * Bucket for the access logs of the load balancer; encrypted with keys of S3, not of KMS. The region of the stack must be known.
   *
   * @default - no access logs
   */
  readonly accessLogsBucket?: s3.IBucket;

  /**
   * Whether the load balancer is protected from being deleted.
   *
   * @default false
   */
  readonly deletionProtection?: boolean;
}

/** A front door that may exist already. */
export interface ApplicationFrontDoorProps extends FrontDoorProps {
  /**
   * An Application Load Balancer that is made elsewhere; it gets a listener here. State its idle timeout in the plan:
   * `loadBalancerIdleTimeout`.
   *
   * @default - a load balancer is made
   */
  readonly loadBalancer?: elbv2.IApplicationLoadBalancer;

  /**
   * A listener that is made elsewhere. It forwards to the target group made here: what meets `listenerConditions`, or everything
   * where there are none.
   *
   * @default - a listener is made
   */
  readonly listener?: elbv2.IApplicationListener;

  /**
   * Which requests of `listener` are meant: at most five values in all conditions.
   *
   * @default - all: the default action of the listener
   */
  readonly listenerConditions?: elbv2.ListenerCondition[];

  /**
   * Place of the rule among the others of `listener`, 1 to 50000: lower is earlier.
   *
   * @default - none: needed with `listenerConditions`
   */
  readonly listenerPriority?: number;
}
