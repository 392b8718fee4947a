import { App, Size, Stack } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as kms from 'aws-cdk-lib/aws-kms';
import * as s3 from 'aws-cdk-lib/aws-s3';
import { Annotations, Match } from 'aws-cdk-lib/assertions';
import {
  Application,
  BackgroundWorker,
  Cache,
  Database,
  Media,
  RequestPathPlan,
  WebUserData,
  type WebServiceProps,
} from '../../lib';
import { folderWith, machineOf, makeStack, mysite, serve } from '../support/stacks';

const made = (props: Partial<WebServiceProps>, stack = makeStack()) => serve(props, stack).template();

describe('media on the instance', () => {
  const template = made({ media: Media.onInstance({ volumeSize: Size.gibibytes(50) }) });
  const machine = machineOf(template);

  test('lies on a volume of its own, which stays when the stack goes', () => {
    template.resourceCountIs('AWS::EC2::Volume', 1);
    template.hasResource('AWS::EC2::Volume', { DeletionPolicy: 'Retain', Properties: { Encrypted: true, Size: 50 } });
    template.resourceCountIs('AWS::DLM::LifecyclePolicy', 1);
  });

  test('is changed in place', () => {
    template.hasResource('AWS::EC2::Instance', { CreationPolicy: Match.absent() });
    template.resourceCountIs('AWS::CloudFormation::WaitCondition', 1);
    expect(machine).toMatch(/^data_volume=<\w+> new_volume=true$/m);
    expect(machine).not.toContain('keepalive_min_timeout');
  });

  test('is a folder that the application is told of and may write to, and that nginx serves', () => {
    expect(machine).toMatch(/^MEDIA_ROOT=\/srv\/data\/media$/m);
    expect(machine).toMatch(/^MEDIA_URL=\/media\/$/m);
    expect(machine).toContain('\nReadWritePaths=/srv/data/media\n');
    expect(machine).toContain('location /media/ {');
    expect(machine).toMatch(/^run media media$/m);
  });

  test('shares the volume of the database', () => {
    const both = made({
      database: Database.mysqlOnInstance({ volumeSize: Size.gibibytes(30) }),
      media: Media.onInstance(),
    });
    both.resourceCountIs('AWS::EC2::Volume', 1);
    both.hasResourceProperties('AWS::EC2::Volume', { Size: 30 });
    expect(machineOf(both)).toContain('folders=');
  });

  test('keeps its volume where a database on it goes to RDS', () => {
    const ids = [Database.mysqlOnInstance(), Database.rdsMysql()].map((database) =>
      Object.keys(made({ database, media: Media.onInstance() }).findResources('AWS::EC2::Volume')),
    );
    expect(ids[0]).toEqual(ids[1]);
  });

  test('may be of a snapshot, which no machine formats', () => {
    const restored = machineOf(made({ media: Media.onInstance({ snapshotId: 'snap-0123456789abcdef0' }) }));
    expect(restored).toMatch(/^data_volume=<\w+>$/m);
  });

  test('keeps a queue on the instance', () => {
    const { service } = serve({
      media: Media.onInstance(),
      cache: Cache.redisOnInstance(),
      backgroundWorkers: [BackgroundWorker.celery({ app: 'mysite' })],
    });
    expect(service.plan.violations).toEqual([]);
  });

  test.each([
    ['/files/', '/files/'],
    ['https://cdn.example.com/files/', '/files/'],
    ['//cdn.example.com/', '/media/'],
    ['https://cdn.example.com', '/media/'],
  ])('is served at the path of an address of its own (%s)', (MEDIA_URL, path) => {
    const own = machineOf(made({ media: Media.onInstance(), environment: { MEDIA_URL } }));
    expect(own).toContain(`location ${path} { # MEDIA_URL`);
    expect(own).toContain(` media_url=${path} `);
  });

  test('is served with the settings of paths, whose names the machine has too', () => {
    const locations = [{ path: '/' }, { path: '/admin/' }, { path: '/media/private' }].map((location) => ({
      ...location,
      allow: ['203.0.113.0/24'],
    }));
    expect(machineOf(made({ media: Media.onInstance(), locations }))).toMatch(
      /^locations='\/admin \/media\/private'$/m,
    );
    expect(machineOf(made({ locations }))).not.toMatch(/^locations=/m);
  });

  test.each(['/static/', '/.plumbline/x/', 'media/', '/media', '/a b/', '/', '', 'https://cdn.example.com/a%20b/'])(
    'fails where nginx cannot serve it at %j',
    (MEDIA_URL) => {
      expect(() => serve({ media: Media.onInstance(), environment: { MEDIA_URL } })).toThrow(
        `environment MEDIA_URL (${MEDIA_URL}) must be a path of letters, digits and - _ . ~ between slashes, for example /media/, that nginx serves nothing else at; or a CDN's address with such a path`,
      );
    },
  );

  test('fails on another folder for it, and on that of the volume does not', () => {
    expect(() => serve({ media: Media.onInstance(), environment: { MEDIA_ROOT: '/data' } })).toThrow(
      'environment MEDIA_ROOT (/data) is another folder than that of Media.onInstance (/srv/data/media), which is in the environment anyway: remove it',
    );
    expect(machineOf(made({ media: Media.onInstance(), environment: { MEDIA_ROOT: '/srv/data/media' } }))).toContain(
      'MEDIA_ROOT',
    );
    expect(machineOf(made({ environment: { MEDIA_ROOT: '/var/lib/app', MEDIA_URL: 'x' } }))).toContain('MEDIA_URL=x');
  });

  test('keeps folders of the project besides, on the volume of a database too', () => {
    const linkedDirs = ['data', 'backend/instance'];
    const machines = [{}, { database: Database.mysqlOnInstance() }].map((props) =>
      machineOf(made({ media: Media.onInstance({ linkedDirs }), ...props })),
    );
    for (const machine of machines) {
      expect(machine).toMatch(/^linked=\/srv\/data\/linked linked_dirs='data backend\/instance'$/m);
      expect(machine).toContain('\nReadWritePaths=/srv/data/media /srv/data/linked\n');
    }
    expect(machineOf(made({ media: Media.onInstance() }))).not.toContain('linked');
  });

  test('says nothing of a database of SQLite that may be in a folder that is kept', () => {
    const application = () =>
      Application.fromAsset(
        folderWith({ 'requirements.txt': 'flask', 'shop.py': 'db = "sqlite:///data/shop.db"\napp = None\n' }),
        { wsgi: 'shop:app' },
      );
    const warned = (media: Media) => {
      const { stack } = serve({ application: application(), media });
      return Annotations.fromStack(stack).findWarning('*', Match.stringLikeRegexp('file of SQLite in the release'));
    };
    expect(warned(Media.onInstance())).toHaveLength(1);
    expect(warned(Media.onInstance({ linkedDirs: ['data'] }))).toEqual([]);
  });

  test.each([
    [['../data'], 'linkedDirs "../data" must be a folder of the application'],
    [['/data'], 'linkedDirs "/data" must be a folder of the application'],
    [['a b'], 'linkedDirs "a b" must be a folder of the application'],
    [['.venv'], 'linkedDirs ".venv" begins with a dot, as folders do that the machine makes: use another name'],
    [['data', 'data/x'], 'linkedDirs "data/x" and "data" are one in the other: give the outer one'],
    [['data/x', 'data'], 'linkedDirs "data" and "data/x" are one in the other: give the outer one'],
    [['data', 'data'], 'linkedDirs "data" and "data" are one in the other: give the outer one'],
    ['data', 'linkedDirs ("data") must be'],
  ])('fails on folders that no link can take the place of (%j)', (linkedDirs, message) => {
    expect(() => Media.onInstance({ linkedDirs: linkedDirs as string[] })).toThrow(message);
  });

  test('fails on a folder with code, which would stay that of the first release, and on a file', () => {
    const application = Application.fromAsset(
      folderWith({ 'requirements.txt': 'flask', 'shop.py': 'app = None', 'data/load.py': '', 'notes/x.txt': '' }),
      { wsgi: 'shop:app' },
    );
    const media = Media.onInstance({ linkedDirs: ['data', 'notes', 'shop.py'] });
    expect(() => serve({ application, media })).toThrow(
      'linkedDirs "data" holds code (data/load.py), which would stay that of the first release: give a folder that holds data alone\n' +
        'linkedDirs "shop.py" is a file: give the folder that it is in',
    );
  });

  test('fails in a fleet', () => {
    expect(() => serve({ media: Media.onInstance(), maxInstances: 2 })).toThrow(
      'the request path of Test/Site is out of line:\n- maxInstances with media on the instance (2) must be equal to 1, else what is uploaded to one instance is a 404 on the others; lower maxInstances to 1, or use Media.bucket [N30]',
    );
  });

  test('fails with a volume of its own beside that of the database, once for each option', () => {
    const media = Media.onInstance({ volumeSize: Size.gibibytes(50), snapshotId: 'snap-0123456789abcdef0' });
    expect(() => serve({ media, database: Database.mysqlOnInstance() })).toThrow(
      'volumeSize of Media.onInstance has no effect beside a database on the instance, whose volume it shares: give it to the database\n' +
        'snapshotId of Media.onInstance has no effect beside a database on the instance, whose volume it shares: give it to the database',
    );
  });

  test('fails where no machine has a volume for it', () => {
    const app = new App();
    const stack = new Stack(app, 'Test');
    const plan = RequestPathPlan.of({ media: Media.onInstance() });
    WebUserData.forPlan(stack, 'UserData', { plan, application: mysite(), allowedHosts: ['example.com'] });
    expect(() => app.synth()).toThrow(
      'media on the instance needs a volume that outlives the instance: use WebService or WebInstance, or Media.bucket',
    );
  });

  test('fails on options of a volume that exclude each other', () => {
    const volume = ec2.Volume.fromVolumeAttributes(makeStack(), 'Kept', {
      volumeId: 'vol-0123456789abcdef0',
      availabilityZone: 'us-east-1a',
    });
    expect(() => Media.onInstance({ volume, snapshotId: 'snap-0123456789abcdef0' })).toThrow(
      'volume and snapshotId both say where the data comes from: give one of them',
    );
  });
});

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

describe('a Django project with fields for files', () => {
  const application = () =>
    Application.fromAsset(
      folderWith({
        'manage.py': '',
        'requirements.txt': 'Django',
        'shop/__init__.py': '',
        'shop/wsgi.py': 'application = None',
        'shop/models.py':
          'from django.db import models\n\nclass Product(models.Model):\n    photo = models.ImageField()\n',
      }),
      { wsgi: 'shop.wsgi:application' },
    );
  const warnings = (props: Partial<WebServiceProps>) => {
    const { stack } = serve({ application: application(), ...props });
    return Annotations.fromStack(stack)
      .findWarning('*', Match.stringLikeRegexp('such files'))
      .map(({ entry }) => entry.data);
  };

  test('is warned of without a place for them', () => {
    expect(warnings({})).toEqual([
      "photo in shop/models.py: Django's default storage puts such files into the release, which is read-only and gives way to the next one: give media, Media.onInstance() or Media.bucket() [ack: Annotation::cdk-plumbline:WebService.mediaWithoutPlace]",
    ]);
  });

  test.each([
    ['on the instance', () => Media.onInstance()],
    ['in a bucket', () => Media.bucket()],
  ])('is not, where they are %s', (_, media) => {
    expect(warnings({ media: media() })).toEqual([]);
  });
});
