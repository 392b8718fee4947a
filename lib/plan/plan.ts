import type { InstanceSizeFacts } from './instance-sizes';

/** The gunicorn worker classes that can be planned for. */
export type WorkerClassName = 'sync' | 'gthread' | 'gevent' | 'asgi';

/** The load balancers that can stand in front: an Application or a Network Load Balancer. */
export type LoadBalancerKind = 'application' | 'network';

/** The database servers that can be planned for. */
export type DatabaseEngineName = 'mysql' | 'mariadb' | 'postgresql';

/** What is asked of a database. Times in seconds, memory in MiB; absent values are derived. */
export interface DatabaseInput {
  readonly engine: DatabaseEngineName;
  readonly host: 'instance' | 'rds' | 'elsewhere';
  /** Memory of the class of an RDS instance. */
  readonly memory?: number;
  /** Derived where the server is ours; elsewhere it can only be stated. */
  readonly maxConnections?: number;
  readonly pooling?: 'none' | 'pgbouncer' | 'rds-proxy';
  readonly connMaxAge?: number;
}

/** What is asked of a cache. Memory in MiB. */
export interface CacheInput {
  readonly host: 'instance' | 'elasticache' | 'elsewhere';
  readonly maxMemory?: number;
  /** Whether background workers take their tasks from it; absent: when there are some that need a broker. */
  readonly broker?: boolean;
}

/** What is asked of a background worker. Times in seconds, memory in MiB. */
export interface BackgroundWorkerInput {
  readonly name: string;
  readonly kind: 'celery' | 'celery-beat' | 'rq' | 'command';
  readonly processes: number;
  readonly memoryPerProcess: number;
  /** The longest that a task may run. */
  readonly taskTimeout: number;
}

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
  readonly loadBalancer?: LoadBalancerKind;
  /** Idle timeout of a load balancer that somebody else made, and that can therefore only be checked. */
  readonly loadBalancerIdleTimeout?: number;
  /** How long whatever stands before the load balancer (a CDN, an API gateway) waits for a response. */
  readonly upstreamTimeout?: number;
  readonly healthCheckInterval?: number;
  readonly healthCheckTimeout?: number;
  readonly database?: DatabaseInput;
  readonly cache?: CacheInput;
  readonly backgroundWorkers?: readonly BackgroundWorkerInput[];
  /** Instances that can run at once, the one that replaces another left out. */
  readonly maxInstances?: number;
  /** Overrides in nginx' own words; `upstream.` before a name means the block of the application's upstream. */
  readonly nginxDirectives?: Readonly<Record<string, string>>;
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
  /** nginx `keepalive_min_timeout` (nginx 1.27.4 and newer). */
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

/** Settings of the database server and of its clients. Times in seconds, memory in MiB. */
export interface DatabasePlan {
  /** `mysql`, `mariadb` or `postgresql`. */
  readonly engine: string;
  /** Where the server runs: `instance`, `rds` or `elsewhere`. */
  readonly host: string;
  /** `max_connections` of the server; 0 is unknown. */
  readonly maxConnections: number;
  /** PostgreSQL `statement_timeout`, MariaDB `max_statement_time`, MySQL `max_execution_time` (SELECT only). */
  readonly statementTimeout: number;
  /** `innodb_buffer_pool_size` or `shared_buffers`; 0 leaves it to the server, as on RDS, whose formula knows the class. */
  readonly bufferMemory: number;
  /** PostgreSQL `effective_cache_size`; 0 leaves it to the server. */
  readonly effectiveCacheSize: number;
  /** PostgreSQL `work_mem`; 0 leaves it to the server. */
  readonly workMem: number;
  /** `long_query_time` or `log_min_duration_statement`: what takes longer is logged. */
  readonly slowQuery: number;
  /** PostgreSQL `client_connection_check_interval`: how soon the query of a killed worker ends; 0 where the server has none. */
  readonly connectionCheckInterval: number;
  /** Django `CONN_MAX_AGE`. */
  readonly connMaxAge: number;
  /** Largest size of the connection pool in a process (Django `OPTIONS["pool"]`); 0 is none. */
  readonly poolSize: number;
  /** What stands between the application and the server: `none`, `pgbouncer` or `rds-proxy`. */
  readonly pooling: string;
  /** PgBouncer `default_pool_size`: server connections of an instance; 0 without PgBouncer. */
  readonly poolerSize: number;
  /** PgBouncer `max_client_conn`: what the processes of an instance may open; 0 without PgBouncer. */
  readonly poolerClients: number;
  /** RDS Proxy `MaxConnectionsPercent`; 0 without RDS Proxy. */
  readonly maxConnectionsPercent: number;
  /** RDS Proxy `ConnectionBorrowTimeout`, PgBouncer `query_wait_timeout`; 0 without a pooler. */
  readonly borrowTimeout: number;
  /** Memory that the server, with its connections, and PgBouncer take on the instance of the application. */
  readonly memory: number;
}

/** Settings of the cache. Memory in MiB. */
export interface CachePlan {
  /** Where the cache runs: `instance`, `elasticache` or `elsewhere`. */
  readonly host: string;
  /** `maxmemory`; 0 leaves it to the server. */
  readonly maxMemory: number;
  /** `maxmemory-policy`; empty leaves it to the server. */
  readonly maxmemoryPolicy: string;
  /** Whether background workers take their tasks from it. */
  readonly broker: boolean;
  /** `appendonly`. */
  readonly appendonly: boolean;
  /** Memory that the cache takes on the instance of the application. */
  readonly memory: number;
}

/** Settings of a background worker and of its systemd unit. Times in seconds, memory in MiB. */
export interface BackgroundWorkerPlan {
  /** Name of the systemd unit. */
  readonly name: string;
  /** `celery`, `celery-beat`, `rq` or `command`. */
  readonly kind: string;
  /** Processes that work on tasks. */
  readonly processes: number;
  /** What one process may take. */
  readonly memoryPerProcess: number;
  /** systemd `MemoryMax=`: all processes and what starts them; of rq, whose processes are units of their own, of all units together. */
  readonly memory: number;
  /** The longest that a task may run. */
  readonly taskTimeout: number;
  /** systemd `TimeoutStopSec=`. */
  readonly timeoutStopSec: number;
  /** After this the broker gives a task that nobody has acknowledged to another worker: the same for all, since the shortest wins. */
  readonly visibilityTimeout: number;
  /** Database connections that it holds at most. */
  readonly connections: number;
}

/** Connections of the database at the worst moment: who holds how many. */
export interface ConnectionPlan {
  /** Connections of one gunicorn worker. */
  readonly perWorker: number;
  /** gunicorn workers of an instance. */
  readonly workers: number;
  /** Instances that can run at once. */
  readonly instances: number;
  /** Workers of all instances, or what a pooler opens for them. */
  readonly web: number;
  /** One more set: a reload starts new workers before the old ones end, and an instance that is replaced runs beside its successor. */
  readonly surge: number;
  /** Background workers of all instances. */
  readonly backgroundWorkers: number;
  /** Migrations, shells, cron, monitoring, a dump. */
  readonly ops: number;
  /** What the server keeps for its superuser and its provider. */
  readonly reserved: number;
  /** The sum of all. */
  readonly total: number;
  /** What the server allows; 0 is unknown. */
  readonly maxConnections: number;
  /** `total` in percent of `maxConnections`. */
  readonly usedPercent: number;
}

/** Every number of the request path. Times in seconds, memory in MiB. */
export interface Plan {
  readonly instance: InstanceSizeFacts;
  /** The longest that the application may work on one request. */
  readonly requestTimeout: number;
  /** The longest that a request may wait for a free slot. */
  readonly queueTimeout: number;
  /** Whether the request guard is installed in the workers. */
  readonly requestGuard: boolean;
  /** What whoever stands before the load balancer waits; 0 is unknown. */
  readonly upstreamTimeout: number;
  /** Statement timeout for databases. */
  readonly statementTimeout: number;
  readonly appServer: AppServerPlan;
  readonly nginx: NginxPlan;
  readonly loadBalancer: LoadBalancerPlan;
  readonly memory: MemoryPlan;
  readonly database?: DatabasePlan;
  readonly cache?: CachePlan;
  readonly backgroundWorkers: readonly BackgroundWorkerPlan[];
  /** The budget of the database's connections. */
  readonly connections?: ConnectionPlan;
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
