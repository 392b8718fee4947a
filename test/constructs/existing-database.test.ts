import { CfnParameter, type Stack } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as rds from 'aws-cdk-lib/aws-rds';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import { Match } from 'aws-cdk-lib/assertions';
import { AppServer, Database, DatabaseEngine, OperatingSystem, WorkerClass } from '../../lib';
import { machineOf, makeStack, serve } from '../support/stacks';

let stack: Stack;
let vpc: ec2.Vpc;
let secret: secretsmanager.Secret;

beforeEach(() => {
  stack = makeStack();
  vpc = new ec2.Vpc(stack, 'Vpc', { maxAzs: 2, natGateways: 0 });
  secret = new secretsmanager.Secret(stack, 'Credentials');
});

const serveWith = (database: Database, operatingSystem?: OperatingSystem) =>
  serve({ vpc, database, operatingSystem }, stack);

describe('a database instance that is there already', () => {
  const instance = () =>
    new rds.DatabaseInstance(stack, 'Mine', {
      vpc,
      vpcSubnets: { subnetType: ec2.SubnetType.PUBLIC },
      engine: rds.DatabaseInstanceEngine.postgres({ version: rds.PostgresEngineVersion.VER_17 }),
    });

  test('says itself which engine it is, and lets the machines in', () => {
    const database = Database.fromInstance(instance(), { secret, maxConnections: 200 });
    const { service, template } = serveWith(database);
    expect(service.plan.database).toMatchObject({ engine: 'postgresql', host: 'elsewhere', maxConnections: 200 });
    template().hasResourceProperties('AWS::EC2::SecurityGroupIngress', {
      GroupId: { 'Fn::GetAtt': [Match.stringLikeRegexp('^MineSecurityGroup'), 'GroupId'] },
      SourceSecurityGroupId: { 'Fn::GetAtt': [Match.stringLikeRegexp('SiteInstanceSecurityGroup'), 'GroupId'] },
      FromPort: { 'Fn::GetAtt': [Match.stringLikeRegexp('^Mine'), 'Endpoint.Port'] },
    });
  });

  test('is told to the machine, with the name and the password of its secret', () => {
    const database = Database.fromInstance(instance(), { secret, maxConnections: 200, databaseName: 'shop' });
    const machine = machineOf(serveWith(database).template());
    expect(machine).toMatch(/PLUMBLINE_DATABASE_HOST='<Mine\w+,Endpoint\.Address>'\n/);
    expect(machine).toMatch(/PLUMBLINE_DATABASE_PORT='?<Mine\w+,Endpoint\.Port>'?\n/);
    expect(machine).toMatch(/PLUMBLINE_DATABASE_NAME=shop\n/);
    expect(machine).toMatch(/PLUMBLINE_DATABASE_CA=\/etc\/gunicorn\/rds-bundle\.pem\n/);
    expect(machine).toMatch(/PLUMBLINE_DATABASE_USER secretsmanager <Credentials\w+> username\n/);
    expect(machine).toMatch(/PLUMBLINE_DATABASE_PASSWORD secretsmanager <Credentials\w+> password\n/);
  });

  const imported = () =>
    rds.DatabaseInstance.fromDatabaseInstanceAttributes(stack, 'Imported', {
      instanceIdentifier: 'old',
      instanceEndpointAddress: 'old.example.com',
      port: 3306,
      securityGroups: [],
    });

  test('may be imported, with the engine', () => {
    const database = Database.fromInstance(imported(), { secret, maxConnections: 200, engine: DatabaseEngine.MARIADB });
    expect(serveWith(database).service.plan.database?.engine).toBe('mariadb');
  });

  test('fails where nobody says which engine it is', () => {
    expect(() => Database.fromInstance(imported(), { secret, maxConnections: 200 })).toThrow(
      new Error('the engine of Test/Imported is not known here: give engine'),
    );
  });
});

describe('a cluster that is there already', () => {
  test('is reached at its writer', () => {
    const cluster = new rds.DatabaseCluster(stack, 'Aurora', {
      vpc,
      vpcSubnets: { subnetType: ec2.SubnetType.PUBLIC },
      engine: rds.DatabaseClusterEngine.auroraMysql({
        version: rds.AuroraMysqlEngineVersion.of('8.0.mysql_aurora.3.08.0'),
      }),
      writer: rds.ClusterInstance.serverlessV2('Writer'),
    });
    const { service, template } = serveWith(Database.fromCluster(cluster, { secret, maxConnections: 135 }));
    expect(service.plan.database?.engine).toBe('mysql');
    const machine = machineOf(template());
    expect(machine).toMatch(/PLUMBLINE_DATABASE_HOST='<Aurora\w+,Endpoint\.Address>'\n/);
    expect(machine).toMatch(/PLUMBLINE_DATABASE_PORT='?<Aurora\w+,Endpoint\.Port>'?\n/);
  });
});

describe('a database with a name', () => {
  const options = () => ({ engine: DatabaseEngine.POSTGRESQL, secret, maxConnections: 200 });

  test.each([
    [DatabaseEngine.MYSQL, '3306'],
    [DatabaseEngine.MARIADB, '3306'],
    [DatabaseEngine.POSTGRESQL, '5432'],
  ])('of engine %s is reached at port %s', (engine, port) => {
    const database = Database.fromEndpoint('db.example.com', { ...options(), engine });
    const machine = machineOf(serveWith(database).template());
    expect(machine).toMatch(/PLUMBLINE_DATABASE_HOST=db\.example\.com\n/);
    expect(machine).toContain(`PLUMBLINE_DATABASE_PORT=${port}\n`);
  });

  test.each([
    ['Amazon Linux', OperatingSystem.AMAZON_LINUX_2023, '/etc/pki/tls/certs/ca-bundle.crt'],
    ['Debian', OperatingSystem.DEBIAN_13, '/etc/ssl/certs/ca-certificates.crt'],
  ])('has a certificate that %s knows', (_, operatingSystem, bundle) => {
    const { template } = serveWith(Database.fromEndpoint('db.example.com', options()), operatingSystem);
    expect(machineOf(template())).toContain(`PLUMBLINE_DATABASE_CA=${bundle}\n`);
  });

  test('has a port and a certificate of its own', () => {
    const database = Database.fromEndpoint('db.example.com', {
      ...options(),
      port: 6432,
      certificateBundle: '/srv/app/current/ca.pem',
    });
    const machine = machineOf(serveWith(database).template());
    expect(machine).toMatch(/PLUMBLINE_DATABASE_PORT=6432\n/);
    expect(machine).toMatch(/PLUMBLINE_DATABASE_CA=\/srv\/app\/current\/ca\.pem\n/);
  });

  test('may be a pooler', () => {
    const { service, template } = serveWith(
      Database.fromEndpoint('pooler.example.com', { ...options(), transactionPooling: true }),
    );
    expect(service.plan.database?.pooling).not.toBe('none');
    expect(machineOf(template())).toMatch(/PLUMBLINE_DATABASE_TRANSACTION_POOLING=1\n/);
  });

  test('may be shared by a PgBouncer on each instance, with the account of its secret', () => {
    const { service, template } = serveWith(
      Database.fromEndpoint('db.example.com', { ...options(), databaseName: 'shop', pgBouncer: true }),
    );
    expect(service.plan.database?.pooling).toBe('pgbouncer');
    const machine = machineOf(template());
    expect(machine).toContain(`\nhost='db.example.com' port=5432 dbname='shop'\n`);
    expect(machine).toMatch(/PLUMBLINE_DATABASE_USER secretsmanager <Credentials\w+> username\n/);
    expect(machine).not.toContain('PLUMBLINE_DATABASE_USER=');
  });

  test.each([
    [
      'fails with PgBouncer for another engine',
      { engine: DatabaseEngine.MARIADB },
      'pgBouncer is for PostgreSQL, and the engine is mariadb: leave pgBouncer away',
    ],
    [
      'fails with PgBouncer before another pooler',
      { transactionPooling: true },
      'pgBouncer and transactionPooling are two poolers one behind the other: give one of them',
    ],
  ])('%s', (_, more, message) => {
    const give = () => Database.fromEndpoint('db.example.com', { ...options(), pgBouncer: true, ...more });
    expect(give).toThrow(new Error(message));
  });

  test('lets the machines in where it is said what does', () => {
    const group = new ec2.SecurityGroup(stack, 'Theirs', { vpc });
    serveWith(Database.fromEndpoint('db.example.com', { ...options(), connectable: group }))
      .template()
      .hasResourceProperties('AWS::EC2::SecurityGroupIngress', {
        GroupId: { 'Fn::GetAtt': [Match.stringLikeRegexp('^Theirs'), 'GroupId'] },
        FromPort: 5432,
        ToPort: 5432,
      });
  });

  test('fails where it allows one connection less than the service opens at its worst moment', () => {
    const appServer = AppServer.gunicorn({ workerClass: WorkerClass.GTHREAD, workers: 2, threads: 4 });
    const serveWithin = (maxConnections: number) => {
      const database = Database.fromEndpoint('db.example.com', { ...options(), maxConnections });
      return serve({ vpc, database, appServer }, makeStack()).service;
    };
    const { total } = serve({ vpc, appServer, database: Database.fromEndpoint('db.example.com', options()) }, stack)
      .service.plan.connections!;
    expect(total).toBe(32);
    expect(serveWithin(total).plan.connections?.usedPercent).toBe(100);
    expect(() => serveWithin(total - 1)).toThrow(
      /connections at the worst moment \(32\) must be at most max_connections \(31\), .* \[N1\]$/,
    );
  });

  test('may be a token', () => {
    const host = new CfnParameter(stack, 'Host').valueAsString;
    expect(machineOf(serveWith(Database.fromEndpoint(host, options())).template())).toMatch(
      /PLUMBLINE_DATABASE_HOST='?<Host>'?\n/,
    );
  });

  test('replaces the instance with each release, as without a database', () => {
    const { template } = serveWith(Database.fromEndpoint('db.example.com', options()));
    template().resourceCountIs('AWS::EC2::Volume', 0);
    template().hasResource('AWS::EC2::Instance', { CreationPolicy: Match.anyValue() });
  });
});
