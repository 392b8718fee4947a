import type { BackgroundWorkerInput, BackgroundWorkerPlan } from './plan';

/** The default of `memoryPerProcess`, in MiB: a process with the application loaded, as a gunicorn worker is, without requests at the same time. */
export const DEFAULT_MEMORY_PER_PROCESS = 192;
/** The default of `taskTimeout`, in seconds: what Celery and RQ users move out of a request takes minutes, not hours. */
export const DEFAULT_TASK_TIMEOUT = 300;

/** The parent that starts the processes (celery's main process, an rq worker before it forks) shares most pages with them, in MiB. */
const PARENT = 64;
/** A warm shutdown lets the task end; then results are stored and connections closed, in seconds. */
const STOP_MARGIN = 15;
/** A task must be over, killed or acknowledged, before the broker gives it to another worker, in seconds. */
const VISIBILITY_MARGIN = 60;
/** The default of Celery's Redis transport, in seconds: tasks with a countdown, and workers elsewhere, are made with it in mind. */
const CELERY_VISIBILITY = 3600;

/** Whether workers of this kind take their tasks from a broker. */
export function needsBroker(kind: string): boolean {
  return kind !== 'command' && kind !== 'schedule';
}

/** Processes, memory, time limits and connections of every background worker. */
export function planBackgroundWorkers(inputs: readonly BackgroundWorkerInput[]): BackgroundWorkerPlan[] {
  // of all clients of a broker the shortest visibility timeout wins (Celery, Redis transport)
  const held = inputs
    .filter(({ kind }) => needsBroker(kind))
    .flatMap(({ taskTimeout, longestDelay = 0 }) => [taskTimeout, longestDelay]);
  const leastVisibilityTimeout = Math.max(0, ...held) + VISIBILITY_MARGIN;
  return inputs.map(({ name, kind, processes, memoryPerProcess, taskTimeout, longestDelay = 0, oncePerFleet }) => ({
    name,
    kind,
    processes,
    memoryPerProcess,
    // each process of rq is a unit with a parent of its own
    memory: processes * memoryPerProcess + (kind === 'rq' ? processes : 1) * PARENT,
    taskTimeout,
    longestDelay,
    timeoutStopSec: taskTimeout + STOP_MARGIN,
    leastVisibilityTimeout,
    visibilityTimeout: Math.max(CELERY_VISIBILITY, leastVisibilityTimeout),
    // one connection for each process: Celery closes before and after a task, RQ forks for each job
    connections: processes,
    oncePerFleet: oncePerFleet ?? kind === 'celery-beat',
  }));
}
