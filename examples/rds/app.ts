import { join } from 'node:path';
import { App, CfnOutput, Duration, Size, Stack } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import { Application, BackgroundWorker, Cache, Database, WebService } from '../../lib';

/** A Django project with PostgreSQL behind a proxy, a cache, and what takes longer than a request may: on a larger instance. */
export const app = new App();
const stack = new Stack(app, 'Rds');

const site = new WebService(stack, 'Site', {
  application: Application.fromAsset(join(__dirname, '../mysite'), { wsgi: 'mysite.wsgi:application' }),
  instanceType: ec2.InstanceType.of(ec2.InstanceClass.T3, ec2.InstanceSize.MEDIUM),
  requestTimeout: Duration.seconds(30),
  database: Database.rdsPostgres({
    instanceType: ec2.InstanceType.of(ec2.InstanceClass.T4G, ec2.InstanceSize.MEDIUM),
    allocatedStorage: Size.gibibytes(50),
    databaseProxy: true,
    deletionProtection: true,
  }),
  cache: Cache.elastiCache(),
  backgroundWorkers: [BackgroundWorker.rq({ queues: ['reports'], taskTimeout: Duration.minutes(10) })],
});
new CfnOutput(stack, 'DatabaseSecret', { value: site.dataServices.databaseSecret!.secretArn });
