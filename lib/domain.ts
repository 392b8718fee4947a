import { Token } from 'aws-cdk-lib';
import * as acm from 'aws-cdk-lib/aws-certificatemanager';
import type * as elbv2 from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import * as route53 from 'aws-cdk-lib/aws-route53';
import type { Construct } from 'constructs';
import { told } from './known';
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
  return told(() => loadBalancer.loadBalancerDnsName);
}

/** Whether a record can point to a load balancer. */
export function canBeAliased(loadBalancer: elbv2.ILoadBalancerV2): boolean {
  return told(() => loadBalancer.loadBalancerDnsName && loadBalancer.loadBalancerCanonicalHostedZoneId) !== undefined;
}

/** Undefined where nobody knows what clients speak. */
export function urlOf(host: string, secure: boolean | undefined, port?: number): string | undefined {
  if (secure === undefined) return undefined;
  const usual = port === undefined || port === (secure ? 443 : 80);
  return `${secure ? 'https' : 'http'}://${host}${usual ? '' : `:${port}`}`;
}

/** A name as DNS has it: labels of letters, digits and hyphens. */
const DOMAIN_NAME = /^(?=.{1,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/i;

/** Certificates that a load balancer takes: of Certificate Manager, or uploaded to IAM. */
const CERTIFICATE = /^arn:[^:\s]+:(acm:[^:\s]+:[0-9]{12}:certificate|iam::[0-9]{12}:server-certificate)\/\S+$/;

/** What does not belong together of a domain name, its zone and its certificate, as far as each is known. */
export function domainProblems(props: FrontDoorProps): string[] {
  const { domainName: given, hostedZone: zone, certificate } = props;
  const problems: string[] = [];
  if (given !== undefined && !Token.isUnresolved(given) && !DOMAIN_NAME.test(given)) {
    problems.push(
      `domainName ${JSON.stringify(given)} must be a host name, without scheme, port, path or a dot at its end, for example www.example.com`,
    );
    return problems;
  }
  const domainName = domainNameOf(props);
  if (given !== undefined && zone && !isWithin(given, zone.zoneName)) {
    problems.push(
      `domainName ${JSON.stringify(given)} is not in hostedZone ${JSON.stringify(zone.zoneName)}: give the zone of the name, or a name that ends in .${zone.zoneName}`,
    );
  }
  if (zone instanceof route53.PrivateHostedZone && !certificate) {
    problems.push(
      `hostedZone ${JSON.stringify(zone.zoneName)} is private, and Certificate Manager looks for its record in public zones alone: give certificate`,
    );
  }
  if (!certificate) return problems;
  const { certificateArn } = certificate;
  if (!Token.isUnresolved(certificateArn) && !CERTIFICATE.test(certificateArn)) {
    problems.push(
      `certificate ${JSON.stringify(certificateArn)} must have the ARN of a certificate, for example arn:aws:acm:eu-central-1:123456789012:certificate/0a1b2c3d`,
    );
  }
  const names = namesOf(certificate);
  if (names && domainName !== undefined && !names.some((name) => covers(name, domainName))) {
    problems.push(
      `certificate is for ${names.join(', ')}, and domainName is ${JSON.stringify(domainName)}: give a certificate for the name, or add it to subjectAlternativeNames`,
    );
  }
  return problems;
}

/** Whether a name can have a record in a zone; one that is not known may. */
function isWithin(name: string, zoneName: string): boolean {
  if (Token.isUnresolved(name) || Token.isUnresolved(zoneName)) return true;
  const zone = withoutDot(zoneName);
  return withoutDot(name) === zone || withoutDot(name).endsWith(`.${zone}`);
}

/** The names of a certificate that is made in this app; undefined where one of them is known only when it is deployed. */
function namesOf({ node }: acm.ICertificate): string[] | undefined {
  const made = node.defaultChild;
  if (!(made instanceof acm.CfnCertificate)) return undefined;
  const others: unknown = made.subjectAlternativeNames ?? [];
  if (!Array.isArray(others)) return undefined;
  const names = [made.domainName, ...(others as string[])];
  return names.some((name) => Token.isUnresolved(name)) ? undefined : names;
}

/** Whether a certificate's name is that of a host; `*` stands for one label. */
function covers(name: string, host: string): boolean {
  if (Token.isUnresolved(host)) return true;
  const [wanted, had] = [withoutDot(host), withoutDot(name)];
  return wanted === had || (had.startsWith('*.') && wanted.slice(wanted.indexOf('.')) === had.slice(1));
}

const withoutDot = (name: string) => name.toLowerCase().replace(/\.$/, '');
