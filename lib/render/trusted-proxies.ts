import { isAddressRange } from './address-range';
import { writes } from './forced-headers';
import type { FilesInput } from './input';
import { withoutTokens } from './text';

/** What is wrong with the proxies whose word is believed, one message each. */
export function proxyProblems(input: Omit<FilesInput, 'application'>): string[] {
  return [...input.trustedProxies.flatMap(rangeProblem), ...schemeHeaderProblem(input)];
}

function rangeProblem(range: string): string[] {
  const prop = `trustedProxies ${JSON.stringify(range)}`;
  const known = withoutTokens(range);
  if (known !== range) {
    return /^[0-9a-fA-F.:/]*$/.test(known) ? [] : [`${prop} must be an address range, for example 10.0.0.0/16`];
  }
  if (!isAddressRange(range)) return [`${prop} must be an address range, for example 10.0.0.0/16`];
  const [, length] = range.split('/');
  return length !== undefined && Number(length) === 0
    ? [`${prop} is everybody, who could then name any address as the client's: give the addresses of the proxies`]
    : [];
}

function schemeHeaderProblem(input: Omit<FilesInput, 'application'>): string[] {
  const { plan, schemeHeader, beforeLoadBalancer = [] } = input;
  if (schemeHeader === undefined) return [];
  const prop = `trustedSchemeHeader ${JSON.stringify(schemeHeader)}`;
  if (!/^[A-Za-z][A-Za-z0-9-]*$/.test(schemeHeader)) {
    return [
      `${prop} must be the name of a header of letters, digits and hyphens, for example CloudFront-Forwarded-Proto`,
    ];
  }
  const ofAlb = plan.loadBalancer.type === 'application';
  if (writes(schemeHeader, { plan }) && (ofAlb || schemeHeader.toLowerCase() !== 'x-forwarded-proto')) {
    return [
      `${prop} is written by ${ofAlb ? 'the load balancer or nginx' : 'nginx'}, whatever a proxy says in it: give another header`,
    ];
  }
  return beforeLoadBalancer.length > 0
    ? []
    : [`${prop} is believed from trustedProxies alone, and there are none: give the address ranges of the CDN`];
}
