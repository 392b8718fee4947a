import { UNBOUND, type ConnectionBound } from './connection-plan';
import type { InstanceSizeFacts } from './instance-sizes';
import type { MemoryPlan, PlanInput, WorkerClassName } from './plan';

/** The default of `workerClass`: slots decide the capacity of work that waits, and threads are the cheapest slots. */
export const DEFAULT_WORKER_CLASS: WorkerClassName = 'gthread';

/** Threads of a gthread worker: 5 × 8 slots did 575 requests/s where 5 × 5 did 360 and 5 × 1 did 70, on work that mostly waits. */
const THREADS = 8;
/** Slots that an instance needs to keep up with a thread peer on work that waits (rule O10). */
export const ENOUGH_SLOTS = 25;
/** Greenlets or coroutines of one worker: cheap in memory, so as many as are useful, unless each may hold a database connection. */
const COOPERATIVE_SLOTS = 50;
/** Largest pool of a process whose requests share connections: four times what psycopg_pool keeps by default would idle, half would queue. */
const POOL_SIZE = 8;

/** Workers, threads and slots of the instance. */
export interface WorkerPlan {
  readonly workerClass: WorkerClassName;
  readonly workers: number;
  readonly threads: number;
  readonly workerConnections: number;
  readonly slotsPerWorker: number;
  readonly slots: number;
}

/** Greenlets and coroutines: a request is neither a process nor a thread. */
export function cooperative(workerClass: string): boolean {
  return workerClass === 'gevent' || workerClass === 'asgi';
}

/**
 * `workers = min(2 × vCPU + 1, memory for workers / memory per worker, connections / connections per worker)`, at least 1.
 * A worker that the request guard replaces stays until its successor serves: for that minute swap carries one more, or where there is
 * none the memory that is left.
 * The first term is gunicorn's own advice; it is 5 on every t3 from nano to large, so that memory decides on the small ones.
 * Where memory or connections are short, threads (or greenlets, coroutines, the pool) give way before workers do: every process can use
 * a CPU. Memory keeps as many connections as threads of a worker would hold, also for greenlets and coroutines without a pool, which then
 * take what is left; the server's limit goes down to one of each.
 */
export function planWorkers(
  input: PlanInput,
  instance: InstanceSizeFacts,
  memory: MemoryPlan,
  bound: ConnectionBound = UNBOUND,
): WorkerPlan & { readonly connectionsPerWorker: number } {
  const workerClass = input.workerClass ?? DEFAULT_WORKER_CLASS;
  const [wanted, least] = ((): [number, number] => {
    if (workerClass === 'sync') return [1, 1];
    if (cooperative(workerClass) && bound.pool) return [POOL_SIZE, 1];
    const asked = workerClass === 'gthread' ? input.threads : input.workerConnections;
    return asked === undefined ? [THREADS, 1] : [asked, asked];
  })();
  const forSets = memory.forWorkers - ((input.requestGuard ?? true) ? Math.max(0, memory.perWorker - memory.swap) : 0);
  const { sets, replaced, memoryPerConnection } = bound;
  const fitting = Math.floor(
    (forSets - wanted * replaced * memoryPerConnection) / (memory.perWorker + wanted * sets * memoryPerConnection),
  );
  const connected = Math.floor((bound.forWorkers / Math.max(1, least) - replaced) / sets);
  const workers = input.workers ?? Math.max(1, Math.min(2 * instance.vcpus + 1, fitting, connected));
  const counted = Math.max(1, workers); // less has a violation of its own (R9), and what follows from it would be no number
  const left = forSets - counted * memory.perWorker;
  const connections = Math.min(bound.forWorkers, memoryPerConnection === 0 ? Infinity : left / memoryPerConnection);
  const allowed = Math.max(1, Math.floor(connections / (counted * sets + replaced)));
  // few workers get more threads, so that a small instance has enough slots for work that waits
  const threads =
    workerClass === 'gthread'
      ? (input.threads ?? Math.min(Math.max(THREADS, Math.ceil(ENOUGH_SLOTS / counted)), allowed))
      : 1;
  // a pool bounds the connections, and its requests wait in turn
  const cooperativeSlots = input.workerConnections ?? Math.min(COOPERATIVE_SLOTS, bound.pool ? Infinity : allowed);
  const slotsPerWorker = workerClass === 'sync' ? 1 : workerClass === 'gthread' ? threads : cooperativeSlots;
  return {
    workerClass,
    workers,
    threads,
    workerConnections: slotsPerWorker,
    slotsPerWorker,
    slots: counted * slotsPerWorker,
    connectionsPerWorker: bound.pool && cooperative(workerClass) ? Math.min(POOL_SIZE, allowed) : slotsPerWorker,
  };
}
