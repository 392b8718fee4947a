import type { InstanceSizeFacts } from './instance-sizes';
import type { MemoryPlan, PlanInput, WorkerClassName } from './plan';

/** The default of `workerClass`: slots decide the capacity of work that waits, and threads are the cheapest slots. */
export const DEFAULT_WORKER_CLASS: WorkerClassName = 'gthread';

/** Threads of a gthread worker: 5 × 8 slots did 575 requests/s where 5 × 5 did 360 and 5 × 1 did 70, on work that mostly waits. */
const THREADS = 8;
/** Slots that an instance needs to keep up with a thread peer on work that waits (rule O10). */
export const ENOUGH_SLOTS = 25;
/** Greenlets or coroutines of one worker: cheap in memory, but each may hold a database connection. */
const COOPERATIVE_SLOTS = 50;

/** Workers, threads and slots of the instance. */
export interface WorkerPlan {
  readonly workerClass: WorkerClassName;
  readonly workers: number;
  readonly threads: number;
  readonly workerConnections: number;
  readonly slotsPerWorker: number;
  readonly slots: number;
}

/**
 * `workers = min(2 × vCPU + 1, memory for workers / memory per worker)`, at least 1.
 * The first term is gunicorn's own advice; it is 5 on every t3 from nano to large, so that memory decides on the small ones.
 */
export function planWorkers(input: PlanInput, instance: InstanceSizeFacts, memory: MemoryPlan): WorkerPlan {
  const workerClass = input.workerClass ?? DEFAULT_WORKER_CLASS;
  const fitting = Math.floor(memory.forWorkers / memory.perWorker);
  const workers = input.workers ?? Math.max(1, Math.min(2 * instance.vcpus + 1, fitting));
  // few workers get more threads, so that a small instance has enough slots for work that waits
  const threads =
    workerClass === 'gthread' ? (input.threads ?? Math.max(THREADS, Math.ceil(ENOUGH_SLOTS / workers))) : 1;
  const slotsPerWorker =
    workerClass === 'sync' ? 1 : workerClass === 'gthread' ? threads : (input.workerConnections ?? COOPERATIVE_SLOTS);
  return {
    workerClass,
    workers,
    threads,
    workerConnections: slotsPerWorker,
    slotsPerWorker,
    slots: workers * slotsPerWorker,
  };
}
