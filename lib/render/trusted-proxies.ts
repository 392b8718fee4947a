import { isAddressRange } from './address-range';
import { writes } from './forced-headers';
import type { FilesInput } from './input';
import { withTokensNamed, withoutTokens } from './text';

/** What is wrong with the proxies whose word is believed, and with the clients that are let in by it, one message each. */
export function proxyProblems(input: Omit<FilesInput, 'application'>): string[] {
  return [
    ...input.trustedProxies.flatMap(trustedProblem),
    ...schemeHeaderProblem(input),
    ...new Set(
      input.plan.locations.flatMap(({ allow = [] }) => allow.flatMap((range) => rangeProblem('allow', range))),
    ),
  ];
}

/** What is wrong with a range, of which a part may be a token. */
function rangeProblem(prop: string, range: string): string[] {
  const known = withoutTokens(range);
  const holds = known === range ? isAddressRange(range) : /^[0-9a-fA-F.:/]*$/.test(known);
  if (holds) return [];
  return [`${prop} ${JSON.stringify(withTokensNamed(range))} must be an address range, for example 10.0.0.0/16`];
}

function trustedProblem(range: string): string[] {
  const problems = rangeProblem('trustedProxies', range);
  if (problems.length > 0 || withoutTokens(range) !== range) return problems;
  const prop = `trustedProxies ${JSON.stringify(range)}`;
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
