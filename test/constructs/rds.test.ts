import { Duration, RemovalPolicy, Size } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as rds from 'aws-cdk-lib/aws-rds';
import { Match } from 'aws-cdk-lib/assertions';
import { AppServer, Database, WebService, WorkerClass, type WebServiceProps } from '../../lib';
import { FLAGS, machineOf, makeStack, mysite, serve } from '../support/stacks';

const made = (database: Database, props: Partial<WebServiceProps> = {}, stack = makeStack()) =>
  serve({ database, ...props }, stack).template();
const groupOf = (id: string) => ({ 'Fn::GetAtt': [Match.stringLikeRegexp(id), 'GroupId'] });

describe.each(FLAGS)('a database in RDS with %s', (_, flags) => {
  const template = made(Database.rdsPostgres(), {}, makeStack({ flags }));
  const has = (properties: object) => template.hasResourceProperties('AWS::RDS::DBInstance', properties);

  test('is encrypted, private, and kept for a week', () => {
    has({ StorageEncrypted: true, PubliclyAccessible: false, BackupRetentionPeriod: 7, StorageType: 'gp3' });
  });

  test('leaves a snapshot behind', () => {
    template.hasResource('AWS::RDS::DBInstance', { DeletionPolicy: 'Snapshot', UpdateReplacePolicy: 'Snapshot' });
  });

  test('has a password that is generated, and that no template shows', () => {
    template.hasResourceProperties('AWS::SecretsManager::Secret', {
      GenerateSecretString: { GenerateStringKey: 'password', SecretStringTemplate: '{"username":"app"}' },
    });
    expect(machineOf(template)).toMatch(
      /PLUMBLINE_DATABASE_PASSWORD secretsmanager <SiteDataServicesDatabaseApplicationSecretAttachment\w+> password\n/,
    );
    expect(machineOf(template)).not.toContain('resolve:secretsmanager');
  });

  test('lies in subnets of its own, without a way in or out', () => {
    template.resourceCountIs('AWS::EC2::Subnet', 4);
    template.resourceCountIs('AWS::EC2::NatGateway', 0);
    template.hasResourceProperties('AWS::RDS::DBSubnetGroup', {
      SubnetIds: [
        { Ref: Match.stringLikeRegexp('IsolatedSubnet1') },
        { Ref: Match.stringLikeRegexp('IsolatedSubnet2') },
      ],
    });
  });

  test('lets nobody in but the instance', () => {
    const ingress = Object.values(template.findResources('AWS::EC2::SecurityGroupIngress')).filter(({ Properties }) =>
      JSON.stringify(Properties).includes('DatabaseSecurityGroup'),
    );
    expect(ingress).toHaveLength(1);
    template.hasResourceProperties('AWS::EC2::SecurityGroupIngress', {
      GroupId: groupOf('DatabaseSecurityGroup'),
      SourceSecurityGroupId: groupOf('SiteInstanceSecurityGroup'),
      FromPort: 5432,
      ToPort: 5432,
    });
  });

  test('is there before the instance, and lets it in', () => {
    template.hasResource('AWS::EC2::Instance', {
      DependsOn: Match.arrayWith([
        Match.stringLikeRegexp('SiteDataServicesDatabaseInstance'),
        Match.stringLikeRegexp('SiteDataServicesDatabaseSecurityGroupfrom'),
      ]),
    });
  });

  test('is told to the machine', () => {
    const machine = machineOf(template);
    expect(machine).toMatch(/PLUMBLINE_DATABASE_ENGINE=postgresql\n/);
    expect(machine).toMatch(/PLUMBLINE_DATABASE_HOST='<SiteDataServicesDatabaseInstance\w+,Endpoint\.Address>'\n/);
    expect(machine).toMatch(/PLUMBLINE_DATABASE_PORT=5432\n/);
    expect(machine).toMatch(/PLUMBLINE_DATABASE_NAME=app\n/);
    expect(machine).toMatch(/PLUMBLINE_DATABASE_USER=app\n/);
    expect(machine).toMatch(/PLUMBLINE_DATABASE_CA=\/etc\/gunicorn\/rds-bundle\.pem\n/);
  });
});

describe('the parameters in RDS', () => {
  const requestTimeout = Duration.seconds(300);

  test('of PostgreSQL are those of the plan', () => {
    made(Database.rdsPostgres(), { requestTimeout }).hasResourceProperties('AWS::RDS::DBParameterGroup', {
      Family: 'postgres17',
      Parameters: {
        max_connections: '140',
        statement_timeout: '297000',
        client_connection_check_interval: '1000',
        log_min_duration_statement: '1000',
        shared_preload_libraries: 'pg_stat_statements,auto_explain',
        'auto_explain.log_min_duration': '1000',
        timezone: 'UTC',
        'rds.force_ssl': '1',
      },
    });
  });

  test('of MySQL are those of the plan', () => {
    made(Database.rdsMysql(), { requestTimeout }).hasResourceProperties('AWS::RDS::DBParameterGroup', {
      Family: 'mysql8.4',
      Parameters: {
        max_connections: '130',
        max_execution_time: '297000',
        innodb_lock_wait_timeout: '50',
        lock_wait_timeout: '50',
        slow_query_log: '1',
        long_query_time: '1',
        log_output: 'FILE',
        time_zone: 'UTC',
        require_secure_transport: '1',
      },
    });
  });

  test('of MariaDB know another statement timeout, in seconds', () => {
    made(Database.rdsMariaDb(), { requestTimeout }).hasResourceProperties('AWS::RDS::DBParameterGroup', {
      Family: 'mariadb11.8',
      Parameters: Match.objectLike({ max_statement_time: '297', max_execution_time: Match.absent() }),
    });
  });
});

describe('a database in RDS takes', () => {
  test('a class, and the connections that it carries', () => {
    const appServer = AppServer.gunicorn({ workerClass: WorkerClass.SYNC });
    const database = Database.rdsPostgres({ instanceType: new ec2.InstanceType('t3.micro') });
    made(database, { appServer }).hasResourceProperties('AWS::RDS::DBInstance', { DBInstanceClass: 'db.t3.micro' });
  });

  test('a version', () => {
    made(Database.rdsMysql({ version: rds.MysqlEngineVersion.of('8.0.45', '8.0') })).hasResourceProperties(
      'AWS::RDS::DBInstance',
      { EngineVersion: '8.0.45' },
    );
  });

  test('storage, a second zone, and protection', () => {
    const database = Database.rdsMariaDb({
      allocatedStorage: Size.gibibytes(100),
      multiAz: true,
      deletionProtection: true,
      removalPolicy: RemovalPolicy.RETAIN,
    });
    made(database).hasResource('AWS::RDS::DBInstance', {
      DeletionPolicy: 'Retain',
      Properties: { AllocatedStorage: '100', MultiAZ: true, DeletionProtection: true },
    });
  });

  test('subnets', () => {
    const stack = makeStack();
    const vpc = new ec2.Vpc(stack, 'Vpc', { maxAzs: 2, natGateways: 0 });
    made(
      Database.rdsPostgres({ databaseSubnets: { subnetType: ec2.SubnetType.PUBLIC } }),
      { vpc },
      stack,
    ).hasResourceProperties('AWS::RDS::DBSubnetGroup', {
      SubnetIds: [{ Ref: Match.stringLikeRegexp('PublicSubnet1') }, { Ref: Match.stringLikeRegexp('PublicSubnet2') }],
    });
  });

  test('private subnets where the VPC has no isolated ones', () => {
    const stack = makeStack();
    const vpc = new ec2.Vpc(stack, 'Vpc', { maxAzs: 2, natGateways: 1 });
    made(Database.rdsPostgres(), { vpc }, stack).hasResourceProperties('AWS::RDS::DBSubnetGroup', {
      SubnetIds: [{ Ref: Match.stringLikeRegexp('PrivateSubnet1') }, { Ref: Match.stringLikeRegexp('PrivateSubnet2') }],
    });
  });

  test('nothing of a VPC with public subnets alone: it fails', () => {
    const stack = makeStack();
    const { vpc } = new WebService(stack, 'Other', { application: mysite() });
    expect(() => serve({ vpc, database: Database.rdsMysql() }, stack)).toThrow(
      new Error(
        'the VPC has neither isolated nor private subnets, and a database or a cache is not put into public ones: give databaseSubnets, or a VPC with isolated subnets',
      ),
    );
  });
});

describe('a proxy before the database', () => {
  const { service, template: templateOf } = serve({ database: Database.rdsPostgres({ databaseProxy: true }) });
  const template = templateOf();

  test('speaks TLS, and has a name of its own', () => {
    template.hasResourceProperties('AWS::RDS::DBProxy', {
      RequireTLS: true,
      DBProxyName: Match.stringLikeRegexp('^Test-Site-DataServices-Database-[0-9A-F]{8}$'),
    });
  });

  test('gives up sooner than the request, and leaves connections to others', () => {
    const { borrowTimeout, maxConnectionsPercent } = service.plan.database!;
    expect(borrowTimeout).toBeLessThan(service.plan.requestTimeout);
    expect(maxConnectionsPercent).toBeLessThan(100);
    template.hasResourceProperties('AWS::RDS::DBProxyTargetGroup', {
      ConnectionPoolConfigurationInfo: {
        ConnectionBorrowTimeout: borrowTimeout,
        MaxConnectionsPercent: maxConnectionsPercent,
      },
    });
  });

  test('is what the instance connects to, and the only one that the database lets in', () => {
    expect(machineOf(template)).toMatch(/PLUMBLINE_DATABASE_HOST='<SiteDataServicesDatabaseProxy\w+,Endpoint>'\n/);
    template.hasResourceProperties('AWS::EC2::SecurityGroupIngress', {
      GroupId: groupOf('DatabaseProxySecurityGroup'),
      SourceSecurityGroupId: groupOf('SiteInstanceSecurityGroup'),
      FromPort: 5432,
    });
    template.hasResourceProperties('AWS::EC2::SecurityGroupIngress', {
      GroupId: groupOf('DatabaseSecurityGroup'),
      SourceSecurityGroupId: groupOf('DatabaseProxySecurityGroup'),
    });
  });

  test('gives a connection for one transaction, and has a certificate that the operating system knows', () => {
    expect(machineOf(template)).toMatch(/PLUMBLINE_DATABASE_TRANSACTION_POOLING=1\n/);
    expect(machineOf(template)).toMatch(/PLUMBLINE_DATABASE_CA=\/etc\/pki\/tls\/certs\/ca-bundle\.crt\n/);
  });
});

describe('PgBouncer on the instance', () => {
  const machine = () => machineOf(serve({ database: Database.rdsPostgres({ pgBouncer: true }) }).template());

  test('is what the application connects to', () => {
    expect(machine()).toMatch(/PLUMBLINE_DATABASE_HOST=\/run\/pgbouncer\nPLUMBLINE_DATABASE_PORT=6432\n/);
    expect(machine()).toMatch(/PLUMBLINE_DATABASE_TRANSACTION_POOLING=1\n/);
    expect(machine()).not.toContain('PLUMBLINE_DATABASE_CA');
  });

  test('connects to the database, and checks its certificate', () => {
    const server = /^host='<\w+DatabaseInstance\w+,Endpoint\.Address>' port=5432 dbname='app'$/m;
    expect(machine()).toMatch(server);
    expect(machine()).toContain('\nserver_tls_ca_file = /etc/gunicorn/rds-bundle.pem\n');
    expect(machine()).toContain('rds_bundle /etc/gunicorn/rds-bundle.pem\n');
  });

  test('fails beside a proxy', () => {
    expect(() => Database.rdsPostgres({ pgBouncer: true, databaseProxy: true })).toThrow(
      new Error('pgBouncer and databaseProxy are two poolers one behind the other: give one of them'),
    );
  });
});

test('what was made in RDS can be reached: instance, proxy and secret', () => {
  const { dataServices } = serve({ database: Database.rdsMysql({ databaseProxy: true }) }).service;
  expect(dataServices.databaseInstance?.node.path).toBe('Test/Site/DataServices/Database/Instance');
  expect(dataServices.databaseProxy?.node.path).toBe('Test/Site/DataServices/Database/Proxy');
  expect(dataServices.databaseSecret?.node.path).toMatch('Test/Site/DataServices/Database/ApplicationSecret');
  expect(dataServices.databaseMasterUserSecret?.node.path).toMatch('Test/Site/DataServices/Database/Instance/Secret');
});
