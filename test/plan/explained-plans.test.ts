import { explainPlan } from '../../lib/plan';
import { planWith, worker, type Fields } from '../support/edges';
import { expectGolden } from '../support/golden';

const database = (values: Record<string, unknown>): Fields =>
  Object.fromEntries(Object.entries(values).map(([key, value]) => [`database.${key}`, value]));

/** Together these take every branch of the explanation; no two fields have the same value, so that a swapped one shows. */
const PLANS: Readonly<Record<string, Fields>> = {
  'everything, PostgreSQL in RDS': {},
  'sync behind a Network Load Balancer, all that can be off is off, no data services': {
    'appServer.workerClass': 'sync',
    'appServer.keepalive': 0,
    'appServer.watchdogSec': 0,
    'nginx.clientMaxBodySize': 0,
    'nginx.proxyMaxTempFileSize': 0,
    'disk.swap': 0,
    'disk.cache': 0,
    'disk.nginxCache': 0,
    'disk.responses': 0,
    'loadBalancer.type': 'network',
    requestGuard: false,
    database: undefined,
    connections: undefined,
    cache: undefined,
    backgroundWorkers: [],
    'memory.database': 0,
    'memory.cache': 0,
    'memory.backgroundWorkers': 0,
  },
  'a database without a budget': { connections: undefined },
  'MariaDB on the instance, with nothing that is PostgreSQL’s': database({
    engine: 'mariadb',
    host: 'instance',
    effectiveCacheSize: 0,
    workMem: 0,
    connectionCheckInterval: 0,
    poolSize: 0,
    connMaxAge: 0,
    maxConnectionsPercent: 0,
  }),
  'PostgreSQL elsewhere with PgBouncer': database({ host: 'elsewhere', pooling: 'pgbouncer', bufferMemory: 0 }),
  'RDS Proxy, one instance with one worker': {
    ...database({ pooling: 'rds-proxy', connectionCheckInterval: 0 }),
    'connections.instances': 1,
    'connections.workers': 1,
  },
  'a proxy elsewhere, with two workers': {
    ...database({ host: 'elsewhere', pooling: 'rds-proxy', maxConnectionsPercent: 0 }),
    'connections.workers': 2,
  },
  'a cache on the instance without tasks': { 'cache.broker': false },
  'a cache in ElastiCache': { 'cache.host': 'elasticache', 'cache.maxMemory': 0 },
  'a cache elsewhere': { 'cache.host': 'elsewhere', 'cache.maxMemory': 0, 'cache.maxmemoryPolicy': '' },
  'background workers of each kind': {
    backgroundWorkers: (['celery', 'celery-beat', 'rq', 'command'] as const).map((kind, index) =>
      worker({
        name: `a-${kind}`,
        kind,
        processes: 21 + index,
        memoryPerProcess: 31 + index,
        taskTimeout: 41 + index,
        timeoutStopSec: 51 + index,
        visibilityTimeout: 61 + index,
      }),
    ),
  },
};

test('every plan is explained in the words that are checked in', () => {
  const explained = Object.entries(PLANS).map(([title, fields]) => `## ${title}\n\n${explainPlan(planWith(fields))}`);
  expectGolden('explained-plans.md', explained.join('\n'), 'plan');
});
