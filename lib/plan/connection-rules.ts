import { smallestRdsClass } from './database-server';
import type { ConnectionPlan, DatabasePlan, DatabaseServerName, Plan } from './plan';
import { count, limit, seconds, type Rule } from './rule';
import { cooperative } from './worker-plan';

const budget = (value: (connections: ConnectionPlan) => number) => (plan: Plan) =>
  plan.connections ? value(plan.connections) : 0;
const settings = (value: (database: DatabasePlan) => number) => (plan: Plan) =>
  plan.database ? value(plan.database) : 0;
const withDatabase =
  (applies: (database: DatabasePlan, plan: Plan) => boolean = () => true) =>
  (plan: Plan) =>
    plan.database !== undefined && applies(plan.database, plan);

const maxConnections = count(
  'max_connections',
  budget((connections) => connections.maxConnections),
);
const connMaxAge = seconds(
  'connMaxAge',
  settings((database) => database.connMaxAge),
);

/**
 * N: the database's connections.
 * By construction hold: connections and pools are closed in the master before a fork (preload_app), and a worker that shares one with the
 * master does not boot; a pool has explicit sizes, none with MySQL, and none together with CONN_MAX_AGE; connections that are kept are
 * health-checked; timeouts are set at the server, never by OPTIONS, which poolers refuse or ignore; RQ runs by django-rq's command, which
 * closes connections before it forks; max_connections is a literal wherever the server is ours.
 */
export const CONNECTION_RULES: readonly Rule[] = [
  {
    id: 'N1',
    severity: 'error',
    left: count(
      'connections at the worst moment',
      budget((connections) => connections.total),
    ),
    relation: '≤',
    right: maxConnections,
    breaks: 'the server turns connections away on the busiest day',
    change: fewerConnections,
    source: 'PostgreSQL "sorry, too many clients already" (run), MySQL and MariaDB "Too many connections"',
    applies: withDatabase((database) => database.maxConnections > 0),
  },
  {
    id: 'N2',
    severity: 'warning',
    left: count(
      'percent of max_connections at the worst moment',
      budget((connections) => connections.usedPercent),
    ),
    relation: '≤',
    right: limit(80, ''),
    breaks: 'the queries of killed workers, which go on for seconds, take what is left',
    change: fewerConnections,
    source: 'AWS guidance for RDS Proxy: above 80 % a proxy is recommended',
    // a proxy lends what there is, and its clients wait
    applies: withDatabase((database, { connections }) => {
      const { total = 0, maxConnections: allowed = 0 } = connections ?? {};
      return database.pooling !== 'rds-proxy' && total <= allowed;
    }),
  },
  {
    id: 'N3',
    severity: 'error',
    left: maxConnections,
    relation: '≥',
    right: limit(1, ''),
    breaks: 'nobody knows whether the connections suffice',
    change: 'state maxConnections of the database',
    source: 'a server that is made elsewhere can only be asked for it',
    applies: withDatabase(({ engine }) => engine !== 'sqlite'),
  },
  {
    id: 'N5',
    severity: 'error',
    left: count('requestGuard with asgi', (plan) => Number(plan.requestGuard)),
    relation: '=',
    right: limit(1, ''),
    breaks: 'nothing bounds the requests of a worker, and each opens a connection',
    change: 'leave requestGuard on, use PostgreSQL, whose pool bounds them, or use gthread',
    source:
      'gunicorn 27.0.1: the asgi worker knows no worker_connections; Django gives each request a connection of its own',
    applies: withDatabase(
      (database, { appServer }) =>
        appServer.workerClass === 'asgi' && database.poolSize === 0 && database.pooling === 'none',
    ),
  },
  {
    id: 'N6',
    severity: 'error',
    left: count('maxInstances with a database on the instance', (plan) => plan.maxInstances),
    relation: '=',
    right: limit(1, ''),
    breaks: 'every instance has data of its own, and clients see those of whichever answers',
    change: 'lower maxInstances to 1, or use a database in RDS',
    source: 'each instance makes its own data volume',
    applies: withDatabase((database) => database.host === 'instance'),
  },
  {
    id: 'N7',
    severity: 'error',
    left: connMaxAge,
    relation: '≥',
    right: limit(0),
    breaks: 'every connection is closed as soon as it has been used',
    change: 'set connMaxAge to 0 or more',
    source: 'Django settings, CONN_MAX_AGE',
    applies: withDatabase(),
  },
  {
    id: 'N8',
    severity: 'error',
    left: seconds(
      'connMaxAge with gevent or asgi',
      settings((database) => database.connMaxAge),
    ),
    relation: '=',
    right: limit(0),
    breaks: 'every request leaves a connection behind that no other can use',
    change: 'remove connMaxAge, or use gthread or sync',
    source: '160 requests under gevent left 60 of 160 connections open (run); Django refuses a pool with CONN_MAX_AGE',
    applies: withDatabase((_, { appServer }) => cooperative(appServer.workerClass)),
  },
  {
    id: 'N9',
    severity: 'warning',
    left: connMaxAge,
    relation: '<',
    right: seconds('IdleClientTimeout of RDS Proxy', () => 1800),
    breaks: 'the proxy closes connections first, and the next request pays for a health check that fails',
    change: 'lower connMaxAge',
    source: 'RDS Proxy, IdleClientTimeout',
    applies: withDatabase((database) => database.host === 'rds' && database.pooling === 'rds-proxy'),
  },
  {
    id: 'N10',
    severity: 'warning',
    left: connMaxAge,
    relation: '<',
    right: seconds('wait_timeout', () => 28800),
    breaks: 'the server closes connections first, and the next request pays for a health check that fails',
    change: 'lower connMaxAge',
    source: 'MySQL and MariaDB, wait_timeout; "Server has gone away" without a health check (run)',
    applies: withDatabase(({ engine, pooling }) => (engine === 'mysql' || engine === 'mariadb') && pooling === 'none'),
  },
];

/** What gives connections back: the setting that the worker class has, then a pooler or a larger server, where there can be one. */
function fewerConnections({ appServer, backgroundWorkers, connections, database }: Plan): string {
  const { workerClass } = appServer;
  const unpooled = cooperative(workerClass) && database?.poolSize === 0;
  // four fifths of it, so that the next warning is not that it is nearly full
  const large = smallestRdsClass(
    database?.engine as DatabaseServerName,
    Math.ceil(((connections?.total ?? 0) * 5) / 4),
  );
  const setting = workerClass === 'gthread' ? 'threads' : unpooled ? 'workerConnections' : 'workers';
  const lower = `lower ${setting}${backgroundWorkers.length > 0 ? ' or the processes of background workers' : ''}`;
  const ways: Record<string, string[]> = {
    instance: ['leave maxConnections to the plan'],
    elsewhere: ['put a pooler before the database', 'raise max_connections there'],
    rds: ['set databaseProxy', ...(large ? [`use ${large} or larger`] : [])],
  };
  const all = [lower, ...(ways[database?.host ?? ''] ?? [])];
  return `${all.slice(0, -1).join(', ')}, or ${all.at(-1)}`;
}
