import { App, Size, Stack } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import { Annotations, Match } from 'aws-cdk-lib/assertions';
import {
  Application,
  BackgroundWorker,
  Cache,
  Database,
  EnvironmentSecret,
  Media,
  RequestPathPlan,
  WebUserData,
  type WebServiceProps,
} from '../../lib';
import { flask, folderWith, machineOf, makeStack, mysite, serve } from '../support/stacks';

const made = (props: Partial<WebServiceProps>, stack = makeStack()) => serve(props, stack).template();

const secretOf = (stack: Stack, id = 'Secret') =>
  EnvironmentSecret.fromSecretsManager(new secretsmanager.Secret(stack, id));

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

  test.each([
    ...['/static/', '/static/media/', 'https://cdn.example.com/static/media/', '/.plumbline/x/', 'media/', '/media'],
    ...['/a b/', '/', '', 'https://cdn.example.com/a%20b/'],
  ])('fails where nginx cannot serve it at %j', (MEDIA_URL) => {
    expect(() => serve({ media: Media.onInstance(), environment: { MEDIA_URL } })).toThrow(
      `environment MEDIA_URL (${MEDIA_URL}) must be a path of letters, digits and - _ . ~ between slashes, for example /media/, that nginx serves nothing else at; or a CDN's address with such a path`,
    );
  });

  test('fails on another folder for it, and on that of the volume does not', () => {
    expect(() => serve({ media: Media.onInstance(), environment: { MEDIA_ROOT: '/data' } })).toThrow(
      'environment MEDIA_ROOT (/data) is another folder than that of Media.onInstance (/srv/data/media), which is in the environment anyway: remove it',
    );
    expect(machineOf(made({ media: Media.onInstance(), environment: { MEDIA_ROOT: '/srv/data/media' } }))).toContain(
      'MEDIA_ROOT',
    );
    expect(machineOf(made({ environment: { MEDIA_ROOT: '/var/lib/app', MEDIA_URL: 'x' } }))).toContain('MEDIA_URL=x');
  });

  test('fails on secrets for it', () => {
    const secretsOf = (stack: Stack) => ({ MEDIA_ROOT: secretOf(stack, 'Root'), MEDIA_URL: secretOf(stack, 'Url') });
    const [stack, other] = [makeStack(), makeStack()];
    expect(() => serve({ media: Media.onInstance(), secrets: secretsOf(stack) }, stack)).toThrow(
      new Error(
        'secrets MEDIA_ROOT is no secret, and Media.onInstance has to know it at synthesis: remove it\n' +
          'secrets MEDIA_URL is no secret, and Media.onInstance has to know it at synthesis: give it in environment',
      ),
    );
    expect(() => serve({ application: flask(), secrets: secretsOf(other) }, other)).not.toThrow();
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
