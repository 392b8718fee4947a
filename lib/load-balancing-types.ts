import * as elbv2 from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import { BUCKET } from './application-options';
import type { ApplicationFrontDoorProps, FrontDoorProps } from './load-balancing-props';
import {
  BOOLEAN,
  NUMBER,
  STRING,
  SUBNETS,
  arrayOf,
  constructWith,
  withMember,
  type PropType,
  type PropTypes,
} from './prop-types';

/** What has the members of another class too. */
const except = (other: abstract new (...args: never[]) => object, type: PropType, why: string): PropType => ({
  ...type,
  problems: (prop, value) => (value instanceof other ? [`${prop} ${why}`] : type.problems(prop, value)),
});

export const FRONT_DOOR_TYPES: PropTypes<FrontDoorProps> = {
  certificate: constructWith(
    'certificateArn',
    `an acm.ICertificate, for example acm.Certificate.fromCertificateArn(this, 'Certificate', arn)`,
  ),
  domainName: STRING,
  hostedZone: constructWith(
    'hostedZoneId',
    `a route53.IHostedZone, for example route53.HostedZone.fromLookup(this, 'Zone', { domainName })`,
  ),
  internetFacing: BOOLEAN,
  openListener: BOOLEAN,
  loadBalancerSubnets: SUBNETS,
  accessLogsBucket: BUCKET,
  deletionProtection: BOOLEAN,
};

export const APPLICATION_FRONT_DOOR_TYPES: PropTypes<ApplicationFrontDoorProps> = {
  ...FRONT_DOOR_TYPES,
  loadBalancer: except(
    elbv2.NetworkLoadBalancer,
    constructWith('loadBalancerArn', 'an elbv2.IApplicationLoadBalancer'),
    'is a Network Load Balancer, and only an Application Load Balancer can be shared: leave it out, with loadBalancerType NETWORK',
  ),
  listener: except(
    elbv2.NetworkListener,
    constructWith('listenerArn', 'an elbv2.IApplicationListener'),
    'is one of a Network Load Balancer, and only those of an Application Load Balancer can be shared: leave it out, with loadBalancerType NETWORK',
  ),
  listenerConditions: arrayOf(
    withMember(
      'renderRawCondition',
      `an elbv2.ListenerCondition: elbv2.ListenerCondition.hostHeaders(['a.example.com'])`,
    ),
    `an array, for example [elbv2.ListenerCondition.hostHeaders(['a.example.com'])]`,
  ),
  listenerPriority: NUMBER,
};
