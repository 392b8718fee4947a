import { needsBroker } from './background-worker-plan';
import { inPlace } from './in-place';
import type { BackgroundWorkerPlan, Plan } from './plan';
import { count, limit, mebibytes, seconds, type Rule } from './rule';

const worst = (value: (worker: BackgroundWorkerPlan) => number) => (plan: Plan) =>
  Math.max(0, ...plan.backgroundWorkers.map(value));
const someWorker = (plan: Plan) => plan.backgroundWorkers.length > 0;
const takesTasks = ({ kind }: BackgroundWorkerPlan) => needsBroker(kind);
const none = limit(0, '');

/** N: background workers, and the cache that they take their tasks from. */
export const BACKGROUND_WORKER_RULES: readonly Rule[] = [
  {
    id: 'N15',
    severity: 'warning',
    left: count('maxInstances with a cache on the instance', (plan) => plan.maxInstances),
    relation: '=',
    right: limit(1, ''),
    breaks: 'what one instance caches, or puts into the queue, the others do not see',
    change: 'use Cache.elastiCache or Cache.fromEndpoint',
    source: 'the server listens on a UNIX socket alone',
    applies: ({ cache }) => cache?.host === 'instance',
  },
  {
    id: 'N16',
    severity: 'warning',
    left: count(
      'celery-beat without a broker that all instances share',
      ({ backgroundWorkers }) => backgroundWorkers.filter(isBeat).length,
    ),
    relation: '=',
    right: none,
    breaks: 'every instance queues each scheduled task once more',
    change:
      'use Cache.elastiCache or Cache.fromEndpoint, or give BackgroundWorker.celeryBeat to a service with one instance',
    source: 'Celery, periodic tasks: only a single scheduler may run at a time; the lock of beat is in the broker',
    applies: ({ maxInstances, cache }) => maxInstances > 1 && (!cache?.broker || cache.host === 'instance'),
  },
  {
    id: 'N28',
    severity: 'error',
    left: count(
      'schedules with oncePerFleet without a broker that all instances share',
      ({ backgroundWorkers }) =>
        backgroundWorkers.filter(({ kind, oncePerFleet }) => kind === 'schedule' && oncePerFleet).length,
    ),
    relation: '=',
    right: none,
    breaks: 'every instance runs the command each time',
    change:
      'use Cache.elastiCache or Cache.fromEndpoint, leave out oncePerFleet, or give it to a service with one instance',
    source: 'the instance that runs it says so in the broker',
    applies: ({ maxInstances, cache }) => maxInstances > 1 && (!cache?.broker || cache.host === 'instance'),
  },
  {
    id: 'N29',
    severity: 'warning',
    left: count(
      'schedules without oncePerFleet',
      ({ backgroundWorkers }) =>
        backgroundWorkers.filter(({ kind, oncePerFleet }) => kind === 'schedule' && !oncePerFleet).length,
    ),
    relation: '=',
    right: none,
    breaks: 'every instance runs the command each time',
    change:
      'give oncePerFleet and a cache that all instances share, or acknowledge the warning where each instance has something of its own to do',
    source: 'each machine has timers of its own',
    applies: ({ maxInstances }) => maxInstances > 1,
  },
  {
    id: 'N17',
    severity: 'error',
    left: count('background workers with the name of another', doubles),
    relation: '=',
    right: none,
    breaks: 'one unit of systemd overwrites the other',
    change: 'give each worker a name of its own',
    source: 'systemd.unit(5)',
  },
  {
    id: 'N18',
    severity: 'warning',
    left: count('background workers without a broker', (plan) =>
      plan.cache ? 0 : plan.backgroundWorkers.filter(({ kind }) => needsBroker(kind)).length,
    ),
    relation: '=',
    right: none,
    breaks: 'they have tasks only where the settings of the application name a broker',
    change: 'add a cache, or acknowledge the warning where the application has a broker of its own',
    source: 'Celery and RQ: a broker is needed',
  },
  {
    id: 'N19',
    severity: 'error',
    left: seconds(
      'taskTimeout',
      worst(({ taskTimeout }) => taskTimeout),
    ),
    relation: '<',
    right: seconds(
      'TimeoutStopSec of the background worker',
      worst(({ timeoutStopSec }) => timeoutStopSec),
    ),
    breaks: 'systemd kills a task that may still run',
    change: 'leave TimeoutStopSec to the plan',
    source: 'systemd.service(5); Celery: a warm shutdown waits for tasks',
    applies: someWorker,
  },
  {
    id: 'N20',
    severity: 'error',
    left: seconds(
      'TimeoutStopSec of the background worker',
      worst((worker) => (takesTasks(worker) ? worker.timeoutStopSec : 0)),
    ),
    relation: '<',
    right: seconds(
      'visibility timeout',
      worst(({ visibilityTimeout }) => visibilityTimeout),
    ),
    breaks: 'the broker gives a task to a second worker while the first still works on it',
    change: 'leave the visibility timeout to the plan',
    source: 'Celery, Redis transport: what is not acknowledged in time is delivered again',
    applies: (plan) => plan.backgroundWorkers.some(takesTasks),
  },
  {
    id: 'N21',
    severity: 'error',
    left: seconds('taskTimeout', (plan) =>
      Math.min(...plan.backgroundWorkers.filter((worker) => !isBeat(worker)).map(({ taskTimeout }) => taskTimeout)),
    ),
    relation: '≥',
    right: limit(1),
    breaks: 'every task is killed when it starts',
    change: 'raise taskTimeout',
    source: 'Celery, task_time_limit; RQ, DEFAULT_TIMEOUT',
    applies: (plan) => plan.backgroundWorkers.some((worker) => !isBeat(worker)),
  },
  {
    id: 'N22',
    severity: 'error',
    left: mebibytes('maxMemory of the cache', ({ cache }) => cache?.maxMemory ?? 0),
    relation: '≥',
    right: limit(1, 'MiB'),
    breaks: 'the cache grows until the OOM killer comes',
    change: 'raise maxMemory of the cache',
    source: 'redis.conf: maxmemory 0 is without a limit',
    applies: ({ cache }) => cache?.host === 'instance',
  },
  {
    id: 'N23',
    severity: 'error',
    left: count('queues on an instance that each change replaces', (plan) =>
      plan.cache?.broker && plan.cache.host === 'instance' && !inPlace(plan) ? 1 : 0,
    ),
    relation: '=',
    right: none,
    breaks: 'the tasks that wait there are lost with each release and each new image',
    change:
      'use Cache.elastiCache or Cache.fromEndpoint, or a database or media on the instance (Database.mysqlOnInstance, Database.postgresOnInstance, Database.sqliteOnInstance, Media.onInstance), which is then changed in place and keeps its queue',
    source: 'the queue is on the root volume, which goes with the instance',
  },
  {
    id: 'N24',
    severity: 'error',
    left: seconds(
      'longestDelay',
      worst((worker) => (takesTasks(worker) ? worker.longestDelay : 0)),
    ),
    relation: '<',
    right: seconds(
      'visibility timeout',
      worst(({ visibilityTimeout }) => visibilityTimeout),
    ),
    breaks: 'the broker gives a task to a second worker while the first waits until it is due',
    change: 'leave the visibility timeout to the plan',
    source:
      'Celery, Redis transport: what is not acknowledged in time is delivered again; ETA, countdown and retry wait in a worker',
    applies: (plan) => plan.backgroundWorkers.some(takesTasks),
  },
];

function isBeat({ kind }: BackgroundWorkerPlan): boolean {
  return kind === 'celery-beat';
}

function doubles({ backgroundWorkers }: Plan): number {
  return backgroundWorkers.length - new Set(backgroundWorkers.map(({ name }) => name)).size;
}
