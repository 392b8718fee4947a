import * as ec2 from 'aws-cdk-lib/aws-ec2';
import { instanceOf } from './prop-types';
import { OPERATING_SYSTEMS, type OperatingSystemProfile } from './render';

/** Paths below `/aws/service` where the vendors publish their newest image; the words for architectures differ. */
const IMAGES: Record<keyof typeof OPERATING_SYSTEMS, (architecture: ec2.InstanceArchitecture) => string> = {
  // https://docs.aws.amazon.com/linux/al2023/ug/ec2.html
  'amazon-linux-2023': (architecture) =>
    `ami-amazon-linux-latest/al2023-ami-kernel-default-${architecture === ec2.InstanceArchitecture.ARM_64 ? 'arm64' : 'x86_64'}`,
  // https://documentation.ubuntu.com/aws/aws-how-to/instances/find-ubuntu-images/
  'ubuntu-24.04': (architecture) =>
    `canonical/ubuntu/server/24.04/stable/current/${debian(architecture)}/hvm/ebs-gp3/ami-id`,
  'ubuntu-26.04': (architecture) =>
    `canonical/ubuntu/server/26.04/stable/current/${debian(architecture)}/hvm/ebs-gp3/ami-id`,
  // https://wiki.debian.org/Cloud/AmazonEC2Image
  'debian-13': (architecture) => `debian/release/13/latest/${debian(architecture)}`,
};

function debian(architecture: ec2.InstanceArchitecture): string {
  return architecture === ec2.InstanceArchitecture.ARM_64 ? 'arm64' : 'amd64';
}

/** What a machine is bootstrapped on. */
export interface OperatingSystemProps {
  /**
   * The operating system that the machine is bootstrapped on. A plan needs it for a database on the instance: it decides which server that is.
   *
   * @default OperatingSystem.AMAZON_LINUX_2023
   */
  readonly operatingSystem?: OperatingSystem;
}

/** The operating systems that a machine can be bootstrapped on: images as their vendors publish them. */
export class OperatingSystem {
  /** Amazon Linux 2023: Python 3.13, nginx 1.30. */
  public static readonly AMAZON_LINUX_2023 = new OperatingSystem('amazon-linux-2023', '/dev/xvda');
  /** Ubuntu 24.04 LTS: Python 3.12, nginx 1.24. */
  public static readonly UBUNTU_24_04 = new OperatingSystem('ubuntu-24.04', '/dev/sda1');
  /** Ubuntu 26.04 LTS: Python 3.14, nginx 1.28. */
  public static readonly UBUNTU_26_04 = new OperatingSystem('ubuntu-26.04', '/dev/sda1');
  /** Debian 13: Python 3.13, nginx 1.26. */
  public static readonly DEBIAN_13 = new OperatingSystem('debian-13', '/dev/xvda');

  /** Every operating system. */
  public static all(): OperatingSystem[] {
    return [
      OperatingSystem.AMAZON_LINUX_2023,
      OperatingSystem.UBUNTU_24_04,
      OperatingSystem.UBUNTU_26_04,
      OperatingSystem.DEBIAN_13,
    ];
  }

  /** @internal */
  public readonly _profile: OperatingSystemProfile;

  /**
   * The file with the certificate authorities that its vendor trusts.
   *
   * @internal
   */
  public get _certificateBundle(): string {
    return this._profile.packageManager === 'dnf'
      ? '/etc/pki/tls/certs/ca-bundle.crt'
      : '/etc/ssl/certs/ca-certificates.crt';
  }

  private constructor(
    /** Name, for example `amazon-linux-2023`. */
    public readonly name: string,
    /** Name of the root volume in the vendor's images. */
    public readonly rootDeviceName: string,
  ) {
    this._profile = OPERATING_SYSTEMS[name as keyof typeof OPERATING_SYSTEMS];
  }

  /**
   * The newest image that the vendor has published when the stack is deployed. A newer one replaces an instance with the next deployment,
   * unless the instance holds its database; give an image of your own where that must not happen.
   */
  public machineImage(architecture: ec2.InstanceArchitecture): ec2.IMachineImage {
    return ec2.MachineImage.fromSsmParameter(`/aws/service/${IMAGES[this.name as keyof typeof IMAGES](architecture)}`);
  }
}

export const OPERATING_SYSTEM = instanceOf(
  OperatingSystem,
  'an OperatingSystem, for example OperatingSystem.UBUNTU_24_04',
);
