import { MAIN_DIRECTIVES } from '../plan/nginx-directives';
import { PROXY_BUFFERS, PROXY_BUFFER_SIZE } from '../plan/proxy-buffers';
import { webSockets } from '../plan/queue-plan';
import { addedToAll, headersOf } from './added-headers';
import { forcedHeaders } from './forced-headers';
import type { NginxInput, RenderedFile } from './input';
import {
  LOCATIONS_FILE,
  hasLocations,
  healthPathWithoutSlash,
  letIn,
  passOn,
  protects,
  renderLocations,
  serverSettings,
  settingsOf,
} from './locations';
import { MEDIA_POLICY, mediaLocations } from './nginx-media';
import { RESPONSES, UPLOADS } from './places';
import { STATIC_FILE, renderStaticFiles } from './static-files';
import { lines } from './text';
import { nginxSize, nginxTime } from './units';
import { realIp, schemeVariable, whoAsks, type Directive } from './who-asks';

const LOG = '/var/log/nginx/access.log main buffer=32k flush=1s';

/** Directives that may stand more than once: an override of one of them is added and replaces nothing. A forced header is refused before. */
const REPEATABLE = ['add_header', 'proxy_hide_header', 'proxy_set_header'];

/** Where nginx answers a health check: a path that no client reaches. */
export const HEALTH_LOCATION = '/.plumbline/health';

/**
 * Health checks at the same time. Each node of the load balancer asks once in an interval (5 s at least) and is answered within
 * `healthReadTimeout`, 2 s: this is room for 40 nodes. Beyond it they are refused as requests are, so that they cannot fill the socket.
 */
const HEALTH_CHECKS = 16;

/** The host name that health checks carry, in the forms that Django's ALLOWED_HOSTS knows. */
export function healthHost(allowedHosts: readonly string[]): string {
  const first = allowedHosts[0] ?? '*';
  return first === '*' ? 'localhost' : first.replace(/^\./, '');
}

/**
 * The whole /etc/nginx/nginx.conf. A line that names a version of nginx is commented out by the bootstrap where the
 * installed nginx is older: one operating system offers several versions.
 */
export function renderNginxConf(input: NginxInput): string {
  const { plan } = input;
  const { nginx, knownNginxDirectives: known, extraNginxDirectives: extra } = plan;
  const asgi = plan.appServer.workerClass === 'asgi';
  const albs = plan.loadBalancer.type === 'application';
  const keepalive = nginx.upstreamKeepalive > 0;
  const upgrades = webSockets(plan);
  const proxy = passOn(plan);
  const extras = Object.entries(extra).map(([name, value]): Directive => [name, value, 'override']);
  // what the user has written stands as it is written
  const render = (indent: string, directives: readonly Directive[]) =>
    directives.map(([name, value, from]) => {
      const replaced = !REPEATABLE.includes(name) && extra[name] !== undefined;
      const comment = replaced ? 'override' : from;
      return `${indent}${name} ${replaced ? extra[name] : (known[name] ?? value)};${comment ? ` # ${comment}` : ''}`;
    });

  const main: Directive[] = [
    ['user', `${input.operatingSystem.nginxUser} ${input.operatingSystem.nginxGroup}`],
    ['pid', '/run/nginx.pid'],
    ['error_log', '/var/log/nginx/error.log warn'],
    ['worker_processes', `${nginx.workerProcesses}`, 'workerProcesses'],
    ['worker_rlimit_nofile', `${nginx.workerConnections * 2}`, '2 x workerConnections'],
    ['worker_shutdown_timeout', nginxTime(nginx.workerShutdownTimeout), 'workerShutdownTimeout'],
  ];
  const http: Directive[] = [
    ['include', '/etc/nginx/mime.types'],
    ['include', '/etc/nginx/plumbline_types.conf', 'what that one lacks'],
    ['default_type', 'application/octet-stream'],
    ['types_hash_max_size', '4096'],
    ['sendfile', 'on'],
    ['tcp_nopush', 'on'],
    ['server_tokens', 'off'],
    ['access_log', LOG],
    ['client_header_timeout', nginxTime(nginx.clientHeaderTimeout), 'clientHeaderTimeout'],
    ['client_body_timeout', nginxTime(nginx.clientBodyTimeout), 'clientBodyTimeout'],
    ['send_timeout', nginxTime(nginx.sendTimeout), 'sendTimeout'],
    ['keepalive_timeout', nginxTime(nginx.keepaliveTimeout), 'keepaliveTimeout'],
    ...(nginx.keepaliveMinTimeout > 0
      ? [
          [
            'keepalive_min_timeout',
            nginxTime(nginx.keepaliveMinTimeout),
            'keepaliveMinTimeout, since nginx 1.27.4',
          ] as const,
        ]
      : []),
    ['client_max_body_size', nginxSize(nginx.clientMaxBodySize), 'clientMaxBodySize'],
    ['client_body_temp_path', UPLOADS],
    ['large_client_header_buffers', '4 16k', 'what an ALB lets through'],
    ...realIp(input),
    ['proxy_http_version', '1.1'],
    // Measured: only what is filled takes memory, and a request can fill as much as with nginx' own 8 buffers beside one of 16k.
    ['proxy_buffer_size', PROXY_BUFFER_SIZE, 'headers: the 32k that an ALB lets through, and a page'],
    ['proxy_buffers', PROXY_BUFFERS],
    ['proxy_max_temp_file_size', nginxSize(nginx.proxyMaxTempFileSize), 'proxyMaxTempFileSize'],
    ['proxy_temp_path', RESPONSES],
    ['proxy_read_timeout', nginxTime(nginx.proxyReadTimeout), 'proxyReadTimeout'],
    ['proxy_send_timeout', nginxTime(nginx.proxySendTimeout), 'proxySendTimeout'],
    ['proxy_ignore_client_abort', nginx.proxyIgnoreClientAbort ? 'on' : 'off', 'proxyIgnoreClientAbort'],
    ['proxy_hide_header', 'X-Shed'],
    ...forcedHeaders(input).map(([name, value, why]): Directive => ['proxy_set_header', `${name} ${value}`, why]),
  ];
  const standing = [...main, ...http].map(([name]) => name).filter((name) => !REPEATABLE.includes(name));
  const added = extras.filter(([name]) => !standing.includes(name) && name !== 'add_header');
  const { map, line } = addedToAll(plan);

  return lines(
    '# Comments name values of nginx in the plan.',
    render('', [...main, ...added.filter(([name]) => MAIN_DIRECTIVES.includes(name))]),
    `events { worker_connections ${known.worker_connections ?? nginx.workerConnections}; } # workerConnections`,
    'http {',
    `  log_format main escape=json '{"time":"$time_iso8601","id":"$request_id","client":"$remote_addr","request":"$request","status":$status,"bytes":$body_bytes_sent,"seconds":$request_time,'`,
    `    '"upstream":"$upstream_addr","upstream_status":"$upstream_status","upstream_seconds":"$upstream_response_time","shed":"$full$upstream_http_x_shed","agent":"$http_user_agent"${albs ? ',"trace":"$http_x_amzn_trace_id"' : ''}}';`,
    '  # Where max_conns is reached, the address is the name of the upstream.',
    `  map $upstream_addr $full { default ""; app full; health full; ${upgrades > 0 ? 'websockets full; ' : ''}}`,
    '  map $full $retry_after { default ""; full 1; }',
    '  map $status $unhealthy { default 1; 200 0; }',
    '  map $http_host $host_port { default ""; "~(?<given>:[0-9]+)$" $given; }',
    '  map "$forwarded_proto$host_port" $forwarded_port { default 80; https 443; "~:(?<port>[0-9]+)$" $port; }',
    whoAsks(input),
    asgi && `  map $http_upgrade $connection_upgrade { default upgrade; "" ${keepalive ? '""' : 'close'}; }`,
    upgrades > 0 && '  map $http_upgrade $upstream { default app; websocket websockets; }',
    '  # A name that holds a hash never changes its content.',
    '  map $uri $cache { default "public, max-age=300"; "~[.-][0-9a-f]{8,64}[.][a-z0-9.]+$" "public, max-age=31536000, immutable"; }',
    input.media && MEDIA_POLICY,
    map && `  ${map}`,
    render('  ', [...http, ...added.filter(([name]) => !MAIN_DIRECTIVES.includes(name))]),
    line && `  ${line}`,
    '  upstream app {',
    `    server unix:/run/gunicorn/app.sock fail_timeout=0 max_conns=${known['upstream.max_conns'] ?? nginx.maxConns}; # maxConns: slots and queue`,
    keepalive
      ? [
          `    keepalive ${known['upstream.keepalive'] ?? nginx.upstreamKeepalive}; # upstreamKeepalive`,
          `    keepalive_timeout ${known['upstream.keepalive_timeout'] ?? nginxTime(nginx.upstreamKeepaliveTimeout)}; # upstreamKeepaliveTimeout`,
        ]
      : '    keepalive 0; # upstreamKeepalive, since nginx 1.29.7',
    '  }',
    upgrades > 0 && [
      '  # No deadline ends them, so they take no place of a request.',
      '  upstream websockets {',
      `    server unix:/run/gunicorn/app.sock fail_timeout=0 max_conns=${upgrades}; # as many as slots`,
      '    keepalive 0; # since nginx 1.29.7',
      '  }',
    ],
    `  upstream health { server unix:/run/gunicorn/health.sock fail_timeout=0 max_conns=${HEALTH_CHECKS}; }`,
    '  server {',
    '    listen 80 default_server;',
    '    listen [::]:80 default_server;',
    '    server_name _;',
    '    error_page 500 @full; # no room for a body',
    '    error_page 502 @refused;',
    '    # What differs for a health check; all headers of requests to the application are set above, for every location.',
    '    set $health "";',
    '    set $forwarded_host $host$host_port;',
    `    set $forwarded_proto ${schemeVariable(input)};`,
    serverSettings(plan),
    `    location / { ${proxy} }`,
    hasLocations(input) && `    include ${LOCATIONS_FILE};`,
    protects(plan)
      ? ['    location @app {', letIn(plan), '      proxy_pass http://app;', '    }']
      : '    location @app { proxy_pass http://app; }',
    '    location @refused {',
    headersOf('      ', plan, [['Retry-After', '$retry_after', 'always']]),
    '      if ($full) { return 503; }',
    '      return 502;',
    '    }',
    '    location @full {',
    headersOf('      ', plan, [['Retry-After', '1', 'always']]),
    '      return 503;',
    '    }',
    `    include ${STATIC_FILE};`,
    input.media && mediaLocations(input.media, input),
    healthPathWithoutSlash(input),
    '    # A health check of the load balancer goes to a socket of its own; anyone else who asks for its path asks the application.',
    `    location = ${input.healthCheckPath} {`,
    `      if ($balancer) { rewrite ^ ${HEALTH_LOCATION} last; }`,
    settingsOf(input.healthCheckPath, plan),
    `      ${proxy}`,
    '    }',
    `    location = ${HEALTH_LOCATION} {`,
    '      internal;',
    letIn(plan),
    extra.limit_req !== undefined && "      limit_req_dry_run on; # how often is the load balancer's",
    '      set $health 1;',
    `      set $forwarded_host ${healthHost(input.allowedHosts)};`,
    '      set $forwarded_proto https;',
    `      access_log ${LOG} if=$unhealthy;`,
    `      proxy_pass http://health${input.healthCheckPath};`,
    `      proxy_read_timeout ${nginxTime(nginx.healthReadTimeout)}; # healthReadTimeout`,
    '      error_page 502 @refused;',
    '      error_page 504 = @busy;',
    '    }',
    '    # No slot was free for a moment: busy, unless the application serves nobody.',
    '    location @busy {',
    headersOf('      ', plan, [['X-Plumbline', 'busy', '', 'the bootstrap waits for the application']]),
    '      default_type text/plain;',
    '      if (-f /run/plumbline/serving) { return 200 "busy\\n"; }',
    '      return 503;',
    '    }',
    '  }',
    '}',
  );
}

/** The files that nginx.conf includes in its server. */
export function nginxIncludes(input: NginxInput): RenderedFile[] {
  return [
    { path: STATIC_FILE, text: renderStaticFiles(input.plan) },
    ...(hasLocations(input) ? [{ path: LOCATIONS_FILE, text: renderLocations(input) }] : []),
  ];
}
