import { addHeaderProblem } from './add-header';
import { DIRECTIVE_VALUE, isDirectiveValue, unquoted } from './directive-value';
import { nearestSetting, settingProblem } from './gunicorn-settings';
import { nearest } from './nearest';
import { directiveProblem, nearestDirective } from './nginx-directives';
import { OWNED_SETTINGS } from './owned-settings';
import type { AppServerPlan, NginxPlan, Plan, PlanInput, Violation } from './plan';
import { proxyBuffersProblem } from './proxy-buffers';
import { proxyCacheSize } from './proxy-cache';
import { nginxMebibytes, nginxSeconds } from './seconds';

type Read = (text: string) => number | boolean | undefined;

const integer: Read = (text) => (/^\d+$/.test(text) ? Number(text) : undefined);
const onOff: Read = (text) => (/^on$/i.test(text) ? true : /^off$/i.test(text) ? false : undefined);

/** nginx directives that the plan knows; `upstream.` means the block of the application's upstream. */
const NGINX: Readonly<Record<string, readonly [keyof NginxPlan, Read]>> = {
  proxy_read_timeout: ['proxyReadTimeout', nginxSeconds],
  proxy_send_timeout: ['proxySendTimeout', nginxSeconds],
  send_timeout: ['sendTimeout', nginxSeconds],
  client_header_timeout: ['clientHeaderTimeout', nginxSeconds],
  client_body_timeout: ['clientBodyTimeout', nginxSeconds],
  keepalive_timeout: ['keepaliveTimeout', nginxSeconds],
  keepalive_min_timeout: ['keepaliveMinTimeout', nginxSeconds],
  worker_shutdown_timeout: ['workerShutdownTimeout', nginxSeconds],
  worker_processes: ['workerProcesses', integer],
  worker_connections: ['workerConnections', integer],
  client_max_body_size: ['clientMaxBodySize', nginxMebibytes],
  proxy_max_temp_file_size: ['proxyMaxTempFileSize', nginxMebibytes],
  proxy_ignore_client_abort: ['proxyIgnoreClientAbort', onOff],
  'upstream.max_conns': ['maxConns', integer],
  'upstream.keepalive': ['upstreamKeepalive', integer],
  'upstream.keepalive_timeout': ['upstreamKeepaliveTimeout', nginxSeconds],
};

const UPSTREAM = Object.keys(NGINX).filter((name) => name.startsWith('upstream.'));

/** gunicorn settings that the plan knows. */
const GUNICORN: Readonly<Record<string, keyof AppServerPlan>> = {
  timeout: 'timeout',
  graceful_timeout: 'gracefulTimeout',
  asgi_disconnect_grace_period: 'asgiDisconnectGracePeriod',
  keepalive: 'keepalive',
  max_requests: 'maxRequests',
  max_requests_jitter: 'maxRequestsJitter',
  preload_app: 'preloadApp',
  backlog: 'backlog',
};

/** Contexts and modules that would take the bound or the sockets away; see facts on O9 in the rule table. */
export const REFUSED_DIRECTIVES = [
  'zone',
  'limit_conn',
  'limit_conn_zone',
  'listen',
  'server_name',
  'proxy_pass',
  'include',
  'load_module',
];

/** Directives by which headers arrive that the table of forced headers does not see: gunicorn reads X_Real_IP as X-Real-IP where it may. */
export const LETS_HEADERS_THROUGH = ['underscores_in_headers', 'ignore_invalid_headers', 'proxy_pass_request_headers'];

/** Directives by which nginx writes where the disk plan does not count it. */
export const FILLS_THE_DISK: Readonly<Record<string, string>> = {
  client_body_temp_path: 'bodies have a file system of their own, so that they cannot fill the disk',
  proxy_temp_path: 'responses have a file system of their own, so that they cannot fill the disk',
  client_body_in_file_only: 'files of bodies that stay would fill the file system that bodies have',
};

/** The entry of a table, and never what every object has, such as `constructor`. */
const own = <T>(table: Readonly<Record<string, T>>, name: string): T | undefined =>
  Object.hasOwn(table, name) ? table[name] : undefined;

const violation = (rule: string, message: string): Violation => ({
  rule,
  severity: 'error',
  message: `${message} [${rule}]`,
});

/** Puts the user's overrides over a derived plan. What the plan does not know is kept as written. */
export function applyOverrides(plan: Plan, input: PlanInput): { plan: Plan; violations: Violation[] } {
  const violations: Violation[] = [];
  const nginx: Record<string, unknown> = { ...plan.nginx };
  const appServer: Record<string, unknown> = { ...plan.appServer };
  const accepted: Record<string, string> = {};
  const knownNginxDirectives: Record<string, string> = {};
  const extraNginxDirectives: Record<string, string> = {};
  const extraGunicornSettings: Record<string, unknown> = {};

  for (const [name, value] of Object.entries(input.nginxDirectives ?? {})) {
    const known = own(NGINX, name);
    const isName = /^(upstream\.)?[a-z][a-z0-9_]*$/.test(name);
    if (!isName || !isDirectiveValue(value)) {
      const meant = isName ? undefined : nearestDirective(name);
      violations.push(
        violation(
          'V1',
          `nginxDirectives: ${JSON.stringify(name)} = ${JSON.stringify(value)} is not one directive: use a name in lower case${meant ? `, here ${meant},` : ''} and ${DIRECTIVE_VALUE}`,
        ),
      );
    } else if (name.startsWith('upstream.') && !known && nearest(name, UPSTREAM)) {
      violations.push(
        violation(
          'V1',
          `nginxDirectives: ${JSON.stringify(name)} cannot be given: the nearest name is ${nearest(name, UPSTREAM)}`,
        ),
      );
    } else if (REFUSED_DIRECTIVES.includes(name) || (name.startsWith('upstream.') && !known)) {
      violations.push(
        violation(
          'O9',
          `nginxDirectives: ${JSON.stringify(name)} cannot be overridden: it would take the sockets or the bound of the queue away; remove it`,
        ),
      );
    } else if (LETS_HEADERS_THROUGH.includes(name)) {
      violations.push(
        violation(
          'V1',
          `nginxDirectives: ${JSON.stringify(name)} cannot be overridden: headers that a client forges would reach the application; remove it`,
        ),
      );
    } else if (own(FILLS_THE_DISK, name)) {
      violations.push(
        violation(
          'V1',
          `nginxDirectives: ${JSON.stringify(name)} cannot be overridden: ${FILLS_THE_DISK[name]}; remove it`,
        ),
      );
    } else if (known) {
      const word = value.trim();
      const parsed = known[1](unquoted(word));
      if (parsed === undefined) {
        violations.push(
          violation(
            'V1',
            `nginxDirectives: ${name} ${JSON.stringify(value)} cannot be read: write it as nginx does, for example 75s, 10m or on`,
          ),
        );
      } else {
        nginx[known[0]] = parsed;
        accepted[name] = unquoted(word);
        // `1h 30m` is one value, and two words without quotes
        knownNginxDirectives[name] = /\s/.test(word) && unquoted(word) === word ? `"${word}"` : word;
      }
    } else {
      const problem = name === 'add_header' ? addHeaderProblem(value) : directiveProblem(name, value);
      if (problem) violations.push(violation('V1', `nginxDirectives: ${JSON.stringify(name)} ${problem}`));
      else extraNginxDirectives[name] = accepted[name] = value;
    }
  }

  const tooSmall = proxyBuffersProblem(accepted);
  if (tooSmall) violations.push(violation('V1', `nginxDirectives: ${tooSmall}`));
  if (proxyCacheSize(accepted) === undefined) {
    violations.push(
      violation(
        'V1',
        'nginxDirectives: proxy_cache_path has no max_size, and would fill the disk: add one, for example max_size=1g',
      ),
    );
  }

  for (const [name, value] of Object.entries(input.gunicornSettings ?? {})) {
    const known = own(GUNICORN, name);
    const owner = own(OWNED_SETTINGS, name);
    if (!/^[a-z][a-z0-9_]*$/.test(name)) {
      violations.push(
        violation(
          'V1',
          `gunicorn settings: ${JSON.stringify(name)} is not the name of a setting: use lower case with underscores, ${nearestSetting(name) ? 'here' : 'for example'} ${nearestSetting(name) ?? 'limit_request_line'}`,
        ),
      );
    } else if (owner !== undefined) {
      violations.push(violation('V1', `gunicorn settings: ${name} cannot be overridden here: ${owner}`));
    } else if (known) {
      const wanted = typeof appServer[known];
      if (typeof value !== wanted || (wanted === 'number' && !(Number(value) >= 0))) {
        violations.push(
          violation(
            'V1',
            `gunicorn settings: ${name} ${JSON.stringify(value)} must be a ${wanted === 'number' ? 'number of 0 or more' : wanted}`,
          ),
        );
      } else if (wanted === 'number' && !Number.isInteger(value)) {
        violations.push(violation('V1', `gunicorn settings: ${name} (${String(value)}) must be a whole number`));
      } else {
        appServer[known] = value;
      }
    } else {
      const problem = settingProblem(name, value);
      if (problem) violations.push(violation('V1', `gunicorn settings: ${problem}`));
      else extraGunicornSettings[name] = value;
    }
  }

  return {
    plan: {
      ...plan,
      nginx: nginx as unknown as NginxPlan,
      appServer: appServer as unknown as AppServerPlan,
      knownNginxDirectives,
      extraNginxDirectives,
      extraGunicornSettings,
    },
    violations,
  };
}
