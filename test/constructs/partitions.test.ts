import { Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as s3 from 'aws-cdk-lib/aws-s3';
import {
  Application,
  BackgroundWorker,
  Cache,
  Database,
  DatabaseEngine,
  EnvironmentSecret,
  LoadBalancerType,
  OperatingSystem,
  type WebServiceProps,
} from '../../lib';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import { flask, machineOf, makeStack, mysite, serve } from '../support/stacks';

const account = '123456789012';
const secretOf = (stack: Stack, id: string) => secretsmanager.Secret.fromSecretNameV2(stack, id, 'shop');

/** What a service is made with, so that each kind of resource, endpoint and ARN of ours is in one of them. */
const SERVICES: Record<string, (stack: Stack) => Partial<WebServiceProps>> = {
  'nothing else': () => ({ application: mysite() }),
  'a database on the instance': () => ({ database: Database.postgresOnInstance() }),
  'RDS, its proxy and ElastiCache': () => ({
    database: Database.rdsPostgres({ databaseProxy: true }),
    cache: Cache.elastiCache(),
    backgroundWorkers: [BackgroundWorker.celery({ app: 'app' })],
  }),
  'RDS behind PgBouncer': () => ({ database: Database.rdsPostgres({ pgBouncer: true }) }),
  'an endpoint, a bucket and secrets': (stack) => ({
    application: Application.fromBucket(s3.Bucket.fromBucketName(stack, 'Bucket', 'releases'), 'v1.zip', {
      wsgi: 'a:b',
    }),
    secrets: { TOKEN: EnvironmentSecret.fromSecretsManager(secretOf(stack, 'Token')) },
    database: Database.fromEndpoint('db.example.com', {
      engine: DatabaseEngine.MYSQL,
      secret: secretOf(stack, 'Login'),
      maxConnections: 200,
    }),
  }),
  'a Network Load Balancer': () => ({ loadBalancerType: LoadBalancerType.NETWORK }),
};

/** One of each partition, and a stack that does not know where it is. */
const REGIONS = ['eu-central-1', 'us-gov-west-1', 'cn-north-1', undefined];

describe.each(REGIONS)('in %s', (region) => {
  const stackIn = () => makeStack({ env: region === undefined ? undefined : { account, region } });

  test.each(Object.keys(SERVICES))('a service with %s names no partition and no domain of another', (name) => {
    const stack = stackIn();
    const template = serve({ application: flask(), ...SERVICES[name]!(stack) }, stack).template();
    // principals of services have one name in all partitions; keys may be used by EC2 under either of its names
    const text = JSON.stringify(template.toJSON())
      .replace(/"Service":"[a-z0-9-]+\.amazonaws\.com(\.cn)?"/g, '')
      .replace(/\["",\["(ec2|secretsmanager)\.",\{"Ref":"AWS::Region"\},"\.amazonaws\.com"\]\]/g, '');
    expect(text).not.toMatch(/arn:aws(-[a-z]+)*:/);
    expect(text).not.toContain('amazonaws');
    expect(machineOf(template)).toContain(`region='${region ?? '<AWS::Region>'}' suffix='<AWS::URLSuffix>'`);
  });
});

test.each(OperatingSystem.all())(
  'images of $name are found in every partition by the names of their vendors',
  (operatingSystem) => {
    for (const region of REGIONS) {
      const stack = makeStack({ env: region === undefined ? undefined : { account, region } });
      operatingSystem.machineImage(ec2.InstanceArchitecture.X86_64).getImage(stack);
      const parameters = Template.fromStack(stack).toJSON().Parameters as Record<
        string,
        { Default: string; Type: string }
      >;
      const images = Object.values(parameters).filter(({ Type }) => Type.includes('AWS::EC2::Image::Id'));
      expect(images.map(({ Default }) => Default)).toEqual([expect.stringMatching(/^\/aws\/service\//)]);
    }
  },
);

test.each(['us-iso-east-1', 'eusc-de-east-1'])(
  'fails with a database of RDS in %s, whose certificates are not known',
  (region) => {
    const stack = makeStack({ env: { account, region } });
    expect(() => serve({ application: flask(), database: Database.rdsPostgres() }, stack)).toThrow(
      `the certificates of Amazon RDS in region ${region} are not known here: use Database.fromEndpoint with certificateBundle`,
    );
  },
);
