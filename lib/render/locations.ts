import { covers, locationOf, pathOfFiles, withoutSlash } from '../plan/locations';
import type { LocationPlan, Plan } from '../plan/plan';
import { webSockets } from '../plan/queue-plan';
import type { NginxInput } from './input';
import { lines, type Lines } from './text';
import { nginxSize, nginxTime } from './units';

/** Where the locations of paths are. */
export const LOCATIONS_FILE = '/etc/nginx/plumbline_locations.conf';

/** Where the hashes of the passwords are that a location asks for: nginx looks there at each request, so no reload is needed. */
export const PASSWORDS = '/etc/nginx/passwords';

/** The file of a location. A path holds no colon. */
export function passwordFile(path: string): string {
  return `${PASSWORDS}/${path.replaceAll('/', ':')}`;
}

/** Whether some path is not for everybody. */
export function protects({ locations }: Pick<Plan, 'locations'>): boolean {
  return locations.some(({ allow, basicAuth }) => (allow ?? basicAuth) !== undefined);
}

/** Whether nginx asks for passwords somewhere: they are for it, and would be taken for the application's own. */
export function asks({ locations }: Pick<Plan, 'locations'>): boolean {
  return locations.some(({ basicAuth }) => basicAuth !== undefined);
}

/** Whether some path has a deadline of its own. */
export function hurries({ locations }: Pick<Plan, 'locations'>): boolean {
  return locations.some(({ requestTimeout }) => requestTimeout !== undefined);
}

/**
 * A path with a segment `.` or `..`, its dots and slashes written as they are or by %-escapes, and as the request has it: nginx chooses the
 * location by the path without them, and the application is asked for the path with them, which it may take for another. No browser sends
 * one (URL Standard, path state).
 */
const DOT_SEGMENT = '^[^?#]*(/|%2f)([.]|%2e){1,2}(/|%2f|[?#]|$)';

/** What no location has said: what differs from it is said in a location. */
export function serverSettings(plan: Plan): Lines {
  return [
    plan.locations.length > 0 && [
      '    # A location is chosen by the path without dots, and it is passed on with them.',
      `    if ($request_uri ~* "${DOT_SEGMENT}") { return 400; }`,
    ],
    asks(plan) && '    set $authorization $http_authorization;',
    hurries(plan) && '    set $request_timeout "";',
    settings('    ', plan, locationOf('/', plan.locations)),
  ];
}

/** What holds for a path. Each location says all of it; what it does not say it would take over from the server. */
function settings(indent: string, plan: Plan, location: LocationPlan | undefined): Lines {
  if (location === undefined) return [];
  const { clientMaxBodySize, requestTimeout, allow, basicAuth } = location;
  return indented(indent, [
    clientMaxBodySize !== undefined && `client_max_body_size ${nginxSize(clientMaxBodySize)};`,
    requestTimeout !== undefined && deadline(plan, requestTimeout),
    allow && [allow.map((range) => `allow ${range};`), 'deny all;'],
    basicAuth === undefined
      ? asks(plan) && ['auth_basic off;', 'set $authorization $http_authorization;']
      : [`auth_basic "${basicAuth}";`, `auth_basic_user_file ${passwordFile(basicAuth)};`, 'set $authorization "";'],
  ]);
}

/** The guard's, and as much later nginx' own as for all paths; but a WebSocket, which only asgi has, is pinged as if it were on any path. */
function deadline({ appServer, nginx, requestTimeout: longest }: Plan, requestTimeout: number): Lines {
  const readTimeout = nginxTime(nginx.proxyReadTimeout - longest + requestTimeout);
  return [
    `set $request_timeout ${requestTimeout};`,
    appServer.workerClass !== 'asgi' && `proxy_read_timeout ${readTimeout};`,
  ];
}

/** Lets everybody in, where a request has passed already, or is the load balancer's. */
export function letIn(plan: Plan): Lines {
  return protects(plan) && indented('      ', [asks(plan) && 'auth_basic off;', 'allow all;']);
}

/** What holds for one path that has a location of its own in the configuration anyway. */
export function settingsOf(path: string, plan: Plan, indent = '      '): Lines {
  const location = locationOf(path, plan.locations);
  return location?.path === '/' ? [] : settings(indent, plan, location);
}

/** How a request reaches the application. */
export function passOn(plan: Plan): string {
  return `proxy_pass http://${webSockets(plan) > 0 ? '$upstream' : 'app'};`;
}

/** The locations of paths that the application answers. */
function ofTheApplication({ plan, media }: Pick<NginxInput, 'plan' | 'media'>): LocationPlan[] {
  const isFile = (path: string) =>
    pathOfFiles(path) !== undefined || (media !== undefined && covers(withoutSlash(media), path));
  return plan.locations.filter(({ path }) => path !== '/' && !isFile(path));
}

/** Whether there is a file of locations. */
export function hasLocations(input: Pick<NginxInput, 'plan' | 'media'>): boolean {
  return ofTheApplication(input).length > 0;
}

/**
 * The locations of the application: each path in two, itself and what is below it. A prefix with a slash at its end alone would be
 * answered with a redirect where the slash is not asked for, to a scheme that nginx does not know.
 *
 * In a file of their own: nginx.conf, which often holds tokens, has to find room in the user data.
 */
export function renderLocations(input: Pick<NginxInput, 'plan' | 'media' | 'healthCheckPath'>): string {
  const { plan, healthCheckPath } = input;
  return lines(
    ofTheApplication(input).map((location) =>
      names(location.path)
        .filter((name) => name !== `= ${healthCheckPath}`)
        .map((name) => [`location ${name} {`, settings('  ', plan, location), `  ${passOn(plan)}`, '}']),
    ),
  );
}

/** The path of a health check that ends with a slash, without it: nginx would answer that one with a redirect. */
export function healthPathWithoutSlash({ plan, healthCheckPath }: Pick<NginxInput, 'plan' | 'healthCheckPath'>): Lines {
  const path = withoutSlash(healthCheckPath);
  const stands = path === healthCheckPath || plan.locations.some((location) => location.path === path);
  if (stands) return [];
  return [`    location = ${path} {`, settingsOf(path, plan), `      ${passOn(plan)}`, '    }'];
}

/** The locations of files below a path, within its own, from which they have all but `try_files`. */
export function fileLocations(above: string, plan: Plan, tryFiles: string): Lines {
  return plan.locations
    .filter(({ path }) => path !== above && covers(above, path))
    .map((location) =>
      names(location.path).map((name) => [
        `  location ${name} {`,
        settings('    ', plan, location),
        `    ${tryFiles}`,
        '  }',
      ]),
    );
}

function names(path: string): string[] {
  return [`= ${path}`, `${path}/`];
}

function indented(indent: string, text: Lines): Lines {
  const whole = lines(text);
  return whole === '' ? [] : whole.trimEnd().replace(/^/gm, indent);
}
