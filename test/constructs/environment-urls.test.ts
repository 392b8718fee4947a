import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import * as ssm from 'aws-cdk-lib/aws-ssm';
import { BackgroundWorker, Cache, Database, DatabaseEngine, EnvironmentSecret, type WebServiceProps } from '../../lib';
import { environmentUrls } from '../../lib/environment-urls';
// the same file that runtime/tests/test_urls.py tries on the libraries of projects
import forms from '../../runtime/tests/urls.json';
import { machineOf, makeStack, serve } from '../support/stacks';

const machine = (props: Partial<WebServiceProps>, stack = makeStack()) => machineOf(serve(props, stack).template());
const backgroundWorkers = [BackgroundWorker.celery({ app: 'mysite' })];

describe('the URLs by which applications know their servers', () => {
  test.each(Object.entries(forms))('name %s', (_, { environment, secrets: secret, urls }) => {
    const made = environmentUrls(environment, [], secret, false);
    expect({ ...made.environment, ...Object.fromEntries(made.secrets.map(({ name, id }) => [name, id])) }).toEqual(
      urls,
    );
    expect(Object.values(made.environment).join()).not.toContain('{');
    expect(made.secrets.map(({ kind }) => kind)).toEqual(made.secrets.map(() => 'composed'));
  });

  test('are percent-encoded where a name is not plain', () => {
    const environment = { ...forms['MySQL elsewhere'].environment, PLUMBLINE_DATABASE_NAME: 'a/b?c' };
    expect(environmentUrls(environment, [], [], false).environment.DATABASE_URL).toContain(':3306/a%2Fb%3Fc?');
  });

  test('have the scheme postgres for Django, whose settings look for it, and postgresql for SQLAlchemy', () => {
    const { environment } = forms['PostgreSQL elsewhere'];
    const url = (django: boolean) => environmentUrls(environment, [], [], django).environment.DATABASE_URL;
    expect(url(true)).toBe(url(false)!.replace('postgresql:', 'postgres:'));
  });

  test('are in the environment of the machine where no password is in them', () => {
    const text = machine({ database: Database.mysqlOnInstance(), cache: Cache.redisOnInstance(), backgroundWorkers });
    expect(text).toMatch(/\nDATABASE_URL='?mysql:\/\/app@localhost\/app\?/);
    expect(text).toMatch(/\nCACHE_URL=/);
    expect(text).toMatch(/\nREDIS_URL=/);
    expect(text).toMatch(/\nCELERY_BROKER_URL=/);
    expect(text).toMatch(/\nCELERY_RESULT_BACKEND=/);
  });

  test('are put together on the machine where a password is', () => {
    const stack = makeStack();
    const vpc = new ec2.Vpc(stack, 'Vpc', { maxAzs: 2, natGateways: 0 });
    const text = machine({ vpc, database: Database.rdsPostgres(), cache: Cache.elastiCache() }, stack);
    expect(text).toMatch(
      /\nDATABASE_URL composed postgres:\/\/app:{PLUMBLINE_DATABASE_PASSWORD}@<SiteDataServicesDatabaseInstance\w+,Endpoint\.Address>:5432\/app\?sslmode=verify-full&sslrootcert=\/etc\/gunicorn\/rds-bundle\.pem\n/,
    );
    expect(text).toMatch(/\nREDIS_URL composed rediss:\/\/:{PLUMBLINE_CACHE_PASSWORD}@<\w+,\w[\w.]*>:6379\/0\n/);
    expect(text).not.toMatch(/\n(DATABASE|CACHE|REDIS)_URL=/);
    expect(text).not.toContain('CELERY_');
  });

  test('are not there without the servers', () => {
    expect(machine({})).not.toMatch(/\n(DATABASE_URL|CACHE_URL|REDIS_URL|CELERY_\w+)\b/);
  });

  test('of the user stand', () => {
    const stack = makeStack();
    const secret = new secretsmanager.Secret(stack, 'Own');
    const text = machine(
      {
        database: Database.postgresOnInstance(),
        cache: Cache.redisOnInstance(),
        environment: { DATABASE_URL: 'sqlite:///mine', EMAIL_URL: 'smtp://mine' },
        secrets: {
          REDIS_URL: EnvironmentSecret.fromSecretsManager(secret),
          CACHE_URL: EnvironmentSecret.fromSsmParameter(
            ssm.StringParameter.fromStringParameterName(stack, 'Cache', '/mine'),
          ),
        },
      },
      stack,
    );
    expect(text.match(/\nDATABASE_URL.*/g)).toEqual([expect.stringContaining('sqlite:///mine')]);
    expect(text.match(/\nEMAIL_URL.*/g)).toEqual([expect.stringContaining('smtp://mine')]);
    expect(text.match(/\nREDIS_URL.*/g)).toEqual([expect.stringMatching(/^\nREDIS_URL secretsmanager/)]);
    expect(text.match(/\nCACHE_URL.*/g)).toEqual(['\nCACHE_URL ssm /mine']);
  });

  const elsewhere = (host: string) => {
    const stack = makeStack();
    const secret = new secretsmanager.Secret(stack, 'Own');
    const options = { engine: DatabaseEngine.POSTGRESQL, secret, maxConnections: 100 };
    return machine({ database: Database.fromEndpoint(host, options) }, stack);
  };

  test('have the name of the user put in where it is a secret, too', () => {
    expect(elsewhere('db.example.com')).toContain(
      'DATABASE_URL composed postgres://{PLUMBLINE_DATABASE_USER}:{PLUMBLINE_DATABASE_PASSWORD}@db.example.com:5432/app?',
    );
  });

  test('fail where they would break the list of secrets', () => {
    expect(() => elsewhere('db example')).toThrow(/DATABASE_URL .* must be a URL without spaces/);
  });
});
