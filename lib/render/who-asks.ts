import type { NginxInput } from './input';
import type { Lines } from './text';

/** name, value, where the value comes from */
export type Directive = readonly [name: string, value: string, from?: string];

/**
 * Which client a request comes from: the last address of X-Forwarded-For, which its own hop has written, and none that a client has
 * written before it. Where proxies stand before the load balancer, the last one that is nobody's of them.
 */
export function realIp({ plan, trustedProxies, beforeLoadBalancer = [] }: NginxInput): Directive[] {
  // a Network Load Balancer writes none, and hands its client's address on
  const ranges = plan.loadBalancer.type === 'application' ? trustedProxies : beforeLoadBalancer;
  if (ranges.length === 0) return [];
  return [
    ...ranges.map((range): Directive => ['set_real_ip_from', range]),
    ['real_ip_header', 'X-Forwarded-For'],
    ...(beforeLoadBalancer.length > 0 ? [['real_ip_recursive', 'on', 'trustedProxies'] as const] : []),
  ];
}

/** The variable with the scheme that the client speaks. */
export function schemeVariable(input: NginxInput): string {
  return input.schemeHeader === undefined ? schemeAtLoadBalancer(input) : '$client_scheme';
}

function schemeAtLoadBalancer({ plan, tls }: NginxInput): string {
  return plan.loadBalancer.type === 'application' ? '$proto' : tls ? 'https' : '$scheme';
}

/** nginx' variable of a header of the request. */
function variableOf(header: string): string {
  return `$http_${header.toLowerCase().replaceAll('-', '_')}`;
}

/** What the `http` block asks about a request before it is passed on. */
export function whoAsks(input: NginxInput): Lines {
  const { plan, beforeLoadBalancer = [], schemeHeader } = input;
  const albs = plan.loadBalancer.type === 'application';
  return [
    albs && '  map $http_x_forwarded_proto $proto { default http; https https; }',
    schemeHeader !== undefined && [
      '  # The scheme is believed from proxies before the load balancer alone: who speaks to it without them may write anything.',
      albs &&
        `  map $http_x_forwarded_for $hop { default ""; "~(^|[ ,])(?<v4>[0-9.]+)(:[0-9]+)?$" $v4; "~(^|[ ,])\\[?(?<v6>[0-9a-fA-F:.]+)(\\]:[0-9]+)?$" $v6; }`,
      `  geo ${albs ? '$hop' : '$realip_remote_addr'} $trusted {`,
      '    default 0;',
      beforeLoadBalancer.map((range) => `    ${range} 1;`),
      '  }',
      `  map "$trusted ${variableOf(schemeHeader)}" $client_scheme { default ${schemeAtLoadBalancer(input)}; "1 https" https; "1 http" http; }`,
    ],
    balancer(input),
  ];
}

/**
 * Which requests are the load balancer's own. An Application Load Balancer adds X-Forwarded-For to every request of a client. A Network
 * Load Balancer adds nothing: its health checks come from its addresses, which are those of the VPC, and carry its name; whatever an
 * address of the VPC can forge that way is a health check. What the machine itself asks counts as well.
 */
function balancer({ plan, trustedProxies, beforeLoadBalancer = [] }: NginxInput): Lines {
  if (plan.loadBalancer.type === 'application') {
    return '  map $http_x_forwarded_for $balancer { default ""; "" 1; }';
  }
  return [
    `  geo ${beforeLoadBalancer.length > 0 ? '$realip_remote_addr ' : ''}$peer {`,
    '    default client;',
    '    127.0.0.1 machine;',
    '    ::1 machine;',
    trustedProxies.map((range) => `    ${range} vpc;`),
    '  }',
    '  map "$peer $http_user_agent" $balancer { default ""; "~^machine " 1; "~^vpc ELB-HealthChecker/" 1; }',
  ];
}
