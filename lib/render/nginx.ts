import { webSockets } from '../plan/queue-plan';
import type { NginxInput } from './input';
import { lines } from './text';

/** name, value, where the value comes from */
type Directive = readonly [name: string, value: string, from?: string];

const LOG = '/var/log/nginx/access.log main buffer=32k flush=1s';

/** Directives of the main context: an override of one of them belongs there. */
const MAIN = [
  'env',
  'error_log',
  'pcre_jit',
  'thread_pool',
  'timer_resolution',
  'worker_cpu_affinity',
  'worker_priority',
];

/** Directives that may stand more than once: an override of one of them is added and replaces nothing. */
const REPEATABLE = ['add_header', 'proxy_hide_header', 'proxy_set_header', 'set_real_ip_from'];

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
  const { nginx, extraNginxDirectives: extra } = input.plan;
  const asgi = input.plan.appServer.workerClass === 'asgi';
  const albs = input.plan.loadBalancer.type === 'application';
  const keepalive = nginx.upstreamKeepalive > 0;
  const upgrades = webSockets(input.plan);
  const extras = Object.entries(extra).map(([name, value]): Directive => [name, value, 'override']);
  const render = (indent: string, directives: readonly Directive[]) =>
    directives.map(([name, value, from]) => {
      const replaced = !REPEATABLE.includes(name) && extra[name] !== undefined;
      const comment = replaced ? 'override' : from;
      return `${indent}${name} ${replaced ? extra[name] : value};${comment ? ` # ${comment}` : ''}`;
    });

  const main: Directive[] = [
    ['user', `${input.operatingSystem.nginxUser} ${input.operatingSystem.nginxGroup}`],
    ['pid', '/run/nginx.pid'],
    ['error_log', '/var/log/nginx/error.log warn'],
    ['worker_processes', `${nginx.workerProcesses}`, 'workerProcesses'],
    ['worker_rlimit_nofile', `${nginx.workerConnections * 2}`, '2 x workerConnections'],
    ['worker_shutdown_timeout', `${nginx.workerShutdownTimeout}s`, 'workerShutdownTimeout'],
  ];
  const http: Directive[] = [
    ['include', '/etc/nginx/mime.types'],
    ['default_type', 'application/octet-stream'],
    ['types_hash_max_size', '4096'],
    ['sendfile', 'on'],
    ['tcp_nopush', 'on'],
    ['server_tokens', 'off'],
    ['access_log', LOG],
    ['client_header_timeout', `${nginx.clientHeaderTimeout}s`, 'clientHeaderTimeout'],
    ['client_body_timeout', `${nginx.clientBodyTimeout}s`, 'clientBodyTimeout'],
    ['send_timeout', `${nginx.sendTimeout}s`, 'sendTimeout'],
    ['keepalive_timeout', `${nginx.keepaliveTimeout}s`, 'keepaliveTimeout'],
    ['keepalive_min_timeout', `${nginx.keepaliveMinTimeout}s`, 'keepaliveMinTimeout, since nginx 1.27.4'],
    ['client_max_body_size', nginx.clientMaxBodySize === 0 ? '0' : `${nginx.clientMaxBodySize}m`, 'clientMaxBodySize'],
    ['large_client_header_buffers', '4 16k', 'what an ALB lets through'],
    ...(albs ? input.trustedProxies.map((range): Directive => ['set_real_ip_from', range]) : []),
    ...(albs && input.trustedProxies.length > 0 ? [['real_ip_header', 'X-Forwarded-For'] as const] : []),
    ['proxy_http_version', '1.1'],
    ['proxy_buffer_size', '16k'],
    ['proxy_buffers', '8 16k'],
    ['proxy_read_timeout', `${nginx.proxyReadTimeout}s`, 'proxyReadTimeout'],
    ['proxy_send_timeout', `${nginx.proxySendTimeout}s`, 'proxySendTimeout'],
    ['proxy_ignore_client_abort', nginx.proxyIgnoreClientAbort ? 'on' : 'off', 'proxyIgnoreClientAbort'],
    ['proxy_hide_header', 'X-Shed'],
    ['proxy_set_header', 'Host $host$host_port'],
    ['proxy_set_header', `Connection ${asgi ? '$connection_upgrade' : keepalive ? '""' : 'close'}`],
    ...(asgi ? [['proxy_set_header', 'Upgrade $http_upgrade'] as const] : []),
    ['proxy_set_header', 'Proxy ""', 'CVE-2016-5385'],
    ['proxy_set_header', 'X-Real-IP $remote_addr'],
    ['proxy_set_header', `X-Forwarded-For ${albs ? '$http_x_forwarded_for' : '$proxy_add_x_forwarded_for'}`],
    ['proxy_set_header', `X-Forwarded-Proto ${albs ? '$proto' : input.tls ? 'https' : '$scheme'}`],
    ['proxy_set_header', 'X-Request-Start "t=${msec}"', 'the request guard measures the wait from here'],
  ];
  const known = [...main, ...http].map(([name]) => name).filter((name) => !REPEATABLE.includes(name));
  const added = extras.filter(([name]) => !known.includes(name));

  return lines(
    '# Comments name values of nginx in the plan.',
    render('', [...main, ...added.filter(([name]) => MAIN.includes(name))]),
    `events { worker_connections ${nginx.workerConnections}; } # workerConnections`,
    'http {',
    `  log_format main escape=json '{"time":"$time_iso8601","client":"$remote_addr","request":"$request","status":$status,"bytes":$body_bytes_sent,"seconds":$request_time,'`,
    `    '"upstream":"$upstream_addr","upstream_status":"$upstream_status","upstream_seconds":"$upstream_response_time","shed":"$full$upstream_http_x_shed","agent":"$http_user_agent"}';`,
    '  # Where max_conns is reached, the address is the name of the upstream.',
    `  map $upstream_addr $full { default ""; app full; ${upgrades > 0 ? 'websockets full; ' : ''}}`,
    '  map $full $retry_after { default ""; full 1; }',
    '  map $status $unhealthy { default 1; 200 0; }',
    '  map $http_host $host_port { default ""; "~(?<given>:[0-9]+)$" $given; }',
    albs && '  map $http_x_forwarded_proto $proto { default http; https https; }',
    asgi && `  map $http_upgrade $connection_upgrade { default upgrade; "" ${keepalive ? '""' : 'close'}; }`,
    upgrades > 0 && '  map $http_upgrade $upstream { default app; websocket websockets; }',
    '  # A name that holds a hash never changes its content.',
    '  map $uri $cache { default "public, max-age=300"; "~[.-][0-9a-f]{8,64}[.][a-z0-9.]+$" "public, max-age=31536000, immutable"; }',
    render('  ', [...http, ...added.filter(([name]) => !MAIN.includes(name))]),
    '  upstream app {',
    `    server unix:/run/gunicorn/app.sock fail_timeout=0 max_conns=${nginx.maxConns}; # maxConns: slots and queue`,
    keepalive
      ? [
          `    keepalive ${nginx.upstreamKeepalive}; # upstreamKeepalive`,
          `    keepalive_timeout ${nginx.upstreamKeepaliveTimeout}s; # upstreamKeepaliveTimeout`,
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
    '  upstream health { server unix:/run/gunicorn/health.sock fail_timeout=0; }',
    '  server {',
    '    listen 80 default_server;',
    '    listen [::]:80 default_server;',
    '    server_name _;',
    '    error_page 502 @refused;',
    `    location / { proxy_pass http://${upgrades > 0 ? '$upstream' : 'app'}; }`,
    '    location @app { proxy_pass http://app; }',
    '    location @refused {',
    '      add_header Retry-After $retry_after always;',
    '      if ($full) { return 503; }',
    '      return 502;',
    '    }',
    '    location /static/ {',
    '      alias /srv/app/current/.static/;',
    '      try_files $uri @app;',
    '      open_file_cache max=1000;',
    '      open_file_cache_valid 1s;',
    '      add_header Cache-Control $cache;',
    '      add_header X-Content-Type-Options nosniff;',
    '      gzip on;',
    '      gzip_static on;',
    '      gzip_vary on;',
    '      gzip_proxied any;',
    '      gzip_min_length 1024;',
    '      gzip_types text/css text/plain text/javascript application/javascript application/json image/svg+xml;',
    '    }',
    `    location = ${input.healthCheckPath} {`,
    `      access_log ${LOG} if=$unhealthy;`,
    '      proxy_pass http://health;',
    `      proxy_set_header Host ${healthHost(input.allowedHosts)};`,
    '      proxy_set_header Connection close;',
    '      proxy_set_header X-Forwarded-Proto https;',
    `      proxy_read_timeout ${nginx.healthReadTimeout}s; # healthReadTimeout`,
    '      error_page 504 = @busy;',
    '    }',
    '    # No slot was free for a moment: busy, unless the application serves nobody.',
    '    location @busy {',
    '      default_type text/plain;',
    '      if (-f /run/plumbline/serving) { return 200 "busy\\n"; }',
    '      return 503;',
    '    }',
    '  }',
    '}',
  );
}
