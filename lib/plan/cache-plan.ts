import { needsBroker } from './background-worker-plan';
import type { InstanceSizeFacts } from './instance-sizes';
import type { BackgroundWorkerPlan, CacheInput, CachePlan } from './plan';

/** Share of the instance's memory that a cache on it gets: enough for sessions and fragments, little beside the workers. */
const SHARE = 1 / 16;
/** The smallest `maxmemory` that is worth a server, in MiB. */
const SMALLEST = 32;
/** Fragmentation and client buffers come on top of `maxmemory`, and so does the server itself, in MiB. */
const OVERHEAD = { factor: 1.25, server: 10 };

/** Size and eviction of the cache. */
export function planCache(
  input: CacheInput,
  instance: InstanceSizeFacts,
  backgroundWorkers: readonly BackgroundWorkerPlan[],
): CachePlan {
  const onInstance = input.host === 'instance';
  // a lock of the fleet is beside the tasks, where nobody clears the cache; on an instance there is no fleet to share it with
  const broker =
    input.broker ??
    backgroundWorkers.some(({ kind, oncePerFleet }) => needsBroker(kind) || (oncePerFleet && !onInstance));
  const derived = Math.max(SMALLEST, Math.floor(instance.memoryMiB * SHARE));
  const maxMemory = onInstance ? (input.maxMemory ?? derived) : 0;
  return {
    host: input.host,
    maxMemory,
    // keys of a queue have no expiry, cached ones have: volatile-lru never evicts a task
    maxmemoryPolicy: input.host === 'elsewhere' ? '' : broker ? 'volatile-lru' : 'allkeys-lru',
    broker,
    // a lost cache refills itself, a lost queue does not
    appendonly: onInstance && broker,
    memory: onInstance ? Math.ceil(maxMemory * OVERHEAD.factor) + OVERHEAD.server : 0,
  };
}
