import { Duration, Size } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import { OperatingSystem } from '../../lib';
import { makeStack } from '../support/stacks';
import { serviceWith } from '../support/wrong-inputs';

// What stands beside the limits of wrong-inputs-machine.test.ts.

const stack = () => makeStack({ env: { account: '123456789012', region: 'eu-central-1' } });
const takes = (props: Record<string, unknown>) => expect(() => serviceWith(stack(), props)).not.toThrow();
const { lookup, fromSsmParameter } = ec2.MachineImage;
const instanceType = new ec2.InstanceType('t4g.small');
const ubuntu = OperatingSystem.UBUNTU_24_04;
const debian = OperatingSystem.DEBIAN_13;

test.each<[string, Record<string, unknown>]>([
  ['Amazon Linux 2023', { machineImage: ec2.MachineImage.latestAmazonLinux2023() }],
  [
    'its minimal edition',
    { machineImage: ec2.MachineImage.latestAmazonLinux2023({ edition: ec2.AmazonLinuxEdition.MINIMAL }) },
  ],
  [
    'Amazon Linux 2023 for ARM',
    {
      machineImage: ec2.MachineImage.latestAmazonLinux2023({ cpuType: ec2.AmazonLinuxCpuType.ARM_64 }),
      instanceType,
    },
  ],
  ['Ubuntu', { machineImage: lookup({ name: 'ubuntu/images/hvm-ssd-gp3/ubuntu-noble-*' }), operatingSystem: ubuntu }],
  [
    'Debian',
    {
      machineImage: lookup({ name: 'debian-13-arm64-*', filters: { architecture: ['arm64'] } }),
      operatingSystem: debian,
      instanceType,
    },
  ],
  [
    'the vendor of Debian',
    { machineImage: debian.machineImage(ec2.InstanceArchitecture.X86_64), operatingSystem: debian },
  ],
  ['one of yours, whatever its name says', { machineImage: lookup({ name: 'for-windows-shops-arm64-*' }) }],
  ['a parameter of yours', { machineImage: fromSsmParameter('/ours/ubuntu-22.04-arm64') }],
  ['one by its id', { machineImage: ec2.MachineImage.genericLinux({ 'eu-central-1': 'ami-0123456789abcdef0' }) }],
])('an image may be %s', (_, props) => takes(props));

test.each(OperatingSystem.all())('the images of $name are its own', (operatingSystem) => {
  const machineImage = operatingSystem.machineImage(ec2.InstanceArchitecture.ARM_64);
  takes({ operatingSystem, machineImage, instanceType });
});

test.each([Size.gibibytes(8), Size.tebibytes(64)])('a root volume may have %s', (volumeSize) => takes({ volumeSize }));

test.each([Duration.minutes(1), Duration.hours(12)])('CloudFormation may wait %s', (creationTimeout) =>
  takes({ creationTimeout }),
);
