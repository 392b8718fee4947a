import type { DatabaseServer } from './database-server';
import type { BackgroundWorkerPlan, ConnectionPlan, DatabaseInput } from './plan';

/** Migrations 1, shells and cron 2, monitoring 1, a dump 1. */
const OPS = 5;
/** AWS recommends a proxy above 80 % of max_connections: the plan leaves that much free. */
const MOST = 0.8;
/** PgBouncer's own `default_pool_size`: transactions are shorter than requests, so fewer connections than slots keep up. */
const POOLER_SIZE = 20;

/** How many connections the workers of an instance may hold, and what each costs. */
export interface ConnectionBound {
  /** Connections that all web workers together may hold. */
  readonly forWorkers: number;
  /** Sets of workers that hold them at the worst moment: those of every instance, and one more while one reloads or is replaced. */
  readonly sets: number;
  /** Workers beside the sets: on each instance one that the request guard replaces, until it has ended. */
  readonly replaced: number;
  /** MiB that the database takes of the instance before the first worker. */
  readonly memory: number;
  /** MiB of the instance for one connection. */
  readonly memoryPerConnection: number;
  /** Whether the requests of a process can share a pool of connections. */
  readonly pool: boolean;
}

/** Without a database. */
export const UNBOUND: ConnectionBound = {
  forWorkers: Infinity,
  sets: 1,
  replaced: 0,
  memory: 0,
  memoryPerConnection: 0,
  pool: false,
};

/** How many instances there are, and who holds connections on each beside the web workers. */
export interface Fleet {
  readonly instances: number;
  readonly backgroundWorkers: readonly BackgroundWorkerPlan[];
  /** Whether the request guard replaces workers. */
  readonly requestGuard: boolean;
}

const sum = (numbers: number[]) => numbers.reduce((total, number) => total + number, 0);
export const tasksOf = ({ backgroundWorkers }: Fleet) => sum(backgroundWorkers.map(({ connections }) => connections));
/** An instance is replaced by starting its successor beside it; one that holds its database is changed in place. */
const successors = ({ host }: DatabaseInput) => (host === 'instance' ? 0 : 1);

/** The guard replaces one worker of an instance at a time, and starts its successor first. */
const replacedWorkers = ({ instances, requestGuard }: Fleet, input: DatabaseInput) =>
  requestGuard ? instances + successors(input) : 0;

const pooled = ({ pooling = 'none' }: DatabaseInput) => pooling !== 'none';

/** What the server's limit and the instance's memory leave to web workers. */
export function connectionBound(server: DatabaseServer, fleet: Fleet): ConnectionBound {
  const { input, limit = Infinity, reserved, perConnection } = server;
  const memoryOf = (connections: number) => server.memory + perConnection * connections;
  // a MySQL driver has no pool that Django knows
  const pool = input.engine === 'postgresql';
  if (pooled(input)) {
    const opened = input.pooling === 'pgbouncer' ? POOLER_SIZE : 0;
    return { ...UNBOUND, memory: memoryOf(opened + OPS + reserved), pool };
  }
  const { instances } = fleet;
  const others = tasksOf(fleet) * (instances + successors(input)) + OPS + reserved;
  return {
    forWorkers: limit * MOST - others,
    sets: instances + 1,
    replaced: replacedWorkers(fleet, input),
    memory: memoryOf(others),
    memoryPerConnection: perConnection,
    pool,
  };
}

/** PgBouncer `default_pool_size`: its own default, unless fewer ask for connections or the server allows fewer. */
export function poolerSize(
  { input, limit = Infinity, reserved }: DatabaseServer,
  fleet: Fleet,
  clients: number,
): number {
  const allowed = Math.floor((limit * MOST - OPS - reserved) / (fleet.instances + successors(input)));
  return Math.max(1, Math.min(POOLER_SIZE, clients + tasksOf(fleet), allowed));
}

/** The budget at the worst moment: every instance at full load and with a worker that is replaced, while one reloads or is replaced itself. */
export function planConnections(
  server: DatabaseServer,
  fleet: Fleet,
  { workers, perWorker }: Pick<ConnectionPlan, 'workers' | 'perWorker'>,
): ConnectionPlan {
  const { input, reserved } = server;
  const { instances } = fleet;
  const set = workers * perWorker;
  const tasks = tasksOf(fleet);
  const direct = {
    web: instances * set,
    surge: set + perWorker * replacedWorkers(fleet, input) + tasks * successors(input),
    backgroundWorkers: tasks * instances,
  };
  const size = poolerSize(server, fleet, set);
  const shared = { web: instances * size, surge: successors(input) * size, backgroundWorkers: 0 };
  const held = input.pooling === 'pgbouncer' ? shared : direct;
  const asked = sum(Object.values(held)) + OPS + reserved;
  const maxConnections = input.maxConnections ?? derivedMaximum(server, asked);
  // RDS Proxy opens what its clients ask for, but never more than its share
  const lent = Math.min(
    sum(Object.values(direct)),
    Math.floor((maxConnections * proxyPercent(maxConnections, reserved)) / 100),
  );
  const counted = input.pooling === 'rds-proxy' ? { web: lent, surge: 0, backgroundWorkers: 0 } : held;
  const total = sum(Object.values(counted)) + OPS + reserved;
  return {
    perWorker,
    workers,
    instances,
    ...counted,
    ops: OPS,
    reserved,
    total,
    maxConnections,
    usedPercent: maxConnections > 0 ? Math.round((1000 * total) / maxConnections) / 10 : 0,
  };
}

/** RDS Proxy `MaxConnectionsPercent`: all but what connects past the proxy. */
export function proxyPercent(maxConnections: number, reserved: number): number {
  return Math.max(1, Math.floor((100 * (maxConnections - OPS - reserved)) / Math.max(1, maxConnections)));
}

/** A literal that leaves a fifth free, never more than the class of an RDS instance carries; 0 where the server is not ours. */
function derivedMaximum({ input, limit = Infinity }: DatabaseServer, total: number): number {
  if (input.host === 'elsewhere') return 0;
  return Math.min(limit, Math.ceil((total * 5) / 4 / 10) * 10);
}
