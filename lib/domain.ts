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

/** The DNS name of a load balancer; undefined where it was imported without. */
export function dnsNameOf(loadBalancer: elbv2.ILoadBalancerV2): string | undefined {
  return known(() => loadBalancer.loadBalancerDnsName);
}

/** Whether a record can point to a load balancer. */
export function canBeAliased(loadBalancer: elbv2.ILoadBalancerV2): boolean {
  return known(() => loadBalancer.loadBalancerDnsName && loadBalancer.loadBalancerCanonicalHostedZoneId) !== undefined;
}

/** Undefined where nobody knows what clients speak. */
export function urlOf(host: string, secure: boolean | undefined, port?: number): string | undefined {
  if (secure === undefined) return undefined;
  const usual = port === undefined || port === (secure ? 443 : 80);
  return `${secure ? 'https' : 'http'}://${host}${usual ? '' : `:${port}`}`;
}

/** What an imported construct throws instead of telling. */
function known(attribute: () => string): string | undefined {
  try {
    return attribute();
  } catch {
    return undefined;
  }
}
