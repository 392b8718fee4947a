import type { BackgroundWorkerPlan, Plan } from '../../lib/plan';
import { DISTINCT_PLAN } from './plan';

/** Fields of a plan by their paths, for example `{ 'nginx.sendTimeout': 60 }`. */
export type Fields = Readonly<Record<string, unknown>>;

/** Where a rule begins to speak: values of one field for which it holds, and values for which it is broken. */
export interface Edge {
  readonly field: string;
  readonly holds: readonly unknown[];
  readonly fails: readonly unknown[];
  /** What the other side of the rule is made of, and what it applies to. */
  readonly where?: Fields;
  /** The same plans, broken values included, about which the rule says nothing. */
  readonly silent?: readonly Fields[];
}

export type Values = Pick<Edge, 'holds' | 'fails'>;

export const below = (edge: number, step = 1): Values => ({ holds: [edge - step], fails: [edge, edge + step] });
export const atMost = (edge: number, step = 1): Values => ({ holds: [edge - step, edge], fails: [edge + step] });
export const atLeast = (edge: number, step = 1): Values => ({ holds: [edge, edge + step], fails: [edge - step] });
export const above = (edge: number, step = 1): Values => ({ holds: [edge + step], fails: [edge - step, edge] });
export const only = (edge: number): Values => ({ holds: [edge], fails: [edge - 1, edge + 1] });
export const always = (field: string, value: unknown): Edge => ({ field, holds: [], fails: [value] });

export const worker = (values: Partial<BackgroundWorkerPlan>): BackgroundWorkerPlan => ({
  name: 'celery',
  kind: 'celery',
  processes: 2,
  memoryPerProcess: 192,
  memory: 401,
  taskTimeout: 300,
  longestDelay: 12,
  timeoutStopSec: 330,
  leastVisibilityTimeout: 345,
  visibilityTimeout: 360,
  connections: 3,
  oncePerFleet: false,
  ...values,
});

/** Has everything that a rule can speak about, and no two fields with the same value. */
const EVERYTHING: Plan = {
  ...DISTINCT_PLAN,
  backgroundWorkers: [worker({})],
  cache: { host: 'instance', maxMemory: 701, maxmemoryPolicy: 'x', broker: true, appendonly: true, memory: 702 },
  media: { host: 's3' },
  database: {
    engine: 'postgresql',
    host: 'rds',
    maxConnections: 801,
    statementTimeout: 802,
    lockWaitTimeout: 815,
    connectTimeout: 816,
    bufferMemory: 803,
    effectiveCacheSize: 804,
    workMem: 805,
    slowQuery: 806,
    connectionCheckInterval: 807,
    connMaxAge: 808,
    poolSize: 809,
    pooling: 'none',
    poolerSize: 810,
    poolerClients: 811,
    maxConnectionsPercent: 812,
    borrowTimeout: 813,
    memory: 814,
  },
  connections: {
    perWorker: 901,
    workers: 902,
    instances: 903,
    web: 904,
    surge: 905,
    backgroundWorkers: 906,
    ops: 907,
    reserved: 908,
    total: 909,
    maxConnections: 910,
    usedPercent: 911,
  },
};

/** The plan that has everything, with other values in some fields. */
export function planWith(...fields: readonly (Fields | undefined)[]): Plan {
  const plan = structuredClone(EVERYTHING) as unknown as Record<string, unknown>;
  for (const [path, value] of fields.flatMap((some) => Object.entries(some ?? {}))) {
    const keys = path.split('.');
    const last = keys.pop()!;
    const parent = keys.reduce((object, key) => object[key] as Record<string, unknown>, plan);
    if (!(last in parent)) throw new Error(`a plan has no field ${path}`);
    parent[last] = value;
  }
  return plan as unknown as Plan;
}

export const workerClass = (name: string) => ({ 'appServer.workerClass': name });
export const SYNC = workerClass('sync');
export const ASGI = workerClass('asgi');
export const GEVENT = workerClass('gevent');
export const GTHREAD = workerClass('gthread');

/** A field of one of two background workers. */
export const workers = (field: keyof BackgroundWorkerPlan, { holds, fails }: Values, rest = {}): Edge => {
  const beside = (value: unknown) => [worker({ ...rest, [field]: value }), worker({ ...rest, name: 'other' })];
  return {
    field: 'backgroundWorkers',
    holds: holds.map(beside),
    fails: fails.map(beside),
    silent: [{ backgroundWorkers: [] }],
  };
};

/** Both edges of a range. */
export const range = (key: string, field: string, from: number, to: number, more: Partial<Edge> = {}) => ({
  [`${key} ≥`]: [{ field, ...atLeast(from), ...more }],
  [`${key} ≤`]: [{ field, ...atMost(to), ...more }],
});
