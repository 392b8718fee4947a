import { App, Stack } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as kms from 'aws-cdk-lib/aws-kms';
import * as s3 from 'aws-cdk-lib/aws-s3';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import { Match } from 'aws-cdk-lib/assertions';
import { EnvironmentSecret, Media, type WebServiceProps } from '../../lib';
import { flask, machineOf, makeStack, serve } from '../support/stacks';

const made = (props: Partial<WebServiceProps>, stack = makeStack()) => serve(props, stack).template();

const secretOf = (stack: Stack, id = 'Secret') =>
  EnvironmentSecret.fromSecretsManager(new secretsmanager.Secret(stack, id));

interface Policy {
  readonly Properties: { readonly PolicyDocument: { readonly Statement: Array<Record<string, unknown>> } };
}

/** What the policies of a template allow in buckets besides the one of the assets: actions and resources. */
const allowed = (template: ReturnType<typeof made>) =>
  Object.values(template.findResources('AWS::IAM::Policy'))
    .flatMap((policy) => (policy as Policy).Properties.PolicyDocument.Statement)
    .filter(({ Action }) => /"s3:(PutObject|ListBucket)"/.test(JSON.stringify(Action)))
    .map(({ Action, Resource }) => [Action, Resource]);

describe('media in a bucket', () => {
  const template = made({ media: Media.bucket(), requestTimeout: undefined });
  const machine = machineOf(template);

  test('is private, encrypted, has versions for a month, and stays when the stack goes', () => {
    template.hasResource('AWS::S3::Bucket', {
      DeletionPolicy: 'Retain',
      UpdateReplacePolicy: 'Retain',
      Properties: {
        BucketEncryption: {
          ServerSideEncryptionConfiguration: [{ ServerSideEncryptionByDefault: { SSEAlgorithm: 'AES256' } }],
        },
        PublicAccessBlockConfiguration: {
          BlockPublicAcls: true,
          BlockPublicPolicy: true,
          IgnorePublicAcls: true,
          RestrictPublicBuckets: true,
        },
        VersioningConfiguration: { Status: 'Enabled' },
        LifecycleConfiguration: {
          Rules: [
            {
              AbortIncompleteMultipartUpload: { DaysAfterInitiation: 7 },
              NoncurrentVersionExpiration: { NoncurrentDays: 30 },
              Status: 'Enabled',
            },
          ],
        },
      },
    });
  });

  test('is what the role may write to, and nothing else; it deletes no versions', () => {
    const [id] = Object.keys(template.findResources('AWS::S3::Bucket'));
    const arn = { 'Fn::GetAtt': [id, 'Arn'] };
    expect(allowed(template)).toEqual([
      [['s3:ListBucket', 's3:GetBucketLocation'], arn],
      [
        ['s3:GetObject', 's3:PutObject', 's3:DeleteObject', 's3:AbortMultipartUpload', 's3:ListMultipartUploadParts'],
        { 'Fn::Join': ['', [arn, '/*']] },
      ],
    ]);
  });

  test('is named to the application, which reaches the metadata service for the credentials', () => {
    for (const name of ['AWS_STORAGE_BUCKET_NAME', 'PLUMBLINE_MEDIA_BUCKET']) {
      expect(machine).toMatch(new RegExp(`^${name}='<\\w+>'$`, 'm'));
    }
    expect(machine).toMatch(/^AWS_S3_REGION_NAME='<AWS::Region>'$/m);
    expect(machine).toMatch(/^instance_metadata=true$/m);
    expect(machine).toContain('django-storages==1.14.6:storages boto3==1.44.8:boto3');
  });

  test('leaves the instance without a volume, replaced by each change', () => {
    template.resourceCountIs('AWS::EC2::Volume', 0);
    template.hasResource('AWS::EC2::Instance', { CreationPolicy: Match.anyValue() });
    expect(machine).not.toContain('location /media/');
  });

  test('may be one of another stack and region, whose stack needs nothing of this one', () => {
    const app = new App();
    const env = { account: '123456789012', region: 'eu-west-1' };
    const files = new Stack(app, 'Files', { env });
    const encryptionKey = new kms.Key(files, 'Key');
    const bucket = new s3.Bucket(files, 'Bucket', { encryptionKey });
    const stack = new Stack(app, 'Test', { env });
    const other = made({ media: Media.bucket(bucket) }, stack);
    other.resourceCountIs('AWS::S3::Bucket', 0);
    expect(allowed(other)).toHaveLength(2);
    expect(JSON.stringify(other.findResources('AWS::IAM::Policy'))).toContain('kms:GenerateDataKey*');
    expect(stack.dependencies).toEqual([files]);
    expect(files.dependencies).toEqual([]);
    const imported = s3.Bucket.fromBucketAttributes(makeStack(), 'Bucket', {
      bucketName: 'far-away',
      region: 'ap-southeast-2',
    });
    const far = machineOf(made({ media: Media.bucket(imported) }));
    expect(far).toMatch(/^AWS_STORAGE_BUCKET_NAME=far-away$/m);
    expect(far).toMatch(/^PLUMBLINE_MEDIA_REGION=ap-southeast-2$/m);
  });

  test('is found by who wants more of it, and read by a role of theirs', () => {
    const { service, stack, template: synthesized } = serve({ media: Media.bucket() });
    const role = new iam.Role(stack, 'Reader', { assumedBy: new iam.AccountRootPrincipal() });
    service.dataServices.mediaBucket!.grantRead(role);
    synthesized().resourceCountIs('AWS::S3::Bucket', 1);
  });

  test('fails where the application may not reach the metadata service', () => {
    expect(() => serve({ media: Media.bucket(), instanceMetadata: false })).toThrow(
      'instanceMetadata is false, and Media.bucket is read and written with the credentials that the metadata service gives: leave instanceMetadata out',
    );
  });

  test.each([
    ...['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_SESSION_TOKEN', 'AWS_PROFILE', 'AWS_DEFAULT_PROFILE'],
    ...['AWS_ENDPOINT_URL', 'AWS_ENDPOINT_URL_S3', 'AWS_CONFIG_FILE', 'AWS_SHARED_CREDENTIALS_FILE'],
  ])('fails beside %s, which would be used instead of the role, without telling its value', (name) => {
    const rest =
      'would have somebody else ask for the bucket of Media.bucket, or elsewhere, than the role of the machine, which alone may use it: give it another name, and hand its value to the client that wants it';
    const given = (stack: Stack) => ({
      environment: { environment: { [name]: 'AKIDEXAMPLE' } },
      secrets: { secrets: { [name]: secretOf(stack) } },
    });
    for (const prop of ['environment', 'secrets'] as const) {
      const stack = makeStack();
      const props = given(stack)[prop];
      expect(() => serve({ media: Media.bucket(), ...props }, stack)).toThrow(new Error(`${prop} ${name} ${rest}`));
      const other = makeStack();
      expect(() => serve({ application: flask(), ...given(other)[prop] }, other)).not.toThrow();
    }
  });

  test('stands beside other names of AWS', () => {
    const environment = {
      AWS_DEFAULT_REGION: 'eu-west-1',
      SES_ACCESS_KEY_ID: 'x',
      AWS_S3_CUSTOM_DOMAIN: 'cdn.example',
    };
    expect(() => made({ media: Media.bucket(), environment })).not.toThrow();
  });

  test('fails on one that is known to be of another account', () => {
    const stacks = () => {
      const app = new App();
      const env = (account: string) => ({ env: { account, region: 'eu-central-1' } });
      return [new Stack(app, 'Here', env('123456789012')), new Stack(app, 'There', env('999999999999'))] as const;
    };
    const bucketName = 'of-another';
    const buckets = [
      (_: Stack, there: Stack) => new s3.Bucket(there, 'Bucket', { bucketName }),
      (here: Stack) => s3.Bucket.fromBucketAttributes(here, 'Bucket', { bucketName, account: '999999999999' }),
    ];
    for (const bucketOf of buckets) {
      const [here, there] = stacks();
      const media = Media.bucket(bucketOf(here, there));
      expect(() => serve({ application: flask(), media }, here)).toThrow(
        new Error('the bucket of media is in account 999999999999 and used in 123456789012: give one of 123456789012'),
      );
    }
  });

  test('fails on the name of a bucket', () => {
    expect(() => Media.bucket('files' as unknown as s3.IBucket)).toThrow(
      `bucket ("files") must be an s3.IBucket, for example s3.Bucket.fromBucketName(this, 'Bucket', 'name')`,
    );
  });
});

test('fails on a bucket for media', () => {
  const media = s3.Bucket.fromBucketName(makeStack(), 'Bucket', 'files') as unknown as Media;
  expect(() => serve({ media })).toThrow('must be a Media, for example Media.bucket()');
});
