import { requestTimeout } from './deadline-rules';
import type { DatabasePlan, Plan } from './plan';
import { count, limit, seconds, type Rule, type Side } from './rule';

const settings = (value: (database: DatabasePlan) => number) => (plan: Plan) =>
  plan.database ? value(plan.database) : 0;

const checkInterval: Side = seconds(
  'client_connection_check_interval',
  settings((database) => database.connectionCheckInterval),
);
const postgresqlOfOurs = ({ database }: Plan) => database?.engine === 'postgresql' && database.host !== 'elsewhere';

const checked = (relation: '≥' | '≤', value: number, breaks: string): Rule => ({
  id: 'N13',
  severity: 'error',
  left: checkInterval,
  relation,
  right: limit(value),
  breaks,
  change: 'leave client_connection_check_interval to the plan',
  source: 'PostgreSQL: 4 of 4 queries went on after their workers were killed, none 2.5 s later with 1 s (run)',
  applies: postgresqlOfOurs,
});

/** N: the server and what stands before it. */
export const DATABASE_RULES: readonly Rule[] = [
  {
    id: 'N11',
    severity: 'error',
    left: seconds(
      'statement timeout of the database',
      settings((database) => database.statementTimeout),
    ),
    relation: '<',
    right: requestTimeout,
    breaks: 'the request ends before its query does, and the query goes on for nobody',
    change: 'leave the statement timeout to the plan',
    source: 'queries of killed workers went on until they were done (run)',
    applies: ({ database }) => database !== undefined,
  },
  {
    id: 'N12',
    severity: 'error',
    left: seconds(
      'wait for a connection of the pooler',
      settings((database) => database.borrowTimeout),
    ),
    relation: '<',
    right: requestTimeout,
    breaks: 'the request ends without a word about the connection that it waited for',
    change: 'raise requestTimeout',
    source: 'RDS Proxy, ConnectionBorrowTimeout: 120 s unless it is set',
    applies: ({ database }) => database !== undefined && database.pooling !== 'none',
  },
  {
    id: 'N26',
    severity: 'error',
    left: seconds(
      'innodb_lock_wait_timeout and lock_wait_timeout',
      settings((database) => database.lockWaitTimeout),
    ),
    relation: '<',
    right: requestTimeout,
    breaks: 'a request ends while it waits for a lock, and its statement waits on',
    change: 'raise requestTimeout',
    source:
      'MySQL and MariaDB: 50 s for a row, a year or a day for a table, and no statement timeout for what writes (MySQL)',
    applies: ({ database }) => database !== undefined && database.engine !== 'sqlite',
  },
  {
    id: 'N27',
    severity: 'error',
    left: seconds(
      'connect_timeout of the database',
      settings((database) => database.connectTimeout),
    ),
    relation: '<',
    right: requestTimeout,
    breaks: 'the request ends without a word about the server that does not answer',
    change: 'raise requestTimeout',
    source: 'libpq waits for as long as the kernel does, about two minutes',
    applies: ({ database }) => database !== undefined,
  },
  checked('≥', 1, 'the query of a killed worker goes on, and its successor opens a connection more'),
  checked('≤', 10, 'queries of killed workers hold connections longer than their successors take to start'),
  {
    id: 'N14',
    severity: 'error',
    left: count(
      'MaxConnectionsPercent of RDS Proxy',
      settings((database) => database.maxConnectionsPercent),
    ),
    relation: '≥',
    right: limit(30, ''),
    breaks: 'the proxy has too few connections to share',
    change: 'take a larger class for the database',
    source: 'RDS Proxy: at least 30 for small classes; the rest is for what connects past the proxy',
    applies: ({ database }) => database?.host === 'rds' && database.pooling === 'rds-proxy',
  },
];
