import { Duration, Size } from 'aws-cdk-lib';
import { Annotations, Match } from 'aws-cdk-lib/assertions';
import {
  AppServer,
  Application,
  Database,
  RequestPathPlan,
  WebUserData,
  WorkerClass,
  type WebServiceProps,
} from '../../lib';
import { outdirOf, filesFetchedBy, flask, folderWith, machineOf, makeStack, mysite, serve } from '../support/stacks';

const database = Database.sqliteOnInstance();

/** The script of the machine, and the files that come with it. */
function machine(props: Partial<WebServiceProps> = {}, stack = makeStack()) {
  const script = machineOf(serve({ database, ...props }, stack).template());
  return { script, files: filesFetchedBy(script, outdirOf(stack)) };
}

describe('SQLite on the instance', () => {
  const { script, files } = machine();

  test('is a file on a volume of its own, which the machine is changed in place for', () => {
    const template = serve({ database: Database.sqliteOnInstance({ volumeSize: Size.gibibytes(8) }) }).template();
    template.hasResourceProperties('AWS::EC2::Volume', { Size: 8, Encrypted: true });
    template.resourceCountIs('AWS::DLM::LifecyclePolicy', 1);
    template.resourceCountIs('AWS::CloudFormation::WaitCondition', 1);
  });

  test('is made after the volume is mounted, and before the release migrates', () => {
    const steps = script.match(/^(run|\.) .*/gm)!.filter((line) => /data|sqlite|migrate|database/.test(line));
    expect(steps).toEqual([
      '. $lib/plumbline_sqlite.sh',
      'run data data',
      'run database sqlite',
      'run migrate migrate',
    ]);
    expect(script).toContain('\ndatabase=sqlite database_file=/srv/data/sqlite/app.sqlite3\n');
    expect(script).not.toMatch(/database_unit|plumbline_database\.sh|psycopg|pymysql|mariadb/);
  });

  test('is told to the application, in parts and as a URL', () => {
    const environment = (script + files).match(/^(PLUMBLINE_DATABASE_\w+|DATABASE_URL)=.*/gm);
    expect(environment).toEqual([
      'PLUMBLINE_DATABASE_ENGINE=sqlite',
      'PLUMBLINE_DATABASE_CONN_MAX_AGE=600',
      'PLUMBLINE_DATABASE_LOCK_TIMEOUT=50',
      'PLUMBLINE_DATABASE_NAME=/srv/data/sqlite/app.sqlite3',
      'DATABASE_URL=sqlite:////srv/data/sqlite/app.sqlite3',
    ]);
  });

  test('keeps a connection for as long as is asked for', () => {
    const { script: other } = machine({ database: Database.sqliteOnInstance({ connMaxAge: Duration.seconds(7) }) });
    expect(other).toContain('PLUMBLINE_DATABASE_CONN_MAX_AGE=7\n');
  });

  test('fails with gevent, in the words of the rule', () => {
    const appServer = AppServer.gunicorn({ workerClass: WorkerClass.GEVENT });
    expect(() => serve({ database, appServer })).toThrow(
      'gevent with SQLite (1) must be equal to 0, else a greenlet that waits for the lock stops its whole process, with the greenlet in it that holds the lock: both wait in vain; use gthread, or a database server [N31]',
    );
  });

  test('fails in a launch template, whose machines have no volume that outlives them', () => {
    const stack = makeStack();
    const plan = RequestPathPlan.of({ database });
    WebUserData.forPlan(stack, 'UserData', { plan, application: mysite(), allowedHosts: ['a.example.com'] });
    expect(stack.node.findChild('UserData').node.validate()).toEqual([
      'a database on the instance needs a volume that outlives the instance: use WebService or WebInstance, or another database',
    ]);
  });

  test('fails in a fleet', () => {
    expect(RequestPathPlan.of({ database, maxInstances: 2 }).violations.map(({ message }) => message)).toEqual([
      'maxInstances with a database on the instance (2) must be equal to 1, else every instance has data of its own, and clients see those of whichever answers; lower maxInstances to 1, or use a database in RDS [N6]',
    ]);
  });

  test('fails with options that no volume has, all at once', () => {
    const options = { volumeSize: Size.mebibytes(1500), snapshotId: 'snapshot' };
    expect(() => Database.sqliteOnInstance(options)).toThrow(/snapshotId "snapshot" must be the id[^]*volumeSize/);
    expect(() => Database.sqliteOnInstance({ volumeSize: 8 as never })).toThrow('volumeSize');
  });
});

describe('a database of SQLite in the release', () => {
  const settings = `BASE_DIR = 1\nDATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": BASE_DIR / "db"}}`;
  const application = () =>
    Application.fromAsset(
      folderWith({
        'requirements.txt': 'django',
        'manage.py': 'os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mysite.settings")',
        'mysite/wsgi.py': 'application = 1',
        'mysite/settings.py': settings,
        'mysite/other.py': 'from .settings import *\nDATABASES = {"default": env.db()}',
      }),
      { wsgi: 'mysite.wsgi:application' },
    );
  const warningsOf = (props: Partial<WebServiceProps>) => {
    const stack = makeStack();
    serve(props, stack);
    const found = Annotations.fromStack(stack).findWarning('*', Match.stringLikeRegexp('SQLite'));
    return found.map(({ entry }) => entry.data);
  };

  test('is a warning that can be acknowledged', () => {
    expect(warningsOf({ application: application() })).toEqual([
      'mysite/settings.py has the default database in a file of SQLite in the release, which nobody may write to on a machine: give database, for example Database.sqliteOnInstance(), which takes its place [ack: Annotation::cdk-plumbline:WebService.sqliteInRelease]',
    ]);
  });

  test('is none where the machine has a database, or the environment names other settings', () => {
    expect(warningsOf({ application: application(), database })).toEqual([]);
    expect(warningsOf({ application: application(), environment: { DJANGO_SETTINGS_MODULE: 'mysite.other' } })).toEqual(
      [],
    );
    expect(warningsOf({ application: flask() })).toEqual([]);
  });
});
