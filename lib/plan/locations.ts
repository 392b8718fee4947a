import type { LocationInput, LocationPlan } from './location-plan';
import { nginxPathProblem } from './nginx-path';
import type { Plan, PlanInput, Violation } from './plan';

/** Below it nginx serves files. */
export const STATIC_PATH = '/static';

/** The path that nginx serves files below, this one among them; undefined where the application answers. */
export function pathOfFiles(path: string): string | undefined {
  return [STATIC_PATH].find((above) => covers(above, path));
}

const SETTINGS = ['clientMaxBodySize', 'requestTimeout', 'allow', 'basicAuth'] as const;

/** Less than this no worker has begun to work, in seconds. */
const SHORTEST_REQUEST = 1;

/** A path as it is compared. */
export const withoutSlash = (path: string) => (path === '/' ? path : path.replace(/\/$/, ''));

/** Whether a path is another, or below it. */
export function covers(above: string, path: string): boolean {
  return above === '/' || path === above || path.startsWith(`${above}/`);
}

/** What holds for a path: the location that is nearest above it, undefined where there is none. */
export function locationOf<T extends { readonly path: string }>(path: string, locations: readonly T[]): T | undefined {
  return locations
    .filter((location) => covers(location.path, withoutSlash(path)))
    .reduce<T | undefined>((near, one) => (near && near.path.length > one.path.length ? near : one), undefined);
}

/** The locations of a plan, the outer ones first. */
export function planLocations(inputs: readonly LocationInput[]): LocationPlan[] {
  const planned: LocationPlan[] = [];
  const outerFirst = inputs
    .map((input) => ({ ...input, path: withoutSlash(input.path) }))
    .sort((one, other) => (one.path < other.path ? -1 : 1));
  for (const { basicAuth, ...own } of outerFirst) {
    const above = locationOf(own.path, planned);
    planned.push({
      path: own.path,
      clientMaxBodySize: own.clientMaxBodySize ?? above?.clientMaxBodySize,
      requestTimeout: own.requestTimeout ?? above?.requestTimeout,
      allow: own.allow ?? above?.allow,
      basicAuth: basicAuth === undefined ? above?.basicAuth : basicAuth ? own.path : undefined,
    });
  }
  return planned;
}

/** The largest body of a request that nginx takes on any path, in MiB; 0 is without a limit. */
export function largestBody({ nginx, locations }: Pick<Plan, 'nginx' | 'locations'>): number {
  const own = locations.map(({ clientMaxBodySize }) => clientMaxBodySize ?? nginx.clientMaxBodySize);
  const sizes = [nginx.clientMaxBodySize, ...own.filter(Number.isFinite)]; // another has a violation of its own
  return sizes.includes(0) ? 0 : Math.max(...sizes);
}

/** What is wrong with the locations, one violation each. */
export function locationProblems({ locations = [], requestGuard = true }: PlanInput): Violation[] {
  const paths = locations.map(({ path }) => withoutSlash(path));
  return locations.flatMap((location, index) => {
    const name = `locations ${JSON.stringify(location.path)}`;
    const first = paths.indexOf(paths[index]!);
    const problem = nginxPathProblem(location.path);
    const { clientMaxBodySize, requestTimeout } = location;
    const files = pathOfFiles(paths[index]!);
    const number = [clientMaxBodySize, requestTimeout].find((one) => one !== undefined && !Number.isFinite(one));
    return [
      problem && `${name} ${problem}`,
      first < index && `${name} is given twice, as ${JSON.stringify(locations[first]!.path)} too: put both into one`,
      SETTINGS.every((setting) => location[setting] === undefined) &&
        `${name} sets nothing: give one of ${SETTINGS.join(', ')}, or remove it`,
      number !== undefined && `${name}: ${number} must be a number`,
      files !== undefined &&
        (clientMaxBodySize ?? requestTimeout) !== undefined &&
        `${name}: below ${files}/ nginx serves files, which take neither clientMaxBodySize nor requestTimeout: remove them`,
      requestTimeout !== undefined &&
        requestTimeout < SHORTEST_REQUEST &&
        `${name}: requestTimeout (${requestTimeout} s) must be at least ${SHORTEST_REQUEST} s`,
      requestTimeout !== undefined &&
        !requestGuard &&
        `${name}: requestTimeout (${requestTimeout} s) is kept by the request guard alone: leave requestGuard on, or remove it`,
      location.allow?.length === 0 &&
        `${name}: allow names nobody: give the address ranges that are let in, or remove it`,
    ]
      .filter((message) => message !== undefined && message !== false)
      .map((message) => ({ rule: 'V2', severity: 'error', message: `${message} [V2]` }));
  });
}
