import { App, CfnOutput, Duration, Stack } from 'aws-cdk-lib';
import { InstanceType } from 'aws-cdk-lib/aws-ec2';
import { Bucket } from 'aws-cdk-lib/aws-s3';
import {
  Application,
  AppServer,
  BackgroundWorker,
  Cache,
  Database,
  Media,
  OperatingSystem,
  WebService,
  type WorkerClass,
} from '../../../lib';

/**
 * The sample with a database, a cache and background workers, and what the plan says of them: `-c database=postgres
 * -c backgroundWorker=celery -c media=instance`, `-c snapshot=snap-...` a volume from a snapshot. `-c directory=...` takes a changed copy of the sample,
 * `-c grant=true` lets it read a bucket.
 */
const app = new App();
const context = (name: string) => app.node.tryGetContext(name) as string | undefined;
const chosen = <T>(choices: Record<string, () => T>, name: string) => choices[context(name) ?? 'none']?.();

const requestTimeout = Duration.seconds(Number(context('requestTimeout') ?? 300));
const taskTimeout = Duration.minutes(2);
const sample = { wsgi: 'sample.wsgi:application', asgi: 'sample.asgi:application' };
const directory = context('directory');
const worker = chosen(
  {
    celery: () => BackgroundWorker.celery({ app: 'sample', concurrency: 2, taskTimeout }),
    rq: () => BackgroundWorker.rq({ processes: 2, taskTimeout }),
  },
  'backgroundWorker',
);

const stack = new Stack(app, 'Data');
const site = new WebService(stack, 'Site', {
  application: directory ? Application.fromAsset(directory, sample) : Application.sample(),
  operatingSystem: OperatingSystem.DEBIAN_13,
  instanceType: new InstanceType('t3.small'),
  requestTimeout,
  queueTimeout: Duration.seconds(Number(context('queueTimeout') ?? 2)),
  appServer: AppServer.gunicorn({
    workerClass: context('workerClass') as WorkerClass | undefined,
    preloadApp: context('preloadApp') === 'true',
    ...(context('workerConnections') && { workerConnections: Number(context('workerConnections')) }),
  }),
  database: chosen(
    {
      mysql: () => Database.mysqlOnInstance({ snapshotId: context('snapshot') }),
      postgres: () => Database.postgresOnInstance(),
      sqlite: () => Database.sqliteOnInstance({ snapshotId: context('snapshot') }),
      'rds-mariadb': () => Database.rdsMariaDb(),
      'rds-postgres': () => Database.rdsPostgres(),
      'rds-postgres-pgbouncer': () => Database.rdsPostgres({ pgBouncer: true }),
    },
    'database',
  ),
  media: chosen(
    {
      instance: () =>
        Media.onInstance({
          linkedDirs: ['notes'],
          ...(context('database') ? {} : { snapshotId: context('snapshot') }),
        }),
      bucket: () => Media.bucket(),
    },
    'media',
  ),
  cache: chosen({ redis: () => Cache.redisOnInstance(), elasticache: () => Cache.elastiCache() }, 'cache'),
  // boto3 brings certificates of its own, and the rig's authority is the system's
  environment: context('media') === 'bucket' ? { AWS_CA_BUNDLE: '/etc/ssl/certs/ca-certificates.crt' } : undefined,
  backgroundWorkers: worker && [worker],
});

if (context('grant') === 'true') new Bucket(stack, 'Files').grantRead(site);

const { appServer, connections, memory } = site.plan;
new CfnOutput(stack, 'Plan', { value: JSON.stringify({ appServer, connections, memory }) });
