import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { App, Stack, Token } from 'aws-cdk-lib';
import * as s3 from 'aws-cdk-lib/aws-s3';
import { Match } from 'aws-cdk-lib/assertions';
import { Application, AppServer, WorkerClass } from '../../lib';
import { folderWith, flask, machineOf, makeStack, serve } from '../support/stacks';

const application = 'application = app = create_app = None';
const django = {
  'requirements.txt': 'Django',
  'manage.py': '',
  'site.py': application,
  'a/wsgi.py': application,
  'a/asgi.py': application,
};

describe('an application from a directory', () => {
  test('is uploaded without version control, virtual environments and caches', () => {
    const directory = folderWith({ 'pyproject.toml': '[project]', 'app.py': 'app = 1' });
    const files = [
      '.git/HEAD',
      'my env/pyvenv.cfg',
      'pages/home.html',
      'pages/env',
      'pages/__pycache__/a.pyc',
      'b.pyc',
    ];
    for (const file of files) {
      mkdirSync(dirname(join(directory, file)), { recursive: true });
      writeFileSync(join(directory, file), '');
    }
    const app = new App();
    serve({ application: Application.fromAsset(directory, { wsgi: 'app:app' }) }, new Stack(app, 'Test'));
    const { directory: out } = app.synth();
    const uploaded = readdirSync(out).find((name) => existsSync(join(out, name, 'app.py')))!;
    expect(readdirSync(join(out, uploaded), { recursive: true }).sort()).toEqual([
      'app.py',
      'pages',
      'pages/env',
      'pages/home.html',
      'pyproject.toml',
    ]);
  });

  test('leaves further files at home where they are named', () => {
    const directory = folderWith({ 'requirements.txt': '', 'app.py': 'app = 1', 'people.csv': 'people' });
    const app = new App();
    const application = Application.fromAsset(directory, { wsgi: 'app:app', exclude: ['*.csv'] });
    serve({ application }, new Stack(app, 'Test'));
    const { directory: out } = app.synth();
    const uploaded = readdirSync(out).find((name) => existsSync(join(out, name, 'app.py')))!;
    expect(readdirSync(join(out, uploaded)).sort()).toEqual(['app.py', 'requirements.txt']);
  });

  test('gives the instance the right to read its own archives alone', () => {
    const { template } = serve({ application: flask() });
    const statements = Object.values(template().findResources('AWS::IAM::Policy')).flatMap(
      (policy) =>
        (policy as { Properties: { PolicyDocument: { Statement: object[] } } }).Properties.PolicyDocument.Statement,
    ) as Array<{ Action: string; Resource: unknown }>;
    const reads = statements.filter(({ Action }) => JSON.stringify(Action).includes('s3:'));
    expect(reads.map(({ Action }) => Action)).toEqual(['s3:GetObject', 's3:GetObject']);
    reads.forEach(({ Resource }) => expect(JSON.stringify(Resource)).toMatch(/\/[0-9a-f]{64}\.zip"/));
  });

  test('is a Django project where it has a manage.py', () => {
    const { template } = serve({
      application: Application.fromAsset(folderWith(django), { wsgi: 'a.wsgi:application' }),
    });
    template().resourceCountIs('AWS::SecretsManager::Secret', 1);
  });

  test('may be called through a factory', () => {
    const application = Application.fromAsset(folderWith(django), { wsgi: 'site:create_app()' });
    expect(machineOf(serve({ application }).template())).toContain('wsgi_app = "site:create_app()"');
  });

  test('may be called through a factory that is told something', () => {
    const wsgi = `site:create_app("it's: $HOME", debug=False)`;
    const files = folderWith({ 'requirements.txt': '', 'site.py': 'def create_app(name, debug): pass' });
    const machine = machineOf(serve({ application: Application.fromAsset(files, { wsgi }) }).template());
    expect(machine).toContain('wsgi_app = "site:create_app(\\"it\'s: $HOME\\", debug=False)"');
    expect(machine).toContain(`wsgi='site:create_app("it'\\''s: $HOME", debug=False)'`);
  });

  test('fails when the factory is not there', () => {
    const files = folderWith({ 'requirements.txt': '', 'site.py': 'def make_app(name): pass' });
    expect(() => Application.fromAsset(files, { wsgi: 'site:create_app("a:b")' })).toThrow(
      new Error('wsgi "site:create_app(\\"a:b\\")" names nothing that site.py defines: it has make_app'),
    );
  });

  test.each([
    [
      { wsgi: 'site:create_app(config)' },
      'wsgi "site:create_app(config)" must call with literals alone, for example mysite:create_app("production", debug=False): assign what the call makes to a name in a module, and give that as mysite.wsgi:application',
    ],
    [{ wsgi: 'mysite.wsgi' }, 'wsgi "mysite.wsgi" must be module:attribute, for example mysite.wsgi:application'],
    [{ asgi: 'my site:app' }, 'asgi "my site:app" must be module:attribute, for example mysite.asgi:application'],
    [{ wsgi: 'a:b; reboot' }, 'wsgi "a:b; reboot" must be module:attribute, for example mysite.wsgi:application'],
    [{ wsgi: 'a:b\n' }, 'wsgi "a:b\\n" must be module:attribute, for example mysite.wsgi:application'],
    [{}, 'neither wsgi nor asgi is given: name the application as module:attribute'],
  ])('fails when called by %j', (options, message) => {
    expect(() => Application.fromAsset(folderWith(django), options)).toThrow(new Error(message));
  });

  test('fails when the directory does not exist', () => {
    expect(() => Application.fromAsset('/no/such/place', { wsgi: 'a:b' })).toThrow(
      new Error('application directory "/no/such/place" does not exist (looked for /no/such/place)'),
    );
  });

  test('fails when the directory is a file', () => {
    const file = join(folderWith(django), 'manage.py');
    expect(() => Application.fromAsset(file, { wsgi: 'a:b' })).toThrow(
      new Error(`application directory ${JSON.stringify(file)} is a file: give the directory of the application`),
    );
  });

  test('fails when no file names the packages', () => {
    const directory = folderWith({ 'app.py': 'a = 1', 'docker/requirements.txt': '' });
    expect(() => Application.fromAsset(directory, { wsgi: 'app:a' })).toThrow(
      new Error(
        `application directory ${JSON.stringify(directory)} has none of uv.lock, pylock.toml, poetry.lock, Pipfile.lock, requirements.txt, requirements/production.txt, requirements/prod.txt, requirements/base.txt, requirements/requirements.txt, pyproject.toml, setup.py, setup.cfg: give requirements with the file that names the packages to install (docker/requirements.txt is in a folder of it)`,
      ),
    );
  });

  test.each(['Pipfile.lock', 'poetry.lock', 'requirements/production.txt', 'setup.py'])(
    'takes a directory whose packages are in %s',
    (file) => {
      expect(() => Application.fromAsset(folderWith({ [file]: '', 'a.py': 'b = 1' }), { wsgi: 'a:b' })).not.toThrow();
    },
  );

  test('takes a directory whose packages are where the options say', () => {
    const directory = folderWith({ 'deploy/packages.txt': '', 'a.py': 'b = 1' });
    expect(() => Application.fromAsset(directory, { wsgi: 'a:b', requirements: 'deploy/packages.txt' })).not.toThrow();
  });

  test('is installed with the groups and the extras that are chosen', () => {
    const pyproject = '[project.optional-dependencies]\nprod = []\n[dependency-groups]\naws = []\n';
    const directory = folderWith({ 'pyproject.toml': pyproject, 'uv.lock': '', 'a.py': 'b = 1' });
    const chosen = { dependencyGroups: ['aws'], extras: ['prod'] };
    const { template } = serve({ application: Application.fromAsset(directory, { wsgi: 'a:b', ...chosen }) });
    expect(machineOf(template())).toContain("groups='aws'\nextras='prod'\n");
  });

  test('fails with groups and extras that its files do not have', () => {
    const directory = folderWith({ 'requirements.txt': '', 'a.py': 'b = 1' });
    const chosen = { dependencyGroups: ['aws'], extras: ['prod', 'mail'] };
    expect(() => Application.fromAsset(directory, { wsgi: 'a:b', ...chosen })).toThrow(
      new Error(
        'dependencyGroups ["aws"] cannot be found in requirements.txt, which has none: give requirements with the file for production\n' +
          'extras ["prod","mail"] cannot be found in requirements.txt, which has none: write -e .[prod,mail] into it',
      ),
    );
  });

  test('fails when the file that the options name is not there', () => {
    const directory = folderWith({ 'requirements.txt': '', 'a.py': 'b = 1' });
    expect(() => Application.fromAsset(directory, { wsgi: 'a:b', requirements: 'prod.txt' })).toThrow(
      new Error(`requirements "prod.txt" is not in application directory ${JSON.stringify(directory)}`),
    );
  });

  test.each(['/etc/list.txt', '../list.txt', 'a/../../list.txt', '-rlist.txt', "li'st.txt", 'a b.txt', ''])(
    'fails requirements %j, which is no path in the application, wherever its files are',
    (requirements) => {
      expect(() =>
        Application.fromGit('https://git.example/a.git', {
          wsgi: 'a:b',
          requirements,
          dependencyGroups: ['-x'],
          extras: ['y z'],
        }),
      ).toThrow(
        new Error(
          `requirements ${JSON.stringify(requirements)} must be a path in the application of letters, digits and - _ . /, for example requirements/production.txt\n` +
            'dependencyGroups "-x" must be the name of a group: letters, digits and - _ .\n' +
            'extras "y z" must be the name of an extra: letters, digits and - _ .',
        ),
      );
    },
  );

  test('fails with every problem at once', () => {
    expect(() => Application.fromAsset('/no/such/place', { wsgi: 'a' })).toThrow(
      new Error(
        'wsgi "a" must be module:attribute, for example mysite.wsgi:application\n' +
          'application directory "/no/such/place" does not exist (looked for /no/such/place)',
      ),
    );
  });
});

describe('an application from a bucket', () => {
  const bucketOf = (stack: Stack) => s3.Bucket.fromBucketName(stack, 'Releases', 'releases-of-mysite');

  test('is fetched by a key that is encoded as AWS signs it', () => {
    const stack = makeStack();
    const application = Application.fromBucket(bucketOf(stack), "v1/my site (2)'.zip", { wsgi: 'a:b' });
    expect(machineOf(serve({ application }, stack).template())).toMatch(/v1\/my%20site%20%282%29%27\.zip/);
  });

  test.each([
    ['us-west-2', 'region=us-west-2 s3 $downloads/app.zip'],
    ['eu-central-1', '  s3 $downloads/app.zip'],
  ])('may be in %s', (region, call) => {
    const stack = makeStack({ env: { account: '123456789012', region: 'eu-central-1' } });
    const bucket = s3.Bucket.fromBucketAttributes(stack, 'Releases', { bucketName: 'releases', region });
    const application = Application.fromBucket(bucket, 'v1.zip', { wsgi: 'a:b' });
    expect(machineOf(serve({ application }, stack).template())).toContain(call);
  });

  test('may have a token for a key', () => {
    const stack = makeStack();
    const key = Token.asString({ Ref: 'KeyOfTheRelease' });
    const application = Application.fromBucket(bucketOf(stack), key, { wsgi: 'a:b' });
    expect(machineOf(serve({ application }, stack).template())).toContain('<KeyOfTheRelease>');
  });

  test('gives the instance the right to read that key', () => {
    const stack = makeStack();
    const application = Application.fromBucket(bucketOf(stack), 'v1.zip', { wsgi: 'a:b' });
    serve({ application }, stack)
      .template()
      .hasResourceProperties('AWS::IAM::Policy', {
        PolicyDocument: {
          Statement: Match.arrayWith([
            Match.objectLike({
              Resource: Match.arrayWith([
                { 'Fn::Join': ['', ['arn:', { Ref: 'AWS::Partition' }, ':s3:::releases-of-mysite/v1.zip']] },
              ]),
            }),
          ]),
        },
      });
  });

  test.each([
    [undefined, 0],
    [true, 1],
  ])('with django %s gets %d generated keys', (django, secrets) => {
    const stack = makeStack();
    const application = Application.fromBucket(bucketOf(stack), 'v1.zip', { wsgi: 'a:b', django });
    serve({ application }, stack).template().resourceCountIs('AWS::SecretsManager::Secret', secrets);
  });

  test('fails without a key', () => {
    const stack = makeStack();
    expect(() => Application.fromBucket(bucketOf(stack), '', { wsgi: 'a' })).toThrow(
      new Error('wsgi "a" must be module:attribute, for example mysite.wsgi:application\nkey "" must name an object'),
    );
  });
});

describe('an application from Git', () => {
  test.each([
    'https://ghp_secret@github.com/acme/shop.git',
    'https://oauth2:secret@gitlab.com/acme/shop.git',
    'http://user:secret@git.example.com/shop.git',
    'ssh://git:secret@git.example.com/shop.git',
    'user:secret@git.example.com:shop.git',
    'https://git.example.com/shop.git?private_token=secret',
  ])('fails for a repository with a secret in it, and does not show it: %s', (repository) => {
    expect(() => Application.fromGit(repository, { wsgi: 'a:b' })).toThrow(
      new Error(
        'repository must hold neither user name, password, token nor query: it is in plain text in the template and on the machine. Use Application.fromBucket for private code',
      ),
    );
  });

  test('is cloned by the machine', () => {
    const application = Application.fromGit('https://git.example.com/mysite.git', { wsgi: 'a:b', ref: 'v1.2.3' });
    const script = machineOf(serve({ application }).template());
    expect(script).toContain('https://git.example.com/mysite.git');
    expect(script).toContain('v1.2.3');
  });

  test.each(['git@example.com:mysite.git', 'http://git.example.com/mysite.git', "https://git.example.com/'; reboot'"])(
    'fails for the repository %s',
    (repository) => {
      expect(() => Application.fromGit(repository, { wsgi: 'a:b' })).toThrow(
        new Error(
          `repository ${JSON.stringify(repository)} must be an https:// address, for example https://github.com/django/djangoproject.com.git`,
        ),
      );
    },
  );

  test.each(['--upload-pack=reboot', 'v1; reboot', ''])('fails for the ref %j', (ref) => {
    expect(() => Application.fromGit('https://git.example.com/a.git', { wsgi: 'a:b', ref })).toThrow(
      new Error(`ref ${JSON.stringify(ref)} must be a branch, a tag or a commit`),
    );
  });
});

describe('the sample', () => {
  test('has every file that it needs', () => {
    expect(() => Application.sample()).not.toThrow();
  });

  test.each([
    [WorkerClass.GEVENT, 'sample.wsgi:application'],
    [WorkerClass.ASGI, 'sample.asgi:application'],
  ])('is called by workers of class %s as %s', (workerClass, entryPoint) => {
    const { template } = serve({ application: Application.sample(), appServer: AppServer.gunicorn({ workerClass }) });
    expect(machineOf(template())).toContain(`wsgi_app = "${entryPoint}"`);
  });
});

describe('the worker class', () => {
  test('follows an application that has only asgi', () => {
    const application = Application.fromAsset(folderWith(django), { asgi: 'a.asgi:app' });
    const { service } = serve({ application, appServer: AppServer.gunicorn({ workers: 3 }) });
    expect(service.plan.appServer).toMatchObject({ workerClass: 'asgi', workers: 3 });
  });

  test('fails when it speaks ASGI and the application does not', () => {
    const appServer = AppServer.gunicorn({ workerClass: WorkerClass.ASGI });
    const application = Application.fromAsset(folderWith(django), { wsgi: 'a.wsgi:app' });
    expect(() => serve({ application, appServer })).toThrow(
      new Error(
        'workerClass asgi cannot serve an application that has only wsgi (a.wsgi:app): give asgi, or use another worker class',
      ),
    );
  });

  test('fails when it speaks WSGI and the application does not', () => {
    const appServer = AppServer.gunicorn({ workerClass: WorkerClass.SYNC });
    const application = Application.fromAsset(folderWith(django), { asgi: 'a.asgi:app' });
    expect(() => serve({ application, appServer })).toThrow(
      new Error(
        'workerClass sync cannot serve an application that has only asgi (a.asgi:app): give wsgi, or use WorkerClass.ASGI',
      ),
    );
  });
});

test('templates are the same for the same files', () => {
  const of = () => serve({ application: Application.sample() }).template().toJSON() as unknown;
  expect(of()).toEqual(of());
});
