process.env.CDK_VALIDATION = 'true';

import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App, CfnResource, Stack, Validations } from 'aws-cdk-lib';
import * as acm from 'aws-cdk-lib/aws-certificatemanager';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as s3 from 'aws-cdk-lib/aws-s3';
import { AwsSolutionsChecks, NIST80053R5Checks } from 'cdk-nag';
import { ReferenceStack } from '../../bin/reference-stack';
import {
  Application,
  BackgroundWorker,
  Cache,
  Database,
  LoadBalancerType,
  Media,
  OperatingSystem,
  WebService,
} from '../../lib';
import { ACKNOWLEDGED, IN_A_BUCKET, IN_RDS, ON_INSTANCE } from '../support/acknowledged';
import { flask } from '../support/stacks';

const VPC = {
  vpcId: 'vpc-0a1b2c3d4e5f60718',
  availabilityZones: ['us-east-1a', 'us-east-1b'],
  publicSubnetIds: ['subnet-0a1b2c3d4e5f60711', 'subnet-0a1b2c3d4e5f60712'],
  privateSubnetIds: ['subnet-0a1b2c3d4e5f60713', 'subnet-0a1b2c3d4e5f60714'],
};

interface Report {
  readonly pluginReports: Array<{
    readonly pluginName: string;
    readonly violations: Array<{
      readonly ruleName: string;
      readonly violatingConstructs: Array<{ readonly constructPath: string }>;
    }>;
  }>;
}

/** Every finding as `rule at path`: CloudFormation Validate as errors, and the plugins that the app has. */
function findings(build: (app: App) => void): string[] {
  const outdir = mkdtempSync(join(tmpdir(), 'cdk.out'));
  const app = new App({ outdir, context: { '@aws-cdk/core:validateAgainstDefaultRules': true } });
  build(app);
  const silenced = jest.spyOn(console, 'error').mockImplementation();
  try {
    app.synth();
  } catch (error) {
    if (!String(error).includes('validation-report.json')) throw error;
  } finally {
    silenced.mockRestore();
  }
  const report = JSON.parse(readFileSync(join(outdir, 'validation-report.json'), 'utf8')) as Report;
  return report.pluginReports
    .filter(({ pluginName }) => pluginName !== 'Construct Annotations')
    .flatMap(({ violations }) => violations)
    .flatMap(({ ruleName, violatingConstructs }) =>
      violatingConstructs.map(({ constructPath }) => `${ruleName} at ${constructPath}`),
    )
    .sort();
}

test('CloudFormation Validate is awake: it finds a property that does not exist', () => {
  const found = findings((app) => {
    const stack = new Stack(app, 'Wrong');
    new CfnResource(stack, 'Bucket', { type: 'AWS::S3::Bucket', properties: { NoSuchProperty: 1 } });
  });
  expect(found).toEqual([expect.stringMatching(/^F3002 at Wrong\/Bucket/)]);
});

test('CloudFormation Validate finds nothing in services of every kind', () => {
  const found = findings((app) => {
    new ReferenceStack(app, 'Reference', { application: Application.sample() });
    new ReferenceStack(app, 'Network', {
      application: Application.sample(),
      loadBalancerType: LoadBalancerType.NETWORK,
      operatingSystem: OperatingSystem.DEBIAN_13,
    });
    const stack = new Stack(app, 'Everything', { env: { account: '123456789012', region: 'us-east-1' } });
    new WebService(stack, 'Site', {
      application: flask(),
      vpc: ec2.Vpc.fromVpcAttributes(stack, 'Vpc', VPC),
      certificate: acm.Certificate.fromCertificateArn(
        stack,
        'Certificate',
        'arn:aws:acm:us-east-1:123456789012:certificate/0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9',
      ),
      accessLogsBucket: new s3.Bucket(stack, 'Logs'),
      deletionProtection: true,
    });
  });
  expect(found).toEqual([]);
});

const DATABASE_IN_RDS = {
  database: Database.rdsPostgres({ databaseProxy: true }),
  cache: Cache.elastiCache(),
  backgroundWorkers: [BackgroundWorker.rq()],
};

test('CloudFormation Validate finds nothing in databases and caches of every kind', () => {
  const found = findings((app) => {
    const application = Application.sample();
    new ReferenceStack(app, 'Instance', { application, database: Database.postgresOnInstance() });
    new ReferenceStack(app, 'Postgres', { application, ...DATABASE_IN_RDS });
    new ReferenceStack(app, 'Mysql', { application, database: Database.rdsMysql({ databaseProxy: true }) });
    new ReferenceStack(app, 'Media', { application, media: Media.onInstance() });
    new ReferenceStack(app, 'Bucket', { application, media: Media.bucket() });
    new ReferenceStack(app, 'MariaDb', { application, database: Database.rdsMariaDb({ multiAz: true }) });
    const stack = new Stack(app, 'Imported', { env: { account: '123456789012', region: 'us-east-1' } });
    new WebService(stack, 'Site', {
      application: flask(),
      database: Database.mysqlOnInstance(),
      vpc: ec2.Vpc.fromVpcAttributes(stack, 'Vpc', VPC),
    });
  });
  expect(found).toEqual([]);
});

test.each([
  ['the reference stack', {}, []],
  ['a service with a database on the instance', { database: Database.mysqlOnInstance() }, ON_INSTANCE],
  ['a service with files in a bucket', { media: Media.bucket() }, IN_A_BUCKET],
  ['a service with a database in RDS and a cache in ElastiCache', DATABASE_IN_RDS, IN_RDS],
])('cdk-nag finds in %s exactly what is acknowledged, each with a reason', (_, props, further) => {
  const found = findings((app) => {
    new ReferenceStack(app, 'Reference', { application: Application.sample(), ...props });
    Validations.of(app).addPlugins(new AwsSolutionsChecks(app), new NIST80053R5Checks(app));
  });
  const acknowledged = [...ACKNOWLEDGED, ...further];
  expect(found).toEqual(acknowledged.map(([rule, path]) => `${rule} at Reference/Site/${path}`).sort());
});
