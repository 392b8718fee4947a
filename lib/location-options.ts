import type { Duration, Size } from 'aws-cdk-lib';
import { BasicAuth } from './basic-auth';
import type { EnvironmentSecret } from './environment-secret';
import { literal, mebibytesOf, secondsOf } from './numbers';
import type { LocationInput } from './plan/location-plan';
import { withoutSlash } from './plan/locations';
import { DURATION, SIZE, STRING, arrayOf, needed, secretOf, strings, structOf, type PropTypes } from './prop-types';

/** Settings of nginx for a path and everything below it. What one does not say is what the nearest path above it says. */
export interface LocationOptions {
  /**
   * The path: it and everything below it, so that `/admin` and `/admin/` mean the same, `/admin/users` is within it and `/administrator` is
   * not; of several the longest counts, and `/` is every path. Letters, digits and `- _ . ~ @ +` between slashes. nginx compares it with the
   * path that is asked for once that has no `%`-escapes, `//` and `/../` any more.
   */
  readonly path: string;

  /**
   * Largest request body: nginx `client_max_body_size`. `Size.mebibytes(0)` is without a limit.
   *
   * @default - that of the nearest path above it, else `clientMaxBodySize` of all paths
   */
  readonly clientMaxBodySize?: Size;

  /**
   * The longest that the application may work on one request: 1 second to the `requestTimeout` of all paths, which every hop is planned for.
   * The request guard ends it with a 504.
   *
   * @default - that of the nearest path above it, else `requestTimeout` of all paths
   */
  readonly requestTimeout?: Duration;

  /**
   * Address ranges of IPv4 or IPv6 that are let in, such as 203.0.113.0/24; all others get a 403. The address is the client's, as
   * `trustedProxies` says, and never what a client has written. The load balancer's health check is let in always.
   *
   * @default - those of the nearest path above it, else everybody
   */
  readonly allow?: string[];

  /**
   * Whether nginx asks for a name and a password, which do not reach the application; besides `allow`, where there are both. The load
   * balancer's health check is never asked.
   *
   * @default - as the nearest path above it, else nobody is asked
   */
  readonly basicAuth?: BasicAuth;
}

const TYPES: PropTypes<LocationOptions> = {
  path: needed(STRING),
  clientMaxBodySize: SIZE,
  requestTimeout: DURATION,
  allow: strings('203.0.113.0/24'),
  basicAuth: secretOf(BasicAuth, 'a BasicAuth: BasicAuth.fromSecretsManager(secret)'),
};

const EXAMPLE = `{ path: '/upload', clientMaxBodySize: Size.mebibytes(100) }`;

export const LOCATIONS = arrayOf(
  structOf(TYPES, `an object, for example ${EXAMPLE}`),
  `an array, for example [${EXAMPLE}]`,
);

/** The numbers of a location. */
export function locationInput(options: LocationOptions): LocationInput {
  const { path, allow, basicAuth } = options;
  return {
    path: literal('path of a location', path),
    clientMaxBodySize: mebibytesOf(`clientMaxBodySize of ${path}`, options.clientMaxBodySize),
    requestTimeout: secondsOf(`requestTimeout of ${path}`, options.requestTimeout),
    allow,
    basicAuth: basicAuth && basicAuth._secret !== undefined,
  };
}

/** The secrets of those that ask for names and passwords themselves. */
export function passwordsOf(locations: readonly LocationOptions[]): Array<{ path: string; secret: EnvironmentSecret }> {
  return locations.flatMap(({ path, basicAuth }) =>
    basicAuth?._secret ? [{ path: withoutSlash(path), secret: basicAuth._secret }] : [],
  );
}
