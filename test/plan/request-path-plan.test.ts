import { Duration, Size, Token } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import {
  AppServer,
  BackgroundWorker,
  Cache,
  Database,
  OperatingSystem,
  RequestPathPlan,
  type RequestPathProps,
} from '../../lib';

const planOf = (props: RequestPathProps) =>
  RequestPathPlan.of({ instanceType: new ec2.InstanceType('t3.medium'), ...props });

test('a plan without data services has none of their numbers', () => {
  const { database, cache, connections, backgroundWorkers } = planOf({});
  expect([database, cache, connections, backgroundWorkers]).toEqual([undefined, undefined, undefined, []]);
});

test.each([
  [undefined, 'mariadb'],
  [OperatingSystem.DEBIAN_13, 'mariadb'],
  [OperatingSystem.UBUNTU_24_04, 'mysql'],
])('MySQL on the instance of %s is %s', (operatingSystem, engine) => {
  expect(planOf({ operatingSystem, database: Database.mysqlOnInstance() }).database).toMatchObject({
    engine,
    host: 'instance',
    statementTimeout: 57,
    connMaxAge: 600,
    bufferMemory: 512,
  });
});

test('database, cache and background workers are read from their classes', () => {
  const plan = planOf({
    database: Database.rdsPostgres({ connMaxAge: Duration.minutes(5) }),
    cache: Cache.redisOnInstance({ maxMemory: Size.mebibytes(64) }),
    backgroundWorkers: [
      BackgroundWorker.celery({
        app: 'site',
        concurrency: 3,
        taskTimeout: Duration.minutes(10),
        longestDelay: Duration.hours(2),
      }),
    ],
    maxInstances: 2,
  });
  expect(plan.database).toMatchObject({ engine: 'postgresql', host: 'rds', connMaxAge: 300 });
  expect(plan.cache).toMatchObject({ maxMemory: 64, maxmemoryPolicy: 'volatile-lru' });
  expect(plan.backgroundWorkers).toMatchObject([{ processes: 3, timeoutStopSec: 615, visibilityTimeout: 7260 }]);
  expect(plan.connections).toMatchObject({ instances: 2, web: 60, surge: 51, backgroundWorkers: 6 });
  expect(plan.violations.map(({ rule }) => rule)).toEqual(['N15', 'N23']);
  expect(plan.explain()).toContain('\n| connections | `surge` | 51 | one more set: ');
});

test('fails on a number of instances that is a token', () => {
  expect(() => planOf({ maxInstances: Token.asNumber({ Ref: 'Instances' }) })).toThrow(/^maxInstances/);
});

test('fails on a setting of gunicorn that closes connections before a fork', () => {
  const appServer = AppServer.gunicorn({ settings: { pre_fork: 'mine' } });
  expect(planOf({ appServer }).violations.map(({ message }) => message)).toEqual([
    'gunicorn settings: pre_fork cannot be overridden here: connections are closed there before a fork [V1]',
  ]);
});
