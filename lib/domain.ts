import * as acm from 'aws-cdk-lib/aws-certificatemanager';
import type * as elbv2 from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import * as route53 from 'aws-cdk-lib/aws-route53';
import type { Construct } from 'constructs';
import type { FrontDoorProps } from './load-balancing-props';

/** The certificate that was given, or one for the domain name where its zone can validate it. */
export function certificateFor(scope: Construct, props: FrontDoorProps): acm.ICertificate | undefined {
  if (props.certificate || !props.hostedZone) return props.certificate;
  return new acm.Certificate(scope, 'Certificate', {
    domainName: domainNameOf(props)!,
    validation: acm.CertificateValidation.fromDns(props.hostedZone),
  });
}

/** Points the domain name to the load balancer where the zone is given. */
export function recordFor(scope: Construct, props: FrontDoorProps, loadBalancer: elbv2.ILoadBalancerV2): void {
  if (!props.hostedZone) return;
  new route53.ARecord(scope, 'Record', {
    zone: props.hostedZone,
    recordName: domainNameOf(props),
    target: route53.RecordTarget.fromAlias({
      bind: () => ({
        hostedZoneId: loadBalancer.loadBalancerCanonicalHostedZoneId,
        dnsName: loadBalancer.loadBalancerDnsName,
      }),
    }),
  });
}

/** The name that clients use, where one is known. */
export function domainNameOf(props: FrontDoorProps): string | undefined {
  return props.domainName ?? props.hostedZone?.zoneName;
}
