import { Match, type Template } from 'aws-cdk-lib/assertions';
import { Database } from '../../lib';
import { machineOf, serve } from '../support/stacks';

const made = (database: Database) => serve({ database }).template();
const MASTER = 'SiteDataServicesDatabaseInstanceSecret\\w+';
const APPLICATION = 'SiteDataServicesDatabaseApplicationSecret\\w+';

interface Policy {
  readonly Properties: {
    readonly PolicyDocument: { readonly Statement: ReadonlyArray<{ Action: unknown; Resource: unknown }> };
  };
}

const mayRead = (template: Template): string =>
  JSON.stringify(
    Object.values(template.findResources('AWS::IAM::Policy') as Record<string, Policy>)
      .flatMap(({ Properties }) => Properties.PolicyDocument.Statement)
      .filter(({ Action }) => JSON.stringify(Action).includes('GetSecretValue'))
      .map(({ Resource }) => Resource),
  );

describe.each([
  [
    'PostgreSQL',
    Database.rdsPostgres(),
    'postgresql',
    '5432',
    'Instance\\w+,Endpoint\\.Address',
    '/etc/gunicorn/rds-bundle.pem',
  ],
  ['MySQL', Database.rdsMysql(), 'mysql', '3306', 'Instance\\w+,Endpoint\\.Address', '/etc/gunicorn/rds-bundle.pem'],
  [
    'MariaDB',
    Database.rdsMariaDb(),
    'mysql',
    '3306',
    'Instance\\w+,Endpoint\\.Address',
    '/etc/gunicorn/rds-bundle.pem',
  ],
  [
    'PostgreSQL behind a proxy',
    Database.rdsPostgres({ databaseProxy: true }),
    'postgresql',
    '5432',
    'Proxy\\w+,Endpoint',
    '/etc/pki/tls/certs/ca-bundle.crt',
  ],
  [
    'PostgreSQL behind PgBouncer',
    Database.rdsPostgres({ pgBouncer: true }),
    'postgresql',
    '5432',
    'Instance\\w+,Endpoint\\.Address',
    '/etc/gunicorn/rds-bundle.pem',
  ],
])('with %s in RDS', (_, database, engine, port, host, certificates) => {
  const template = made(database);
  const machine = machineOf(template);

  test('the application has an account of its own, with a password of its own', () => {
    for (const username of ['app', 'plumbline']) {
      template.hasResourceProperties('AWS::SecretsManager::Secret', {
        GenerateSecretString: Match.objectLike({ SecretStringTemplate: `{"username":"${username}"}` }),
      });
    }
    template.hasResourceProperties('AWS::RDS::DBInstance', { MasterUsername: 'plumbline' });
    expect(machine).toMatch(new RegExp(`^PLUMBLINE_DATABASE_PASSWORD secretsmanager <${APPLICATION}> password$`, 'm'));
  });

  test('the machine makes it with the administrator, whom the application is not told', () => {
    expect(machine).toMatch(
      new RegExp(`^account='${engine} <SiteDataServicesDatabase${host}> ${port} ${certificates} app'$`, 'm'),
    );
    expect(machine).toMatch(new RegExp(`^account_user='<${APPLICATION}>' account_administrator='<${MASTER}>'$`, 'm'));
    expect(machine).toMatch(/^run account account\n(.*\n)*run migrate migrate$/m);
    expect(machine).not.toMatch(new RegExp(`secretsmanager <${MASTER}>`));
  });

  test('the machine may read both secrets', () => {
    expect(mayRead(template)).toMatch(new RegExp(MASTER));
    expect(mayRead(template)).toMatch(new RegExp(APPLICATION));
  });
});

test('a proxy knows the passwords of both', () => {
  made(Database.rdsMysql({ databaseProxy: true })).hasResourceProperties('AWS::RDS::DBProxy', {
    Auth: [
      { SecretArn: { Ref: Match.stringLikeRegexp(APPLICATION) } },
      { SecretArn: { Ref: Match.stringLikeRegexp(MASTER) } },
    ].map(Match.objectLike),
  });
});

test('a database of yours has the account that you give', () => {
  const machine = machineOf(serve({ database: Database.mysqlOnInstance() }).template());
  expect(machine).not.toContain('account');
});
