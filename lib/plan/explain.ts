import { explainedData } from './explain-data';
import { explainedDisk } from './explain-disk';
import { explainedLocations } from './explain-locations';
import { explainedSlots } from './explain-slots';
import type { ExplainedSetting } from './explained-setting';
import type { MemoryPlan, Plan } from './plan';
import { webSockets } from './queue-plan';
import { timeoutEndsRequests, webSocketPing } from './timeout-plan';

/** Every number of a plan with its reason, from the innermost hop to the outermost. */
export function explainedSettings(plan: Plan): ExplainedSetting[] {
  const { appServer, nginx, loadBalancer, memory } = plan;
  const s = (value: number) => `${value} s`;
  const row = (hop: string, setting: string, value: string, because: string): ExplainedSetting => ({
    hop,
    setting,
    value,
    because,
  });
  const alb = loadBalancer.type === 'application';
  return [
    row(
      'database',
      'statement timeout',
      s(plan.statementTimeout),
      'requestTimeout - 3 s: the application gets an exception, not a killed worker',
    ),
    ...explainedData(plan),
    row(
      'request guard',
      'deadline',
      plan.requestGuard ? s(plan.requestTimeout) : 'off',
      plan.requestGuard
        ? 'requestTimeout: a clear 504 in every worker class'
        : 'requestGuard is off: see the warnings for what is lost',
    ),
    row(
      'gunicorn',
      'timeout',
      s(appServer.timeout),
      timeoutEndsRequests(appServer.workerClass)
        ? 'requestTimeout + 2 s: ends what the guard cannot, code that is stuck in C'
        : 'requestTimeout + 2 s: a heartbeat of the worker process in this class',
    ),
    row(
      'gunicorn',
      'graceful_timeout',
      s(appServer.gracefulTimeout),
      'timeout + 2 s: requests in flight end before a stop or a reload does',
    ),
    ...(appServer.workerClass === 'asgi'
      ? [
          row(
            'gunicorn',
            'asgi_disconnect_grace_period',
            s(appServer.asgiDisconnectGracePeriod),
            'requestTimeout: what runs after the response, or when its client has gone, may end',
          ),
          row(
            'gunicorn',
            'ping of WebSockets',
            s(webSocketPing(plan)),
            'at most 20 s and a third of proxy_read_timeout, which counts the silence: idle ones live',
          ),
        ]
      : []),
    row(
      'gunicorn',
      'keepalive',
      appServer.keepalive ? s(appServer.keepalive) : 'off',
      'the next hop is a local UNIX socket: idle connections would take slots',
    ),
    row(
      'gunicorn',
      'workers',
      `${appServer.workers}`,
      `the lower of 2 × ${plan.instance.vcpus} vCPU + 1 and ${memory.forWorkers} MiB / ${memory.perWorker} MiB${plan.connections ? ', as far as their connections allow' : ''}, unless asked for`,
    ),
    explainedSlots(plan),
    row(
      'gunicorn.service',
      'TimeoutStopSec',
      s(appServer.timeoutStopSec),
      'graceful_timeout + 5 s: systemd does not cut the drain',
    ),
    row(
      'gunicorn.service',
      'WatchdogSec',
      appServer.watchdogSec ? s(appServer.watchdogSec) : 'off',
      'a hung master is replaced',
    ),
    row(
      'gunicorn.socket',
      'Backlog',
      `${appServer.backlog}`,
      'more than max_conns: a full queue is a 503 of nginx, never a 502',
    ),
    row(
      'nginx',
      'max_conns',
      `${nginx.maxConns}`,
      'slots + 50 + 2 × slots: what may be in work and in the queue; more gets 503 with Retry-After at once',
    ),
    ...(webSockets(plan) > 0
      ? [
          row(
            'nginx',
            'max_conns of websockets',
            `${webSockets(plan)}`,
            'as many as slots, beside the requests: idle ones have no deadline and take no place of a request',
          ),
        ]
      : []),
    row(
      'nginx',
      'proxy_read_timeout',
      s(nginx.proxyReadTimeout),
      `timeout + 2 s + queueTimeout (${plan.queueTimeout} s): it also counts the wait in the queue`,
    ),
    row(
      'nginx',
      'proxy_send_timeout',
      s(nginx.proxySendTimeout),
      'proxy_read_timeout: an application may work before it reads a large body',
    ),
    row(
      'nginx',
      'send_timeout',
      s(nginx.sendTimeout),
      'above requestTimeout: a paused reader does not truncate a response',
    ),
    row(
      'nginx',
      'worker_shutdown_timeout',
      s(nginx.workerShutdownTimeout),
      nginx.keepaliveMinTimeout
        ? 'keepalive_min_timeout + 5 s: a reload cuts no response and no idle connection'
        : 'proxy_read_timeout + 5 s: a stop cuts no response',
    ),
    row(
      'nginx.service',
      'TimeoutStopSec',
      s(nginx.timeoutStopSec),
      'worker_shutdown_timeout + 5 s: the packaged unit gives 5 s',
    ),
    row(
      'load balancer',
      alb ? 'idle_timeout.timeout_seconds' : 'tcp.idle_timeout.seconds',
      s(loadBalancer.idleTimeout),
      alb
        ? 'proxy_read_timeout + 5 s: nginx answers first, so a 504 of the ALB means that the instance is gone'
        : 'above keepalive_timeout: the NLB forgets idle flows silently, so nginx closes first',
    ),
    row(
      'nginx',
      'client_header_timeout',
      s(nginx.clientHeaderTimeout),
      alb
        ? 'idle timeout + 5 s: the ALB may open a connection ahead of a request'
        : 'clients speak to nginx themselves, and send the head of a request within seconds',
    ),
    row(
      'nginx',
      'keepalive_min_timeout',
      nginx.keepaliveMinTimeout ? s(nginx.keepaliveMinTimeout) : 'off',
      nginx.keepaliveMinTimeout
        ? 'idle timeout + 5 s: a reload does not close what the ALB is about to use (nginx 1.27.4 and newer)'
        : alb
          ? 'each change stops the machine, and a stop would wait for idle connections'
          : 'the NLB keeps no connections for requests to come',
    ),
    row(
      'nginx',
      'keepalive_timeout',
      s(nginx.keepaliveTimeout),
      alb
        ? 'idle timeout + 15 s: whoever sends requests gives up an idle connection first'
        : 'what nginx gives browsers, below the idle timeout of the NLB',
    ),
    row('nginx', 'worker_connections', `${nginx.workerConnections}`, '4 × max_conns, at least 8192: never the limit'),
    row(
      'nginx',
      'client_max_body_size',
      nginx.clientMaxBodySize ? `${nginx.clientMaxBodySize} MiB` : 'off',
      'clientMaxBodySize',
    ),
    ...explainedDisk(plan),
    ...explainedLocations(plan),
    row(
      'target group',
      'deregistration_delay.timeout_seconds',
      s(loadBalancer.deregistrationDelay),
      'proxy_read_timeout + 5 s: drains everything that may be in flight',
    ),
    row('target group', 'HealthCheckIntervalSeconds', s(loadBalancer.healthCheckInterval), 'healthCheckInterval'),
    row(
      'target group',
      'HealthCheckTimeoutSeconds',
      s(loadBalancer.healthCheckTimeout),
      'above the 2 s after which nginx tells a busy application from a dead one',
    ),
    row(
      'instance',
      'memory',
      `${memory.total} MiB`,
      `kernel ${memory.kernel}, operating system ${memory.operatingSystem}, nginx ${memory.nginx}, gunicorn master ${memory.appServerMaster}, ${neighbours(memory)}workers ${memory.forWorkers}`,
    ),
    ...(plan.requestGuard
      ? [
          row(
            'instance',
            'one worker more',
            `${memory.perWorker} MiB`,
            `while the guard replaces a worker; of ${(appServer.workers + 1) * memory.perWorker} MiB the memory for workers carries ${memory.forWorkers} and swap up to ${memory.swap}`,
          ),
        ]
      : []),
    row(
      'instance',
      'CPU',
      `${plan.instance.vcpus} vCPU`,
      `${plan.instance.baselinePercent} % of each for ever, above it CPU credits (${plan.instance.creditsPerHour}/h); unlimited mode, the default, bills what exceeds them`,
    ),
  ];
}

/** What stands beside the web workers, where there is something. */
function neighbours({ database, cache, backgroundWorkers }: MemoryPlan): string {
  return [
    database ? `database ${database}, ` : '',
    cache ? `cache ${cache}, ` : '',
    backgroundWorkers ? `background workers ${backgroundWorkers}, ` : '',
  ].join('');
}

/** The plan as a Markdown table. */
export function explainPlan(plan: Plan): string {
  const rows = explainedSettings(plan).map(
    ({ hop, setting, value, because }) => `| ${hop} | \`${setting}\` | ${value} | ${because} |`,
  );
  return ['| hop | setting | value | because |', '|---|---|---|---|', ...rows, ''].join('\n');
}
