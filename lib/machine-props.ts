import { Application } from './application';
import { EnvironmentSecret } from './environment-secret';
import { OPERATING_SYSTEM, type OperatingSystemProps } from './operating-system';
import { BOOLEAN, STRING, instanceOf, kindOf, mapOf, needed, secretOf, strings, type PropTypes } from './prop-types';
import type { HealthCheckProps } from './health-check';

/** What is on a machine besides the numbers of the plan. */
export interface MachineProps extends HealthCheckProps, OperatingSystemProps {
  /** The web application. */
  readonly application: Application;

  /**
   * Environment variables of the application. They are readable in the template: for secrets use `secrets`. What the machine sets itself
   * is an error, here and in `secrets`: `PYTHONPATH` (use `pythonPath` of the application), `PATH`, `PLUMBLINE_*`; so is `GUNICORN_CMD_ARGS`,
   * which gunicorn puts above its configuration. `WEB_CONCURRENCY` and `PORT` reach the application with a warning, since they change neither
   * workers nor addresses.
   *
   * @default - none
   */
  readonly environment?: { [name: string]: string };

  /**
   * Environment variables of the application whose values are fetched when it starts.
   *
   * @default - a `SECRET_KEY` that is generated in Secrets Manager, where the application is a Django project
   */
  readonly secrets?: { [name: string]: EnvironmentSecret };

  /**
   * Packages of the operating system that the application wants, by the names that they have there: libraries that it loads (`libmagic1`,
   * `libpango-1.0-0`, `libgdal36`), programs that it runs (`gettext`), headers for packages that are built on the machine. They are
   * installed before anything of the application is.
   *
   * @default - none; compilers and headers that a package without a wheel is known to need come, and go, by themselves
   */
  readonly systemPackages?: string[];

  /**
   * Environment variables that the installation of packages alone sees, with what a private index asks for: `UV_DEFAULT_INDEX` (an
   * address with user name and password, instead of PyPI's), `UV_INDEX` (besides; also for the sources of Poetry and Pipenv),
   * `UV_INDEX_NAME_USERNAME` and `UV_INDEX_NAME_PASSWORD` of an index that uv's table in a `pyproject.toml` names, or any variable that
   * a requirements file or a Pipfile has as `${VARIABLE}`.
   *
   * @default - none
   */
  readonly packageSecrets?: { [name: string]: EnvironmentSecret };

  /**
   * Whether `manage.py migrate` runs before a release serves, where the application is a Django project with a database.
   *
   * @default true
   */
  readonly migrate?: boolean;

  /**
   * Whether `manage.py collectstatic` runs before a release serves, where the application is a Django project. Files of `STATIC_ROOT`
   * that came with the release are never overwritten, and keep their places in a manifest.
   *
   * @default true
   */
  readonly collectStatic?: boolean;

  /**
   * Commands that run as root in the directory of the release, once on each machine, and again with each change on one that holds its
   * database: after the packages of the application are installed, before it starts. `as_app COMMAND` runs one as the service runs: its user, environment, secrets,
   * packages and sandbox; of the disk it may write to the release, `/var/lib/app` and `/var/tmp`.
   *
   * @default - none
   */
  readonly extraCommands?: string[];

  /**
   * Whether the application reaches the instance metadata service, which gives the credentials of the instance's role to every process
   * that asks: false where nothing of it calls AWS with that role, true where something does. nginx and a database or cache on the
   * instance never reach it.
   *
   * @default - true where the role was granted more than the machine itself needs (`bucket.grantRead(service)`, a policy, `Media.bucket`), and
   * where it is a role of yours, whose policies are not known here
   */
  readonly instanceMetadata?: boolean;

  /**
   * Address ranges of proxies before the load balancer, such as those of a CDN, which are believed about who asks: the client is the last
   * address of `X-Forwarded-For` that is none of theirs. Ranges of IPv4 or IPv6, such as 203.0.113.0/24. Behind a Network Load Balancer only
   * these are believed. Whoever speaks from within them, or from the VPC, can name any address then.
   *
   * @default - none: the load balancer is believed, in the address ranges of the VPC of a `WebService` where it knows them, else in the
   * private ranges of RFC 1918
   */
  readonly trustedProxies?: string[];

  /**
   * Header in which a proxy of `trustedProxies` says the scheme that its client speaks, `http` or `https`: `CloudFront-Forwarded-Proto` for
   * CloudFront, where the origin request policy has it. Nobody else is believed.
   *
   * @default - the scheme that is spoken to the load balancer
   */
  readonly trustedSchemeHeader?: string;
}

// TypeScript takes a secret itself for one, where somebody said `as any`; its value is told by its kind alone
const SECRETS = mapOf(
  secretOf(EnvironmentSecret, 'an EnvironmentSecret: EnvironmentSecret.fromSecretsManager(secret)'),
  'an object of EnvironmentSecrets by the names of the variables',
  kindOf,
);

export const MACHINE_TYPES: PropTypes<MachineProps> = {
  application: needed(instanceOf(Application, `an Application, for example Application.fromAsset('mysite', { wsgi })`)),
  environment: mapOf(
    {
      ...STRING,
      problems: (prop, value) => STRING.problems(prop, value).map((one) => `${one}: write it as one, or leave it out`),
    },
    `an object of texts by the names of the variables, for example { DEBUG_LEVEL: '1' }`,
    kindOf,
  ),
  secrets: SECRETS,
  packageSecrets: SECRETS,
  systemPackages: strings('libmagic1'),
  migrate: BOOLEAN,
  collectStatic: BOOLEAN,
  extraCommands: strings('as_app python manage.py warm_up'),
  instanceMetadata: BOOLEAN,
  trustedProxies: strings('10.0.0.0/16'),
  trustedSchemeHeader: STRING,
  healthCheckPath: STRING,
  operatingSystem: OPERATING_SYSTEM,
};
