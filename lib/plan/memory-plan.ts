import type { InstanceSizeFacts } from './instance-sizes';
import type { MemoryPlan } from './plan';

/** The default of `memoryPerWorker`, in MiB: a worker of the sample took 24-29 MiB, one with admin, REST framework and pandas 90-110, so this leaves room for data. */
export const DEFAULT_MEMORY_PER_WORKER = 256;

/** The kernel keeps about a twentieth: a 2048 MiB instance shows 1.9 GiB in `free`. */
const KERNEL_SHARE = 0.05;
/** systemd and journald (13-15 MiB on the Debian 13 of the machine tests, 48 while cloud-init ends), agents, and the page cache that files need, in MiB. */
const OPERATING_SYSTEM = 200;
/** nginx: 8 MiB when idle, more with buffers in use, in MiB. */
const NGINX = 20;
/** The gunicorn master: 11-17 MiB without the application, which preload_app adds, in MiB. */
const APP_SERVER_MASTER = 40;
/** Below this much memory a swap file keeps a spike (pip, a deploy's second set of workers) from killing a process, in MiB. */
const SWAP_UP_TO = 4096;

/** What stands beside the web workers, in MiB. */
export type Neighbours = Pick<MemoryPlan, 'database' | 'cache' | 'backgroundWorkers'>;

const NOBODY: Neighbours = { database: 0, cache: 0, backgroundWorkers: 0 };

/** Where the memory of an instance goes, in MiB. */
export function planMemory(
  instance: InstanceSizeFacts,
  memoryPerWorker: number,
  neighbours: Neighbours = NOBODY,
): MemoryPlan {
  const { database, cache, backgroundWorkers } = neighbours;
  const own = OPERATING_SYSTEM + NGINX + APP_SERVER_MASTER;
  const kernel = Math.ceil(instance.memoryMiB * KERNEL_SHARE);
  return {
    total: instance.memoryMiB,
    kernel,
    operatingSystem: OPERATING_SYSTEM,
    nginx: NGINX,
    appServerMaster: APP_SERVER_MASTER,
    database,
    cache,
    backgroundWorkers,
    forWorkers: Math.max(0, instance.memoryMiB - kernel - own - database - cache - backgroundWorkers),
    perWorker: memoryPerWorker,
    swap: instance.memoryMiB <= SWAP_UP_TO ? Math.min(2048, instance.memoryMiB) : 0,
  };
}
