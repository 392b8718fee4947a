import type {
  BackgroundWorkerInput,
  BackgroundWorkerPlan,
  CacheInput,
  CachePlan,
  ConnectionPlan,
  DatabaseInput,
  DatabasePlan,
  MediaInput,
} from './data-services';
import type { InstanceSizeFacts } from './instance-sizes';
import type { LocationInput, LocationPlan } from './location-plan';

export type {
  BackgroundWorkerInput,
  BackgroundWorkerPlan,
  CacheInput,
  CachePlan,
  ConnectionPlan,
  DatabaseEngineName,
  DatabaseInput,
  DatabasePlan,
  DatabaseServerName,
  MediaInput,
} from './data-services';
export type { LocationInput, LocationPlan } from './location-plan';

/** The gunicorn worker classes that can be planned for. */
export type WorkerClassName = 'sync' | 'gthread' | 'gevent' | 'asgi';

/** The load balancers that can stand in front: an Application or a Network Load Balancer. */
export type LoadBalancerKind = 'application' | 'network';

/** What is asked of a plan. Times in seconds, memory in MiB; absent values are derived. */
export interface PlanInput {
  readonly instanceType: string;
  readonly requestTimeout?: number;
  readonly queueTimeout?: number;
  readonly requestGuard?: boolean;
  readonly workerClass?: WorkerClassName;
  readonly workers?: number;
  readonly threads?: number;
  readonly workerConnections?: number;
  readonly memoryPerWorker?: number;
  readonly maxRequests?: number;
  readonly preloadApp?: boolean;
  readonly clientMaxBodySize?: number;
  /** Size of the root volume. */
  readonly volumeSize?: number;
  readonly loadBalancer?: LoadBalancerKind;
  /** Idle timeout of a load balancer that somebody else made, and that can therefore only be checked. */
  readonly loadBalancerIdleTimeout?: number;
  /** How long whatever stands before the load balancer (a CDN, an API gateway) waits for a response. */
  readonly upstreamTimeout?: number;
  readonly healthCheckInterval?: number;
  readonly healthCheckTimeout?: number;
  readonly database?: DatabaseInput;
  readonly cache?: CacheInput;
  readonly media?: MediaInput;
  readonly backgroundWorkers?: readonly BackgroundWorkerInput[];
  /** Instances that can run at once, the one that replaces another left out. */
  readonly maxInstances?: number;
  /** Overrides in nginx' own words; `upstream.` before a name means the block of the application's upstream. */
  readonly nginxDirectives?: Readonly<Record<string, string>>;
  /** Settings of nginx for a path and what is below it. */
  readonly locations?: readonly LocationInput[];
  /** Overrides in gunicorn's own words. */
  readonly gunicornSettings?: Readonly<Record<string, unknown>>;
}

/** Settings of the application server and of its systemd units. Times in seconds. */
export interface AppServerPlan {
  /** gunicorn `worker_class`. */
  readonly workerClass: string;
  /** gunicorn `workers`. */
  readonly workers: number;
  /** gunicorn `threads`; 1 for every class but gthread. */
  readonly threads: number;
  /** gunicorn `worker_connections`: gthread = threads, gevent = greenlets; in asgi the request guard holds it. */
  readonly workerConnections: number;
  /** Requests that one worker works on at the same time. */
  readonly slotsPerWorker: number;
  /** Requests that the instance works on at the same time: workers × slots of a worker. */
  readonly slots: number;
  /** gunicorn `timeout`. */
  readonly timeout: number;
  /** gunicorn `graceful_timeout`. */
  readonly gracefulTimeout: number;
  /** gunicorn `asgi_disconnect_grace_period`: how long a coroutine may go on when its connection has ended; for asgi. */
  readonly asgiDisconnectGracePeriod: number;
  /** gunicorn `keepalive`; 0 is off. */
  readonly keepalive: number;
  /** gunicorn `max_requests`; 0 is off. */
  readonly maxRequests: number;
  /** gunicorn `max_requests_jitter`. */
  readonly maxRequestsJitter: number;
  /** gunicorn `preload_app`. */
  readonly preloadApp: boolean;
  /** systemd `Backlog=` of the socket unit, gunicorn `backlog`. */
  readonly backlog: number;
  /** systemd `TimeoutStartSec=` of the service. */
  readonly timeoutStartSec: number;
  /** systemd `TimeoutStopSec=` of the service. */
  readonly timeoutStopSec: number;
  /** systemd `WatchdogSec=` of the service: a hung master is replaced; 0 is off (it needs the request guard). */
  readonly watchdogSec: number;
}

/** Settings of nginx and of its systemd unit. Times in seconds, sizes in MiB. */
export interface NginxPlan {
  /** nginx `proxy_read_timeout`. */
  readonly proxyReadTimeout: number;
  /** nginx `proxy_send_timeout`. */
  readonly proxySendTimeout: number;
  /** nginx `send_timeout`. */
  readonly sendTimeout: number;
  /** nginx `client_header_timeout`. */
  readonly clientHeaderTimeout: number;
  /** nginx `client_body_timeout`. */
  readonly clientBodyTimeout: number;
  /** nginx `keepalive_timeout` towards the load balancer. */
  readonly keepaliveTimeout: number;
  /** nginx `keepalive_min_timeout` (nginx 1.27.4 and newer); 0 is off. */
  readonly keepaliveMinTimeout: number;
  /** nginx `worker_shutdown_timeout`. */
  readonly workerShutdownTimeout: number;
  /** systemd `TimeoutStopSec=` of nginx. */
  readonly timeoutStopSec: number;
  /** nginx `max_conns` of the application's upstream: requests in work and in the queue. */
  readonly maxConns: number;
  /** nginx `keepalive` of the application's upstream: idle connections kept; 0 is off. */
  readonly upstreamKeepalive: number;
  /** nginx `keepalive_timeout` of the application's upstream. */
  readonly upstreamKeepaliveTimeout: number;
  /** nginx `worker_processes`. */
  readonly workerProcesses: number;
  /** nginx `worker_connections`. */
  readonly workerConnections: number;
  /** nginx `client_max_body_size` in MiB; 0 is without a limit. */
  readonly clientMaxBodySize: number;
  /** nginx `proxy_max_temp_file_size` in MiB: what it reads ahead of one response for a slow client; 0 is nothing but its buffers. */
  readonly proxyMaxTempFileSize: number;
  /** nginx `proxy_ignore_client_abort`. */
  readonly proxyIgnoreClientAbort: boolean;
  /** nginx `proxy_read_timeout` of the health check: an application whose slots are all taken is busy, not dead. */
  readonly healthReadTimeout: number;
}

/** Settings of the load balancer and its target group. Times in seconds. */
export interface LoadBalancerPlan {
  /** `application` or `network`. */
  readonly type: string;
  /** ALB `idle_timeout.timeout_seconds`, NLB `tcp.idle_timeout.seconds`. */
  readonly idleTimeout: number;
  /** Target group `deregistration_delay.timeout_seconds`. */
  readonly deregistrationDelay: number;
  /** Target group `HealthCheckIntervalSeconds`. */
  readonly healthCheckInterval: number;
  /** Target group `HealthCheckTimeoutSeconds`. */
  readonly healthCheckTimeout: number;
  /** Target group `HealthyThresholdCount`. */
  readonly healthyThresholdCount: number;
  /** Target group `UnhealthyThresholdCount`. */
  readonly unhealthyThresholdCount: number;
  /** Target group `load_balancing.algorithm.type`. */
  readonly loadBalancingAlgorithm: string;
  /** Target group `slow_start.duration_seconds`; 0 is off. */
  readonly slowStart: number;
}

/** Where the memory of the instance goes, in MiB. */
export interface MemoryPlan {
  /** Memory of the instance. */
  readonly total: number;
  /** What the kernel keeps for itself before the first process starts. */
  readonly kernel: number;
  /** Operating system, journal and agents. */
  readonly operatingSystem: number;
  /** nginx. */
  readonly nginx: number;
  /** The master process of the application server. */
  readonly appServerMaster: number;
  /** A database server on the instance, with its connections; 0 is none. */
  readonly database: number;
  /** A cache on the instance; 0 is none. */
  readonly cache: number;
  /** Background workers; 0 is none. */
  readonly backgroundWorkers: number;
  /** What is left for workers. */
  readonly forWorkers: number;
  /** What one worker may take. */
  readonly perWorker: number;
  /** Swap file that the bootstrap makes; 0 is none. */
  readonly swap: number;
}

/** Where the disk of the instance goes, the root volume, in MiB. */
export interface DiskPlan {
  /** Size of the root volume. */
  readonly total: number;
  /** Operating system, packages, and what the file system keeps for itself. */
  readonly operatingSystem: number;
  /** Releases of the application with their packages. */
  readonly releases: number;
  /** Swap file; 0 is none. */
  readonly swap: number;
  /** Logs of nginx, the journal, other logs. */
  readonly logs: number;
  /** What nginx caches (`proxy_cache_path`); 0 is nothing. */
  readonly nginxCache: number;
  /** What a cache on the instance keeps of its queues; 0 is nothing. */
  readonly cache: number;
  /** File system of the request bodies that nginx receives. */
  readonly uploads: number;
  /** Temporary files that the application makes of them. */
  readonly applicationUploads: number;
  /** File system of the responses that nginx reads ahead for slow clients. */
  readonly responses: number;
  /** What is left for files of the application. */
  readonly forApplication: number;
}

/** Every number of the request path. Times in seconds, memory and disk in MiB. */
export interface Plan {
  readonly instance: InstanceSizeFacts;
  /** The longest that the application may work on one request. */
  readonly requestTimeout: number;
  /** The longest that a request may wait for a free slot. */
  readonly queueTimeout: number;
  /** Whether the request guard is installed in the workers. */
  readonly requestGuard: boolean;
  /** Instances that can run at once, the one that replaces another left out. */
  readonly maxInstances: number;
  /** What whoever stands before the load balancer waits; 0 is unknown. */
  readonly upstreamTimeout: number;
  /** Statement timeout for databases. */
  readonly statementTimeout: number;
  readonly appServer: AppServerPlan;
  readonly nginx: NginxPlan;
  readonly loadBalancer: LoadBalancerPlan;
  readonly memory: MemoryPlan;
  readonly disk: DiskPlan;
  readonly database?: DatabasePlan;
  readonly cache?: CachePlan;
  readonly media?: MediaInput;
  readonly backgroundWorkers: readonly BackgroundWorkerPlan[];
  /** The budget of the database's connections. */
  readonly connections?: ConnectionPlan;
  /** Settings of nginx for a path and what is below it, the outer paths first. */
  readonly locations: readonly LocationPlan[];
  /** nginx directives that rules know, as the user wrote them. */
  readonly knownNginxDirectives: Readonly<Record<string, string>>;
  /** nginx directives that no rule knows, as the user wrote them. */
  readonly extraNginxDirectives: Readonly<Record<string, string>>;
  /** gunicorn settings that no rule knows, as the user wrote them. */
  readonly extraGunicornSettings: Readonly<Record<string, unknown>>;
}

/** One rule that a configuration breaks. */
export interface Violation {
  /** Id of the rule, for example `A3`. */
  readonly rule: string;
  /** `error` stops the synthesis, `warning` does not. */
  readonly severity: string;
  /** Both settings with both values, what breaks, what to change. */
  readonly message: string;
}
