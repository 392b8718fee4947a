import { Duration } from 'aws-cdk-lib';
import { InstanceType } from 'aws-cdk-lib/aws-ec2';
import {
  AppServer,
  Application,
  BackgroundWorker,
  Cache,
  Database,
  LoadBalancerType,
  OperatingSystem,
  WorkerClass,
} from '../lib';
import type { ReferenceStackProps } from './reference-stack';

const DATABASES: Record<string, () => Database | undefined> = {
  none: () => undefined,
  mysql: () => Database.mysqlOnInstance(),
  postgres: () => Database.postgresOnInstance(),
  sqlite: () => Database.sqliteOnInstance(),
  'rds-mysql': () => Database.rdsMysql(),
  'rds-mariadb': () => Database.rdsMariaDb(),
  'rds-postgres': () => Database.rdsPostgres(),
};

const CACHES: Record<string, () => Cache | undefined> = {
  none: () => undefined,
  redis: () => Cache.redisOnInstance(),
  elasticache: () => Cache.elastiCache(),
};

const BACKGROUND_WORKERS: Record<string, () => BackgroundWorker[]> = {
  none: () => [],
  celery: () => [BackgroundWorker.celery({ app: 'sample' })],
  rq: () => [BackgroundWorker.rq()],
};

const namesOf = (choices: object) => `one of ${Object.keys(choices).join(', ')}`;

const ALLOWED = {
  instanceType: 't3, t3a or t4g with a size from nano to 2xlarge, for example t3.small',
  seconds: 'a number of seconds, for example 300',
  workerClass: `one of ${Object.values(WorkerClass).join(', ')}`,
  os: `one of ${OperatingSystem.all()
    .map(({ name }) => name)
    .join(', ')}`,
  loadBalancer: `one of ${Object.values(LoadBalancerType).join(', ')}`,
  database: namesOf(DATABASES),
  cache: namesOf(CACHES),
  backgroundWorker: `${namesOf(BACKGROUND_WORKERS)}; celery and rq need a cache`,
  boolean: 'true or false',
  certificateArn: 'the ARN of a certificate, arn:<partition>:acm:<region>:<account>:certificate/<id>',
};

/** Reads `-c name=value`; one error names everything that cannot be read, with what is allowed. */
export function referenceProps(context: (name: string) => unknown): ReferenceStackProps {
  const problems: string[] = [];
  function read<T>(name: string, fallback: T, allowed: string, parse: (text: string) => T | undefined): T {
    const given = context(name);
    if (given === undefined) return fallback;
    const value = parse(typeof given === 'string' ? given : JSON.stringify(given));
    if (value === undefined) problems.push(`${name} ${JSON.stringify(given)} must be ${allowed}`);
    return value ?? fallback;
  }
  const seconds = (text: string) => (/^\d+(\.\d+)?$/.test(text) ? Duration.millis(Number(text) * 1000) : undefined);
  const boolean = (text: string) => ({ true: true, false: false })[text];
  const oneOf =
    <T extends string>(values: T[]) =>
    (text: string) =>
      values.find((value) => value === text);
  const choice =
    <T>(choices: Record<string, () => T>) =>
    (text: string) =>
      Object.hasOwn(choices, text) ? { make: choices[text]! } : undefined;

  const database = read('database', { make: DATABASES.mysql! }, ALLOWED.database, choice(DATABASES));
  const cache = read('cache', { make: CACHES.none! }, ALLOWED.cache, choice(CACHES));
  const backgroundWorkers = read(
    'backgroundWorker',
    { make: BACKGROUND_WORKERS.none! },
    ALLOWED.backgroundWorker,
    (text) => (text === 'none' || cache.make !== CACHES.none ? choice(BACKGROUND_WORKERS)(text) : undefined),
  );
  const props = {
    database: database.make(),
    cache: cache.make(),
    backgroundWorkers: backgroundWorkers.make(),
    application: Application.sample(),
    instanceType: read('instanceType', new InstanceType('t3.small'), ALLOWED.instanceType, (text) =>
      /^(t3|t3a|t4g)\.(nano|micro|small|medium|large|xlarge|2xlarge)$/.test(text) ? new InstanceType(text) : undefined,
    ),
    requestTimeout: read('requestTimeout', Duration.seconds(300), ALLOWED.seconds, seconds),
    queueTimeout: read('queueTimeout', Duration.seconds(2), ALLOWED.seconds, seconds),
    appServer: AppServer.gunicorn({
      workerClass: read('workerClass', WorkerClass.GTHREAD, ALLOWED.workerClass, oneOf(Object.values(WorkerClass))),
      preloadApp: read('preloadApp', false, ALLOWED.boolean, boolean),
    }),
    requestGuard: read('requestGuard', true, ALLOWED.boolean, boolean),
    operatingSystem: read('os', OperatingSystem.AMAZON_LINUX_2023, ALLOWED.os, (text) =>
      OperatingSystem.all().find(({ name }) => name === text),
    ),
    loadBalancerType: read(
      'loadBalancer',
      LoadBalancerType.APPLICATION,
      ALLOWED.loadBalancer,
      oneOf(Object.values(LoadBalancerType)),
    ),
    certificateArn: read('certificateArn', undefined, ALLOWED.certificateArn, (text) =>
      /^arn:[\w-]+:acm:[\w-]+:\d{12}:certificate\/.+$/.test(text) ? text : undefined,
    ),
  };
  if (problems.length > 0) throw new Error(['context cannot be read:', ...problems].join('\n- '));
  return props;
}
