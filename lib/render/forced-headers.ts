import type { NginxInput } from './input';
import { asks, hurries } from './locations';

/** A header of each request to the application: name, value, why it is set. */
export type ForcedHeader = readonly [name: string, value: string, why?: string];

/**
 * Headers that only a proxy may set, and that nothing here sets: a client's own would be believed by whoever reads them. Frameworks,
 * WSGI and ASGI middleware, and libraries that look for a client's address read these (Werkzeug ProxyFix, Django, django-ipware,
 * gunicorn `secure_scheme_headers`, Starlette, Rack, Symfony and IIS rewriting).
 */
const CLEARED = [
  'Cf-Connecting-Ip',
  'Client-Ip',
  'Fastly-Client-Ip',
  'Forwarded',
  'Forwarded-For',
  'Front-End-Https',
  'Remote-User',
  'True-Client-Ip',
  'X-Client-Ip',
  'X-Cluster-Client-Ip',
  'X-Forwarded',
  'X-Forwarded-By',
  'X-Forwarded-Client-Cert',
  'X-Forwarded-Email',
  'X-Forwarded-Method',
  'X-Forwarded-Path',
  'X-Forwarded-Prefix',
  'X-Forwarded-Protocol',
  'X-Forwarded-Scheme',
  'X-Forwarded-Server',
  'X-Forwarded-Ssl',
  'X-Forwarded-Uri',
  'X-Forwarded-User',
  'X-Host',
  'X-Http-Host-Override',
  'X-Original-Host',
  'X-Original-Uri',
  'X-Original-Url',
  'X-Queue-Start',
  'X-Remote-Addr',
  'X-Remote-User',
  'X-Rewrite-Url',
  'X-Scheme',
  'X-Script-Name',
  'X-Url-Scheme',
];

/** The header that a health check of the load balancer carries, and no request of a client. */
export const HEALTH_HEADER = 'X-Plumbline-Health';

/** The header that says the seconds of a path with a deadline of its own. */
const DEADLINE_HEADER = 'X-Plumbline-Deadline';

/**
 * Every header that nginx sets or takes away, for all locations at once: they stand in the `http` block, and no location has a
 * `proxy_set_header` of its own, which would cancel all of these there. What differs in a location is a variable.
 */
export function forcedHeaders({ plan, schemeHeader }: Pick<NginxInput, 'plan' | 'schemeHeader'>): ForcedHeader[] {
  const asgi = plan.appServer.workerClass === 'asgi';
  const keepalive = plan.nginx.upstreamKeepalive > 0;
  return [
    ['Host', '$forwarded_host'],
    ['Connection', asgi ? '$connection_upgrade' : keepalive ? '""' : 'close'],
    ...(asgi ? [['Upgrade', '$http_upgrade'] as const] : []),
    ['X-Real-IP', '$remote_addr'],
    ['X-Real-Port', '$remote_port', 'where the load balancer says it'],
    ['X-Forwarded-For', '$remote_addr', 'what a client wrote before it is not handed on'],
    ['X-Forwarded-Proto', '$forwarded_proto'],
    ['X-Forwarded-Host', '$forwarded_host'],
    ['X-Forwarded-Port', '$forwarded_port'],
    ['X-Request-Start', '"t=${msec}"', 'the request guard measures the wait from here'],
    ['X-Request-Id', '$request_id', 'the id of the access log and of the journal; no client chooses it'],
    [HEALTH_HEADER, '$health'],
    [DEADLINE_HEADER, hurries(plan) ? '$request_timeout' : '""'],
    ...(asks(plan)
      ? [['Authorization', '$authorization', "passwords that nginx asks for are not the application's"] as const]
      : []),
    ...(schemeHeader === undefined || same(schemeHeader, 'X-Forwarded-Proto')
      ? []
      : [[schemeHeader, '$forwarded_proto', 'trustedSchemeHeader'] as const]),
    ['Proxy', '""', 'CVE-2016-5385'],
    ...CLEARED.filter((name) => !same(name, schemeHeader)).map((name) => [name, '""'] as const),
  ];
}

function same(one: string, other: string = ''): boolean {
  return one.toLowerCase() === other.toLowerCase();
}

/** Those of the hop to the application, which nginx writes from what it has read. */
const OF_THE_HOP = ['Upgrade', 'Content-Length', 'Transfer-Encoding'];

/** Whether a request to the application has this header from nginx, with a value of its own. */
export function writes(name: string, input: Pick<NginxInput, 'plan'>): boolean {
  const set = forcedHeaders(input).filter(([, value]) => value !== '""');
  return [...OF_THE_HOP, ...set.map(([forced]) => forced)].some((forced) => same(forced, name));
}

/** The header that a value of `proxy_set_header` sets, where it is one of those that are set here. */
export function forcedHeaderOf(value: string, input: Pick<NginxInput, 'plan' | 'schemeHeader'>): string | undefined {
  const name = /^\s*["']?([^\s"']*)/.exec(value)?.[1];
  return [...OF_THE_HOP, ...forcedHeaders(input).map(([forced]) => forced)].find((forced) => same(forced, name));
}
