import type { Duration, Size } from 'aws-cdk-lib';
import type * as ec2 from 'aws-cdk-lib/aws-ec2';
import { AppServer } from './app-server';
import { BackgroundWorker } from './background-worker';
import { Cache } from './cache';
import { Database } from './database';
import { LOCATIONS, locationInput, type LocationOptions } from './location-options';
import { Media } from './media';
import { literal, mebibytesOf, secondsOf } from './numbers';
import { OPERATING_SYSTEM, type OperatingSystemProps } from './operating-system';
import {
  explainPlan,
  planRequestPath,
  type AppServerPlan,
  type BackgroundWorkerPlan,
  type CachePlan,
  type CheckedPlan,
  type ConnectionPlan,
  type DatabasePlan,
  type DiskPlan,
  type InstanceSizeFacts,
  type LoadBalancerPlan,
  type MemoryPlan,
  type NginxPlan,
  type Plan,
  type PlanInput,
  type Violation,
} from './plan';
import {
  BOOLEAN,
  DURATION,
  INSTANCE_TYPE,
  NUMBER,
  SIZE,
  STRING,
  arrayOf,
  instanceOf,
  mapOf,
  needed,
  oneOf,
  refuseOtherTypes,
  secretOf,
  type PropTypes,
} from './prop-types';
import type { RootVolumeProps } from './root-volume';

/** The load balancers that a request path can be planned for. */
export enum LoadBalancerType {
  /** An Application Load Balancer: HTTP, answers itself when a target does not. */
  APPLICATION = 'application',
  /** A Network Load Balancer: TCP, forgets idle flows silently. */
  NETWORK = 'network',
}

/** What the numbers of a request path are derived from. */
export interface RequestPathProps extends OperatingSystemProps, RootVolumeProps {
  /**
   * The longest that the application may work on one request: 5 seconds to 3589 seconds with the default `queueTimeout`.
   * Every other timeout, from the database to the load balancer, follows from it. What takes longer is work for `backgroundWorkers`.
   *
   * @default Duration.seconds(60)
   */
  readonly requestTimeout?: Duration;

  /**
   * The longest that a request may wait for a free worker or thread before it is answered 503: 0.5 seconds to `requestTimeout`.
   *
   * @default Duration.seconds(2)
   */
  readonly queueTimeout?: Duration;

  /**
   * Type of the instance: `t3`, `t3a` or `t4g`, `nano` to `2xlarge`. Its memory and vCPUs decide on workers and slots.
   *
   * @default - t3.small
   */
  readonly instanceType?: ec2.InstanceType;

  /**
   * The application server, its worker class and its settings.
   *
   * @default - gunicorn with threads: AppServer.gunicorn()
   */
  readonly appServer?: AppServer;

  /**
   * The database: on the instance it shares the memory, anywhere it bounds the connections.
   *
   * @default - none
   */
  readonly database?: Database;

  /**
   * The cache, which is also where background workers take their tasks from.
   *
   * @default - none
   */
  readonly cache?: Cache;

  /**
   * Where the files are that users upload: on the instance, or in a bucket.
   *
   * @default - none: the application finds no place for them that outlives a release, and a warning says so where a Django project has
   * fields for files
   */
  readonly media?: Media;

  /**
   * What works beside the application server on the same instance, for work that takes longer than a request may.
   *
   * @default - none
   */
  readonly backgroundWorkers?: BackgroundWorker[];

  /**
   * Instances that can run at once, the one that replaces another left out: at least 1. Each opens connections to the database.
   *
   * @default 1
   */
  readonly maxInstances?: number;

  /**
   * Whether a small guard in every worker ends requests at `requestTimeout`, refuses what has waited longer than `queueTimeout`,
   * and skips what its client has given up. Without it the plan's warnings say what is lost.
   *
   * @default true
   */
  readonly requestGuard?: boolean;

  /**
   * Type of the load balancer.
   *
   * @default LoadBalancerType.APPLICATION
   */
  readonly loadBalancerType?: LoadBalancerType;

  /**
   * Idle timeout of a load balancer that is made elsewhere and cannot be set here: stated, so that it can be checked. Whole seconds, 1 to
   * 4000; of one that is made in the same app it must be what that has.
   *
   * @default - derived, and set on the load balancer
   */
  readonly loadBalancerIdleTimeout?: Duration;

  /**
   * How long whatever stands before the load balancer (a CDN, an API gateway) waits for a response: at least 1 second, and no less than the
   * idle timeout of the load balancer.
   *
   * @default - nothing stands before it
   */
  readonly upstreamTimeout?: Duration;

  /**
   * Largest request body: nginx `client_max_body_size`. `Size.mebibytes(0)` is without a limit, but for the disk's. Six of the largest must
   * find room on the disk at once, in nginx and in the application.
   *
   * @default Size.mebibytes(10)
   */
  readonly clientMaxBodySize?: Size;

  /**
   * Time between two health checks of the load balancer: 5 to 300 seconds.
   *
   * @default Duration.seconds(10)
   */
  readonly healthCheckInterval?: Duration;

  /**
   * How long the load balancer waits for the answer to a health check: 5 to 120 seconds, less than `healthCheckInterval`.
   *
   * @default Duration.seconds(5)
   */
  readonly healthCheckTimeout?: Duration;

  /**
   * Overrides in nginx' own words, for example `{ client_max_body_size: '1g', gzip_comp_level: '6' }`; a name with `upstream.`
   * before it goes into the block of the application's upstream. Overrides are checked by the same rules as derived values.
   *
   * @default - none
   */
  readonly nginxDirectives?: { [directive: string]: string };

  /**
   * Settings of nginx for a path and everything below it: the largest body, the longest request, who is let in.
   *
   * @default - none
   */
  readonly locations?: LocationOptions[];
}

export const REQUEST_PATH_TYPES: PropTypes<RequestPathProps> = {
  requestTimeout: DURATION,
  queueTimeout: DURATION,
  instanceType: INSTANCE_TYPE,
  appServer: instanceOf(AppServer, 'an AppServer, for example AppServer.gunicorn({ workers: 3 })'),
  database: secretOf(Database, 'a Database, for example Database.rdsPostgres()'),
  cache: secretOf(Cache, 'a Cache, for example Cache.elastiCache()'),
  media: instanceOf(Media, 'a Media, for example Media.bucket()'),
  backgroundWorkers: arrayOf(
    instanceOf(BackgroundWorker, `a BackgroundWorker, for example BackgroundWorker.celery({ app: 'mysite' })`),
    `an array, for example [BackgroundWorker.celery({ app: 'mysite' })]`,
  ),
  maxInstances: NUMBER,
  requestGuard: BOOLEAN,
  loadBalancerType: oneOf(LoadBalancerType, 'LoadBalancerType'),
  loadBalancerIdleTimeout: DURATION,
  upstreamTimeout: DURATION,
  clientMaxBodySize: SIZE,
  volumeSize: SIZE,
  healthCheckInterval: DURATION,
  healthCheckTimeout: DURATION,
  nginxDirectives: mapOf(STRING, `an object, for example { gzip_comp_level: '6' }`),
  locations: LOCATIONS,
  operatingSystem: OPERATING_SYSTEM,
};

/**
 * Every number of the request path from the load balancer to the application, derived from the longest request
 * and the size of the instance, and checked.
 *
 * It makes no resources, so it can be read, printed or tested without a stack.
 *
 * @example
 * const plan = RequestPathPlan.of({ requestTimeout: Duration.seconds(300) });
 * plan.nginx.proxyReadTimeout; // 306
 * plan.loadBalancer.idleTimeout; // 311
 */
export class RequestPathPlan {
  /**
   * Derives and checks a plan. Rules that do not hold are found in `violations`; nothing is thrown for them.
   *
   * @throws when a prop that numbers are derived from is a token, or is of another type than it says
   */
  public static of(props: RequestPathProps = {}): RequestPathPlan {
    refuseOtherTypes(props, REQUEST_PATH_TYPES);
    return new RequestPathPlan(planRequestPath(planInput(props)), props);
  }

  /** The longest that the application may work on one request, in seconds. */
  public readonly requestTimeout: number;
  /** The longest that a request may wait for a free slot, in seconds. */
  public readonly queueTimeout: number;
  /** Whether the request guard is installed in the workers. */
  public readonly requestGuard: boolean;
  /** Statement timeout for databases, in seconds. */
  public readonly statementTimeout: number;
  /** Facts of the instance type. */
  public readonly instance: InstanceSizeFacts;
  /** Settings of the application server and its systemd units. */
  public readonly appServer: AppServerPlan;
  /** Settings of nginx and its systemd unit. */
  public readonly nginx: NginxPlan;
  /** Settings of the load balancer and its target group. */
  public readonly loadBalancer: LoadBalancerPlan;
  /** Where the memory of the instance goes. */
  public readonly memory: MemoryPlan;
  /** Where the disk of the instance goes. */
  public readonly disk: DiskPlan;
  /** Settings of the database and its clients; undefined without a database. */
  public readonly database?: DatabasePlan;
  /** Settings of the cache; undefined without a cache. */
  public readonly cache?: CachePlan;
  /** Settings of the background workers. */
  public readonly backgroundWorkers: BackgroundWorkerPlan[];
  /** The budget of the database's connections; undefined without a database. */
  public readonly connections?: ConnectionPlan;
  /** Rules that do not hold, errors and warnings. */
  public readonly violations: Violation[];

  /** @internal */
  public readonly _plan: Plan;

  /** @internal */
  public readonly _props: RequestPathProps;

  private constructor({ plan, violations }: CheckedPlan, props: RequestPathProps) {
    this._plan = plan;
    this._props = props;
    this.requestTimeout = plan.requestTimeout;
    this.queueTimeout = plan.queueTimeout;
    this.requestGuard = plan.requestGuard;
    this.statementTimeout = plan.statementTimeout;
    this.instance = plan.instance;
    this.appServer = plan.appServer;
    this.nginx = plan.nginx;
    this.loadBalancer = plan.loadBalancer;
    this.memory = plan.memory;
    this.disk = plan.disk;
    this.database = plan.database;
    this.cache = plan.cache;
    this.backgroundWorkers = [...plan.backgroundWorkers];
    this.connections = plan.connections;
    this.violations = [...violations];
  }

  /** The plan as a Markdown table: hop, setting, value, and why; followed by the violations. */
  public explain(): string {
    const violations = this.violations.map(({ severity, message }) => `- ${severity}: ${message}\n`);
    return explainPlan(this._plan) + (violations.length > 0 ? `\n${violations.join('')}` : '');
  }
}

/** The plan, as a prop of what is made from it. */
export const PLAN = needed(instanceOf(RequestPathPlan, 'a RequestPathPlan: RequestPathPlan.of({ requestTimeout })'));

/** The smallest size on which as many workers fit as its CPUs want. */
const DEFAULT_INSTANCE_TYPE = 't3.small';

/** The numbers of props: this is the door where Durations, Sizes and instance types become seconds, MiB and names. */
function planInput(props: RequestPathProps): PlanInput {
  return {
    instanceType: literal('instanceType', props.instanceType?.toString()) ?? DEFAULT_INSTANCE_TYPE,
    requestTimeout: secondsOf('requestTimeout', props.requestTimeout),
    queueTimeout: secondsOf('queueTimeout', props.queueTimeout),
    requestGuard: props.requestGuard,
    loadBalancer: props.loadBalancerType,
    loadBalancerIdleTimeout: secondsOf('loadBalancerIdleTimeout', props.loadBalancerIdleTimeout),
    upstreamTimeout: secondsOf('upstreamTimeout', props.upstreamTimeout),
    clientMaxBodySize: mebibytesOf('clientMaxBodySize', props.clientMaxBodySize),
    volumeSize: mebibytesOf('volumeSize', props.volumeSize),
    healthCheckInterval: secondsOf('healthCheckInterval', props.healthCheckInterval),
    healthCheckTimeout: secondsOf('healthCheckTimeout', props.healthCheckTimeout),
    database: props.database?._planInput(props.operatingSystem),
    cache: props.cache?._planInput(),
    media: props.media?._planInput(),
    backgroundWorkers: props.backgroundWorkers?.map((worker) => worker._planInput()),
    maxInstances: literal('maxInstances', props.maxInstances),
    nginxDirectives:
      props.nginxDirectives &&
      Object.fromEntries(
        Object.entries(props.nginxDirectives).map(([name, value]) => [name, literal(`nginxDirectives ${name}`, value)]),
      ),
    locations: props.locations?.map(locationInput),
    ...(props.appServer ?? AppServer.gunicorn())._planInput(),
  };
}
