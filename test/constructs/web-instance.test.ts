import { Duration, Size } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as iam from 'aws-cdk-lib/aws-iam';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { OperatingSystem, RequestPathPlan, WebInstance, WebUserData } from '../../lib';
import { FLAGS, flask, makeStack, serve } from '../support/stacks';

describe.each(FLAGS)('an instance with %s', (_, flags) => {
  let template: Template;

  beforeAll(() => {
    template = serve({}, makeStack({ flags })).template();
  });

  const has = (properties: object) => template.hasResourceProperties('AWS::EC2::Instance', properties);

  test('answers IMDSv2 only, without a launch template', () => {
    has({ MetadataOptions: { HttpTokens: 'required' } });
    template.resourceCountIs('AWS::EC2::LaunchTemplate', 0);
  });

  test('has an encrypted gp3 volume', () => {
    has({
      BlockDeviceMappings: [{ DeviceName: '/dev/xvda', Ebs: { Encrypted: true, VolumeSize: 16, VolumeType: 'gp3' } }],
    });
  });

  test('has no key for SSH', () => {
    has({ KeyName: Match.absent() });
  });

  test('is in service when it says so, within 15 minutes', () => {
    template.hasResource('AWS::EC2::Instance', { CreationPolicy: { ResourceSignal: { Timeout: 'PT15M' } } });
  });

  test('may signal to its own stack alone', () => {
    template.hasResourceProperties('AWS::IAM::Policy', {
      PolicyDocument: {
        Statement: Match.arrayWith([
          { Action: 'cloudformation:SignalResource', Effect: 'Allow', Resource: { Ref: 'AWS::StackId' } },
        ]),
      },
    });
  });

  test('is reached by Session Manager, without a right to read parameters', () => {
    const policy = JSON.stringify(template.findResources('AWS::IAM::Policy'));
    expect(policy).toContain('ssmmessages:OpenDataChannel');
    expect(policy).not.toContain('ssm:GetParameter');
    template.hasResourceProperties('AWS::IAM::Role', { ManagedPolicyArns: Match.absent() });
  });

  test('lets nothing in but the load balancer on port 80', () => {
    template.hasResourceProperties('AWS::EC2::SecurityGroup', {
      GroupDescription: 'Web instance',
      SecurityGroupIngress: Match.absent(),
    });
    template.allResourcesProperties('AWS::EC2::SecurityGroupIngress', {
      FromPort: 80,
      ToPort: 80,
      SourceSecurityGroupId: { 'Fn::GetAtt': [Match.stringLikeRegexp('LoadBalancer'), 'GroupId'] },
    });
  });

  test('boots only when it has a way out and its role may do what it must', () => {
    template.hasResource('AWS::EC2::Instance', {
      DependsOn: Match.arrayWith([
        Match.stringLikeRegexp('SiteInstanceRoleDefaultPolicy'),
        Match.stringLikeRegexp('SiteVpcPublicSubnet1DefaultRoute'),
      ]),
    });
  });

  test('has a public address in a public subnet', () => {
    has({ NetworkInterfaces: [Match.objectLike({ AssociatePublicIpAddress: true })] });
  });
});

describe('an instance in a VPC of the user', () => {
  test('is in a private subnet with a way out where there is one', () => {
    const stack = makeStack();
    const vpc = new ec2.Vpc(stack, 'Vpc', { maxAzs: 2, natGateways: 1 });
    serve({ vpc }, stack)
      .template()
      .hasResourceProperties('AWS::EC2::Instance', {
        SubnetId: { Ref: Match.stringLikeRegexp('VpcPrivateSubnet1') },
        NetworkInterfaces: Match.absent(),
      });
  });

  test('is where it is told to be', () => {
    const stack = makeStack();
    const vpc = new ec2.Vpc(stack, 'Vpc', { maxAzs: 2, natGateways: 1 });
    serve(
      { vpc, vpcSubnets: { availabilityZones: [vpc.availabilityZones[1]!], subnetType: ec2.SubnetType.PUBLIC } },
      stack,
    )
      .template()
      .hasResourceProperties('AWS::EC2::Instance', {
        NetworkInterfaces: [Match.objectLike({ SubnetId: { Ref: Match.stringLikeRegexp('VpcPublicSubnet2') } })],
      });
  });
});

describe('an instance takes', () => {
  test('a role', () => {
    const stack = makeStack();
    const role = new iam.Role(stack, 'Role', { assumedBy: new iam.ServicePrincipal('ec2.amazonaws.com') });
    const { template } = serve({ role }, stack);
    template().resourceCountIs('AWS::IAM::Role', 1);
    template().hasResourceProperties('AWS::IAM::Policy', { Roles: [{ Ref: Match.stringLikeRegexp('^Role') }] });
  });

  test('a security group', () => {
    const stack = makeStack();
    const vpc = new ec2.Vpc(stack, 'Vpc', { maxAzs: 2, natGateways: 1 });
    const securityGroup = new ec2.SecurityGroup(stack, 'Mine', { vpc, description: 'Mine' });
    serve({ vpc, securityGroup }, stack)
      .template()
      .hasResourceProperties('AWS::EC2::SecurityGroupIngress', {
        GroupId: { 'Fn::GetAtt': [Match.stringLikeRegexp('^Mine'), 'GroupId'] },
        FromPort: 80,
      });
  });

  test('an image', () => {
    const machineImage = ec2.MachineImage.genericLinux({ 'us-east-1': 'ami-0a1b2c3d4e5f60718' });
    const stack = makeStack({ env: { account: '123456789012', region: 'us-east-1' } });
    serve({ machineImage, vpc: ec2.Vpc.fromVpcAttributes(stack, 'Vpc', importedVpc) }, stack)
      .template()
      .hasResourceProperties('AWS::EC2::Instance', { ImageId: 'ami-0a1b2c3d4e5f60718' });
  });

  test('a size of its volume and a time to get ready', () => {
    const { template } = serve({ volumeSize: Size.gibibytes(31), creationTimeout: Duration.minutes(7) });
    template().hasResource('AWS::EC2::Instance', {
      CreationPolicy: { ResourceSignal: { Timeout: 'PT7M' } },
      Properties: { BlockDeviceMappings: [Match.objectLike({ Ebs: Match.objectLike({ VolumeSize: 31 }) })] },
    });
  });

  test('the size of its volume from the plan, and no smaller one', () => {
    const planned = RequestPathPlan.of({ volumeSize: Size.gibibytes(40) });
    const stack = makeStack();
    const vpc = new ec2.Vpc(stack, 'Vpc');
    const userData = WebUserData.forPlan(stack, 'UserData', {
      plan: planned,
      application: flask(),
      allowedHosts: ['www.example.com'],
    });
    expect(() => new WebInstance(stack, 'Small', { vpc, userData, volumeSize: Size.gibibytes(39) })).toThrow(
      new Error('volumeSize (39 GiB) is less than that of the plan (40 GiB): give the same to RequestPathPlan.of'),
    );
    new WebInstance(stack, 'Planned', { vpc, userData });
    Template.fromStack(stack).hasResourceProperties('AWS::EC2::Instance', {
      BlockDeviceMappings: [Match.objectLike({ Ebs: Match.objectLike({ VolumeSize: 40 }) })],
    });
    expect(planned.disk.total).toBe(40 * 1024);
  });
});

describe.each([
  [OperatingSystem.AMAZON_LINUX_2023, ec2.InstanceClass.T3, 'ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64'],
  [OperatingSystem.AMAZON_LINUX_2023, ec2.InstanceClass.T4G, 'ami-amazon-linux-latest/al2023-ami-kernel-default-arm64'],
  [
    OperatingSystem.UBUNTU_24_04,
    ec2.InstanceClass.T3A,
    'canonical/ubuntu/server/24.04/stable/current/amd64/hvm/ebs-gp3/ami-id',
  ],
  [
    OperatingSystem.UBUNTU_26_04,
    ec2.InstanceClass.T4G,
    'canonical/ubuntu/server/26.04/stable/current/arm64/hvm/ebs-gp3/ami-id',
  ],
  [OperatingSystem.DEBIAN_13, ec2.InstanceClass.T3, 'debian/release/13/latest/amd64'],
  [OperatingSystem.DEBIAN_13, ec2.InstanceClass.T4G, 'debian/release/13/latest/arm64'],
])('%o on %s', (operatingSystem, family, parameter) => {
  const instanceType = ec2.InstanceType.of(family, ec2.InstanceSize.SMALL);

  test(`boots the newest image of ${parameter}`, () => {
    const { template } = serve({ operatingSystem, instanceType });
    expect(Object.values(template().findParameters('*'))).toEqual([
      { Type: 'AWS::SSM::Parameter::Value<AWS::EC2::Image::Id>', Default: `/aws/service/${parameter}` },
    ]);
  });

  test(`has its root volume at ${operatingSystem.rootDeviceName}`, () => {
    serve({ operatingSystem, instanceType })
      .template()
      .hasResourceProperties('AWS::EC2::Instance', {
        BlockDeviceMappings: [Match.objectLike({ DeviceName: operatingSystem.rootDeviceName })],
      });
  });
});

const importedVpc = {
  vpcId: 'vpc-0a1b2c3d4e5f60718',
  availabilityZones: ['us-east-1a', 'us-east-1b'],
  publicSubnetIds: ['subnet-0a1b2c3d4e5f60711', 'subnet-0a1b2c3d4e5f60712'],
};
