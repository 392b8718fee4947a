import type { Plan } from './plan';

/** Linux' `net.core.somaxconn`: the kernel cuts every backlog to it. */
export const SOMAXCONN = 4096;

/** How many requests may wait, and where. */
export interface QueuePlan {
  readonly maxConns: number;
  readonly backlog: number;
  readonly workerProcesses: number;
  readonly workerConnections: number;
}

/**
 * How many WebSockets nginx lets through at once, beside the requests: as many as there are slots, as far as all together find room in
 * the backlog. They have no deadline, so that idle ones would fill places that they shared (measured: 800 idle ones, and each request
 * was a 503).
 */
export function webSockets({ appServer, nginx }: Pick<Plan, 'appServer' | 'nginx'>): number {
  if (appServer.workerClass !== 'asgi') return 0;
  return Math.max(1, Math.min(appServer.slots, SOMAXCONN - 1 - nginx.maxConns));
}

/**
 * The bound of the queue sits in nginx: `max_conns = slots + 50 + 2 × slots`. Poisson bursts lose 0.5 % of the requests at
 * 90 % load with 50 places, whatever the service time; 2 × slots more absorb the dips of a burstable CPU.
 */
export function planQueue(slots: number): QueuePlan {
  const maxConns = slots + 50 + 2 * slots;
  return {
    maxConns,
    // everything that nginx passes on, and what was abandoned meanwhile, must find room: a full socket is a 502 instead of a 503
    backlog: SOMAXCONN,
    // max_conns counts in each nginx worker; one took 4 % of a core while it refused 950 requests/s
    workerProcesses: 1,
    // never the limiter: it would cut the load balancer's connections without a status
    workerConnections: Math.max(8192, 4 * maxConns),
  };
}
