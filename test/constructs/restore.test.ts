import { App, CfnParameter, RemovalPolicy, Size, Stack } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as kms from 'aws-cdk-lib/aws-kms';
import { Annotations, Match, type Template } from 'aws-cdk-lib/assertions';
import { Database, type OnInstanceDatabaseOptions } from '../../lib';
import { machineOf, makeStack, serve } from '../support/stacks';

const env = { account: '123456789012', region: 'us-east-1' };
/** What the CLI has looked up: of zones that are not known nothing is compared. */
const flags = {
  'availability-zones:account=123456789012:region=us-east-1': ['us-east-1a', 'us-east-1b', 'us-east-1c'],
};
const inZones = () => makeStack({ env, flags });
const SNAPSHOT = 'snap-0123456789abcdef0';

const VIA_EC2 = {
  'kms:ViaService': [
    { 'Fn::Join': ['', ['ec2.', { Ref: 'AWS::Region' }, '.amazonaws.com']] },
    { 'Fn::Join': ['', ['ec2.', { Ref: 'AWS::Region' }, '.', { Ref: 'AWS::URLSuffix' }]] },
  ],
};

interface Statement {
  readonly Action: string | string[];
  readonly Resource: unknown;
  readonly Condition?: object;
}

const made = (options: OnInstanceDatabaseOptions = {}, stack = inZones()) =>
  serve({ database: Database.mysqlOnInstance(options) }, stack).template();
const idOf = (template: Template, type: string) => Object.keys(template.findResources(type))[0]!;
const existing = (stack: Stack, availabilityZone = 'us-east-1b', encryptionKey?: kms.IKey) =>
  ec2.Volume.fromVolumeAttributes(stack, 'Kept', {
    volumeId: 'vol-0123456789abcdef0',
    availabilityZone,
    encryptionKey,
  });

describe('a volume that the stack makes', () => {
  test('may be formatted by its machine', () => {
    expect(machineOf(made())).toMatch(/^data_volume=<\w+> new_volume=true$/m);
  });

  test('takes a key, and neither the instance nor another stack gets anything of it', () => {
    const app = new App();
    const keys = new Stack(app, 'Keys', { env });
    const encryptionKey = new kms.Key(keys, 'Key');
    const template = made({ encryptionKey }, new Stack(app, 'Test', { env }));
    const arn = { 'Fn::ImportValue': Match.stringLikeRegexp('^Keys:') };
    template.hasResourceProperties('AWS::EC2::Volume', { KmsKeyId: arn, Encrypted: true });
    template.hasResourceProperties('AWS::IAM::Policy', {
      PolicyDocument: {
        Statement: Match.arrayWith([
          {
            Effect: 'Allow',
            Action: 'kms:CreateGrant',
            Resource: arn,
            Condition: {
              Bool: { 'kms:GrantIsForAWSResource': 'true' },
              StringEquals: VIA_EC2,
            },
          },
        ]),
      },
      Roles: [{ Ref: Match.stringLikeRegexp('SnapshotRole') }],
    });
    expect(keys.dependencies).toEqual([]);
  });

  test('has snapshots where the default key of the account is one of its own: EC2 may use it for them', () => {
    const kmsStatements = statementsOfSnapshots(made()).filter(({ Action }) =>
      [Action].flat().some((action) => action.startsWith('kms:')),
    );
    expect(kmsStatements).toHaveLength(2);
    for (const { Condition } of kmsStatements) {
      expect(Condition).toMatchObject({ StringEquals: VIA_EC2 });
    }
  });
});

const statementsOfSnapshots = (template: Template) => {
  const policies = template.findResources('AWS::IAM::Policy', {
    Properties: { Roles: [{ Ref: Match.stringLikeRegexp('SnapshotRole') }] },
  });
  const [policy] = Object.values(policies) as Array<{ Properties: { PolicyDocument: { Statement: Statement[] } } }>;
  return policy!.Properties.PolicyDocument.Statement;
};

test('snapshots are made of this volume alone, whatever others the account has', () => {
  const template = made();
  const volume = idOf(template, 'AWS::EC2::Volume');
  const statement = statementsOfSnapshots(template).find(({ Action }) => Action === 'ec2:CreateSnapshot');
  expect(statement!.Resource).toEqual([
    { 'Fn::Join': ['', ['arn:', { Ref: 'AWS::Partition' }, ':ec2:*:*:volume/', { Ref: volume }]] },
    { 'Fn::Join': ['', ['arn:', { Ref: 'AWS::Partition' }, ':ec2:*::snapshot/*']] },
  ]);
});

describe('a volume from a snapshot', () => {
  const before = made();
  const template = made({ snapshotId: SNAPSHOT, volumeSize: Size.gibibytes(40) });

  test('is made from it, encrypted, and stays when the stack goes', () => {
    template.hasResource('AWS::EC2::Volume', {
      DeletionPolicy: 'Retain',
      Properties: { SnapshotId: SNAPSHOT, Size: 40, Encrypted: true },
    });
  });

  test('is never formatted', () => {
    expect(machineOf(template)).toMatch(/^data_volume=<\w+>$/m);
  });

  // CloudFormation: "Update to resource type AWS::EC2::Volume is not supported", and likewise for its attachment
  test.each(['Instance', 'Volume', 'VolumeAttachment', 'LaunchTemplate'])(
    'has a machine of its own in a stack that lives, since CloudFormation changes neither: another %s',
    (type) => {
      const resource = `AWS::EC2::${type}`;
      expect(idOf(template, resource)).not.toBe(idOf(before, resource));
      expect(idOf(made({ snapshotId: SNAPSHOT }), resource)).toBe(idOf(template, resource));
      expect(idOf(made({ snapshotId: 'snap-0123456789abcdef1' }), resource)).not.toBe(idOf(template, resource));
    },
  );

  test('has daily snapshots by a tag that the volume before it does not have', () => {
    const tagOf = (one: Template) =>
      Object.values(one.findResources('AWS::DLM::LifecyclePolicy')).map(
        (policy) => (policy.Properties as { PolicyDetails: { TargetTags: unknown } }).PolicyDetails.TargetTags,
      );
    expect(tagOf(template)).not.toEqual(tagOf(before));
  });
});

describe('a volume that is there already', () => {
  test('is attached as it is, and never formatted', () => {
    const stack = inZones();
    const template = made({ volume: existing(stack) }, stack);
    template.resourceCountIs('AWS::EC2::Volume', 0);
    template.hasResourceProperties('AWS::EC2::VolumeAttachment', { VolumeId: 'vol-0123456789abcdef0' });
    expect(machineOf(template)).toMatch(/^data_volume=vol-0123456789abcdef0$/m);
  });

  test('puts the machine into its zone', () => {
    const stack = inZones();
    const template = made({ volume: existing(stack, 'us-east-1b') }, stack);
    template.hasResourceProperties('AWS::EC2::Instance', {
      NetworkInterfaces: [Match.objectLike({ SubnetId: { Ref: Match.stringLikeRegexp('PublicSubnet2') } })],
    });
  });

  test('has a machine of its own in a stack that lives', () => {
    const stack = inZones();
    expect(idOf(made({ volume: existing(stack) }, stack), 'AWS::EC2::Instance')).not.toBe(
      idOf(made(), 'AWS::EC2::Instance'),
    );
  });

  test('has snapshots as soon as it has a tag, which a warning names', () => {
    const stack = inZones();
    made({ volume: existing(stack) }, stack);
    const name = 'cdk-plumbline:data-volume=Test/Test/Site/Instance/Data';
    Annotations.fromStack(stack).hasWarning('/Test/Site/Instance/Data', Match.stringLikeRegexp(name));
  });

  test('may be one of the same app, with its key', () => {
    const app = new App();
    const data = new Stack(app, 'Data', { env });
    const encryptionKey = new kms.Key(data, 'Key');
    const volume = new ec2.Volume(data, 'Volume', {
      availabilityZone: 'us-east-1a',
      size: Size.gibibytes(8),
      encrypted: true,
      encryptionKey,
    });
    const template = made({ volume }, new Stack(app, 'Test', { env }));
    template.hasResourceProperties('AWS::EC2::VolumeAttachment', {
      VolumeId: { 'Fn::ImportValue': Match.stringLikeRegexp('^Data:') },
    });
    app.synth();
  });

  test('fails in a zone where no subnet is', () => {
    const stack = inZones();
    expect(() => made({ volume: existing(stack, 'us-east-1f') }, stack)).toThrow(
      new Error(
        'volume is in us-east-1f, and vpcSubnets in us-east-1a, us-east-1b: an instance can use a volume of its own zone alone, so give vpcSubnets of us-east-1f',
      ),
    );
  });
});

describe('fails, all at once,', () => {
  test('on options that a volume which is made elsewhere has already, and on a snapshot beside it', () => {
    const stack = inZones();
    const give = () =>
      Database.postgresOnInstance({
        volume: existing(stack),
        snapshotId: 'my-backup',
        volumeSize: Size.gibibytes(0),
        removalPolicy: RemovalPolicy.DESTROY,
        encryptionKey: new kms.Key(stack, 'Key'),
      });
    expect(give).toThrow(
      new Error(
        [
          'volume and snapshotId both say where the data comes from: give one of them',
          'volumeSize has no effect on a volume that is made elsewhere: set it there',
          'removalPolicy has no effect on a volume that is made elsewhere: set it there',
          'encryptionKey has no effect on a volume that is made elsewhere: set it there',
          'snapshotId "my-backup" must be the id of an EBS snapshot, for example snap-0123456789abcdef0',
          'volumeSize (0 GiB) must be whole GiB, from 1 GiB to 64 TiB',
        ].join('\n'),
      ),
    );
  });

  test('on a size that is a token', () => {
    const volumeSize = Size.gibibytes(new CfnParameter(makeStack(), 'Size', { type: 'Number' }).valueAsNumber);
    expect(() => Database.mysqlOnInstance({ volumeSize })).toThrow(
      new Error(
        'volumeSize is a token, and aws-cdk-lib checks the size of a volume at synthesis: give a literal value',
      ),
    );
  });

  test.each([
    [Size.mebibytes(1536), '1.5'],
    [Size.tebibytes(65), '66560'],
  ])('on a volume of a size that EBS does not have', (volumeSize, gibibytes) => {
    expect(() => Database.mysqlOnInstance({ volumeSize })).toThrow(
      new Error(`volumeSize (${gibibytes} GiB) must be whole GiB, from 1 GiB to 64 TiB`),
    );
  });
});
