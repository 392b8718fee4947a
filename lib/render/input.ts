import type { Plan } from '../plan/plan';
import type { OperatingSystemProfile } from './operating-systems';
import type { PythonProfile } from './pythons';

/** An object in S3. Every part may be a token. */
export interface S3Object {
  readonly bucket: string;
  /** Key, percent-encoded where it holds anything but `A-Za-z0-9-_.~/`: curl signs other forms wrongly. */
  readonly key: string;
  /** Where the bucket is. @default - the region of the machine */
  readonly region?: string;
}

/** Where the files of the application come from. */
export type ApplicationFetch =
  ({ readonly kind: 's3' } & S3Object) | { readonly kind: 'git'; readonly repository: string; readonly ref?: string };

/** Where the files of a release are, besides how it is called. */
export interface ApplicationLayout {
  /** Folder of the project in the release, where its processes run. @default - the release itself */
  readonly workingDirectory?: string;
  /** Folders of the release that modules are imported from besides. @default - none */
  readonly pythonPath?: readonly string[];
  /** The interpreter that runs it. @default - the operating system's own */
  readonly python?: PythonProfile;
}

/** A value that only the application's user may read, fetched with the role each time the service starts. */
export interface SecretSource {
  /** Name of the environment variable. */
  readonly name: string;
  /** `composed`: put together from others. */
  readonly kind: 'secretsmanager' | 'ssm' | 'composed';
  /** ARN or name of the secret, name of the parameter, or a URL with `{VARIABLE}` in place of other secrets. May be a token. */
  readonly id: string;
  /** Field of a secret that is a JSON object. */
  readonly jsonField?: string;
}

/** The names and passwords that nginx asks for. */
export interface PasswordSource {
  /** Path of the location that asks. */
  readonly path: string;
  /** ARN of the secret. May be a token. */
  readonly id: string;
}

/** The CloudFormation resource that waits for the machine's signal. */
export interface SignalTarget {
  /** Name of the stack. May be a token. */
  readonly stack: string;
  readonly logicalId: string;
  /** How long it waits, in seconds. A machine that is changed in place tells as long. @default 300 */
  readonly timeout?: number;
}

/** Commands of the user: a step of its own that runs as root in the release's folder. */
export interface CommandStep {
  /** Name of the step, for example `migrate`. */
  readonly name: string;
  readonly commands: readonly string[];
}

/** The server that PgBouncer stands before. Every part may be a token. */
export interface PooledServer {
  readonly host: string;
  readonly port: string;
  readonly databaseName: string;
  /** Path of the certificates that the server's certificate is checked against. */
  readonly certificateBundle: string;
}

/** An account in the database that the machine makes with the administrator's. Every part may be a token. */
export interface AccountSource {
  readonly host: string;
  readonly port: string;
  readonly databaseName: string;
  /** Path of the certificates that the server's certificate is checked against. */
  readonly certificateBundle: string;
  /** ARN of the secret of the account, as RDS writes it. */
  readonly user: string;
  /** ARN of the secret of the administrator. */
  readonly administrator: string;
}

/** Processes beside the web application that work on what it queues. Their numbers are in the plan, in the same order. */
export interface BackgroundWorkerSource {
  /** Name of the unit, or of RQ of each process' unit before the `@`. */
  readonly name: string;
  readonly kind: 'celery' | 'celery-beat' | 'rq' | 'command' | 'schedule';
  /** Celery: module of the Celery application, as in `celery -A`. */
  readonly app?: string;
  /** RQ: names of the queues, the first is emptied first. */
  readonly queues?: readonly string[];
  /** Command, schedule: one that `/bin/bash` understands, run in the release's folder. */
  readonly command?: string;
  /** Schedule: when it runs, as `OnCalendar=` takes it. */
  readonly schedule?: string;
}

/** A file of the machine. */
export interface RenderedFile {
  readonly path: string;
  readonly text: string;
}

/** What nginx has to know besides the plan. */
export interface NginxInput {
  readonly plan: Plan;
  readonly operatingSystem: OperatingSystemProfile;
  /** Host names that the application answers to; the health check carries the first. May hold tokens. */
  readonly allowedHosts: readonly string[];
  /** Path of the load balancer's health check. */
  readonly healthCheckPath: string;
  /** Address ranges that the load balancer speaks from, the VPC's, and those before it. May hold tokens. */
  readonly trustedProxies: readonly string[];
  /** Path of the files that users upload, where it serves them. @default - it does not */
  readonly media?: string;
  /** Those of proxies that stand before the load balancer, such as a CDN. May hold tokens. @default - none */
  readonly beforeLoadBalancer?: readonly string[];
  /** Header in which they say the scheme that the client speaks. @default - the one that clients speak to the load balancer */
  readonly schemeHeader?: string;
  /** Whether clients speak TLS to a Network Load Balancer: nginx cannot see it. @default false */
  readonly tls?: boolean;
}

/** What gunicorn has to know besides the plan. */
export interface GunicornInput {
  readonly plan: Plan;
  /** `module:attribute` of the WSGI or ASGI application. */
  readonly wsgi: string;
  /** Whether the health check is answered for the application, not by it. */
  readonly answerHealth: boolean;
}

/** Everything that the files of a machine are rendered from. */
export interface FilesInput extends Omit<NginxInput, 'healthCheckPath' | 'media'> {
  readonly application: {
    readonly fetch: ApplicationFetch;
    readonly wsgi: string;
    /** The file that names its packages. @default - looked for */
    readonly requirements?: string;
    /** Groups of packages besides. @default - none */
    readonly dependencyGroups?: readonly string[];
    /** Extras of the project besides. @default - none */
    readonly extras?: readonly string[];
  } & ApplicationLayout;
  readonly environment: Readonly<Record<string, string>>;
  /** Variables `PLUMBLINE_*` that tell the application its database, cache and broker. Values may hold tokens. @default - none */
  readonly machineEnvironment?: Readonly<Record<string, string>>;
  readonly secrets: readonly SecretSource[];
  /** For each location of the plan that asks for names and passwords itself. @default - none */
  readonly passwords?: readonly PasswordSource[];
  /** Path that the application itself answers. @default - `/health`, answered for the application */
  readonly healthCheckPath?: string;
  /** @default - none */
  readonly extraCommands?: readonly CommandStep[];
  /**
   * Where the database is, whether it is reached by TLS with a certificate of Amazon RDS, what PgBouncer connects to where it stands
   * before it, and the account that the machine makes in it. @default - no database
   */
  readonly database?: {
    readonly onInstance: boolean;
    readonly caBundle?: boolean;
    readonly pooled?: PooledServer;
    readonly account?: AccountSource;
  };
  /** Whether the files that users upload are on the volume for data. @default false */
  readonly media?: boolean;
  /** Folders of the application that are kept on the volume for data. @default - none */
  readonly linkedDirs?: readonly string[];
  /** Packages of the operating system that the application wants. @default - none */
  readonly systemPackages?: readonly string[];
  /** Whether Django's migrations run before the release serves. @default true */
  readonly migrate?: boolean;
  /** Whether Django's static files are collected before the release serves. @default true */
  readonly collectStatic?: boolean;
  /** @default - none */
  readonly backgroundWorkers?: readonly BackgroundWorkerSource[];
}

/** Everything that the bootstrap script is rendered from. */
export interface BootstrapInput extends FilesInput {
  /** Zip of the `plumbline_*` files and, in a folder `files`, of those rendered files that hold no token. */
  readonly runtime: S3Object;
  /** May be a token. */
  readonly region: string;
  /** Variables that the installation of packages alone sees. @default - none */
  readonly packageSecrets?: readonly SecretSource[];
  /** Whether processes of the application reach the instance metadata service. @default true */
  readonly instanceMetadata?: boolean;
  /** Domain of the AWS endpoints, for example `amazonaws.com`. May be a token. */
  readonly urlSuffix: string;
  /** @default - nobody waits for the machine */
  readonly signal?: SignalTarget;
  /**
   * Id of the EBS volume for data. The machine is then changed in place: the script runs again at each boot whose user data has changed.
   * May be a token. @default - none: a machine is made once and replaced
   */
  readonly dataVolume?: string;
  /** Whether it was made for this machine, without a snapshot: the only one that may be formatted. @default false */
  readonly newVolume?: boolean;
}
