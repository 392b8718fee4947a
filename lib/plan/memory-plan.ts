import type { InstanceSizeFacts } from './instance-sizes';
import type { MemoryPlan } from './plan';

/** The default of `memoryPerWorker`, in MiB: a Django worker with admin, REST framework and pandas took 90-110 MiB, so this leaves room for data. */
export const DEFAULT_MEMORY_PER_WORKER = 256;

/** The kernel keeps about a twentieth: a 2048 MiB instance shows 1.9 GiB in `free`. */
const KERNEL_SHARE = 0.05;
/** systemd, journald, cloud-init's remains and the SSM agent on an idle machine, in MiB. */
const OPERATING_SYSTEM = 200;
/** One nginx worker with 8192 connections, in MiB. */
const NGINX = 20;
/** The gunicorn master, in MiB: a Python process with gunicorn imported and no application. */
const APP_SERVER_MASTER = 40;
/** Below this much memory a swap file keeps a spike (pip, a deploy's second set of workers) from killing a process, in MiB. */
const SWAP_UP_TO = 4096;

/** Where the memory of an instance goes, in MiB. */
export function planMemory(instance: InstanceSizeFacts, memoryPerWorker: number): MemoryPlan {
  const kernel = Math.ceil(instance.memoryMiB * KERNEL_SHARE);
  return {
    total: instance.memoryMiB,
    kernel,
    operatingSystem: OPERATING_SYSTEM,
    nginx: NGINX,
    appServerMaster: APP_SERVER_MASTER,
    forWorkers: Math.max(0, instance.memoryMiB - kernel - OPERATING_SYSTEM - NGINX - APP_SERVER_MASTER),
    perWorker: memoryPerWorker,
    swap: instance.memoryMiB <= SWAP_UP_TO ? Math.min(2048, instance.memoryMiB) : 0,
  };
}
