import { Duration, Size } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as elbv2 from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import * as iam from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import { DataVolume } from './data-volume';
import { dataVolumeOf, dataVolumeProblems, inZoneOf, originOf } from './data-volume-options';
import { keepImage, waitForEachChange } from './in-place';
import { InstanceRole } from './instance-role';
import { imageProblems } from './machine-image';
import { OperatingSystem, type OperatingSystemProps } from './operating-system';
import { connectionsHere, otherEnvironments, roleHere, securityGroupHere } from './other-stacks';
import { refuse } from './plan/refuse';
import {
  DURATION,
  SIZE,
  SUBNETS,
  VPC,
  instanceOf,
  needed,
  refuseOtherTypes,
  constructWith,
  withMember,
  type PropTypes,
} from './prop-types';
import { ROOT_VOLUME, sizeProblems, waitProblems } from './ranges';
import type { RequestPathPlan } from './request-path-plan';
import type { RootVolumeProps } from './root-volume';
import { reachProblems, vpcProblems, vpcsOfGroups, vpcsOfSubnets, vpcsOfTargetGroup } from './vpcs';
import { WebUserData } from './web-user-data';

/** How an instance is placed and what it may do. */
export interface InstanceOptions extends RootVolumeProps {
  /**
   * Subnets of the instance; it takes the first. It needs a way to the internet for packages.
   *
   * @default - private subnets where the VPC has any, else public ones
   */
  readonly vpcSubnets?: ec2.SubnetSelection;

  /**
   * Image of the operating system. One whose vendor or name says another operating system or architecture than that of the machine is refused.
   *
   * @default - the newest image of `operatingSystem` at each deployment
   */
  readonly machineImage?: ec2.IMachineImage;

  /**
   * Role of the instance. It is allowed to fetch the application and its secrets, to signal, and to be reached by Session Manager.
   *
   * @default - a role is made
   */
  readonly role?: iam.IRole;

  /**
   * Security group of the instance.
   *
   * @default - one that lets nothing in but the load balancer, and everything out
   */
  readonly securityGroup?: ec2.ISecurityGroup;

  /**
   * How long CloudFormation waits until the instance serves: 1 minute to 12 hours, in whole seconds. On an instance that holds its database each change waits
   * for the requests that are in flight: at least twice `requestTimeout` and about three minutes.
   *
   * @default Duration.minutes(15)
   */
  readonly creationTimeout?: Duration;
}

/** Props of `WebInstance`. */
export interface WebInstanceProps extends InstanceOptions {
  /** Where the instance is. */
  readonly vpc: ec2.IVpc;

  /** What makes it serve. */
  readonly userData: WebUserData;
}

export const INSTANCE_OPTIONS_TYPES: PropTypes<InstanceOptions> = {
  vpcSubnets: SUBNETS,
  machineImage: withMember(
    'getImage',
    `an ec2.IMachineImage, for example ec2.MachineImage.genericLinux({ 'eu-central-1': 'ami-0123456789abcdef0' })`,
  ),
  role: constructWith('roleArn', `an iam.IRole, for example iam.Role.fromRoleName(this, 'Role', 'name')`),
  securityGroup: constructWith(
    'securityGroupId',
    `an ec2.ISecurityGroup, for example ec2.SecurityGroup.fromSecurityGroupId(this, 'Group', id)`,
  ),
  volumeSize: SIZE,
  creationTimeout: DURATION,
};

/** Boot, packages and wheels take 1 to 3 minutes on a small instance; a package mirror on a bad day takes ten. */
const CREATION_TIMEOUT = Duration.minutes(15);

/** What Session Manager needs; `AmazonSSMManagedInstanceCore` would also read every parameter of the account. */
const SESSION_MANAGER = [
  'ssm:UpdateInstanceInformation',
  'ssmmessages:CreateControlChannel',
  'ssmmessages:CreateDataChannel',
  'ssmmessages:OpenControlChannel',
  'ssmmessages:OpenDataChannel',
];

/**
 * One instance that serves an application as planned. CloudFormation waits until it does; a changed application or configuration
 * replaces it, and the old one goes only when the new one serves. Until the load balancer has checked the new one for the first time,
 * which takes some seconds, requests may still get a 503: instances that overlap need an Auto Scaling group.
 *
 * An instance that holds its database, or the files of its users, is never replaced by such a change, nor by a newer image: it is stopped, started, and brings itself up
 * to date. What does replace an instance (another subnet, another root volume) fails before anything is lost, because its data volume is in use.
 * Data from another snapshot or volume comes with a machine of its own, and the one before goes when that serves.
 *
 * Resources defined: instance, instance profile, role and security group where none are given; for data on the instance also a
 * volume with its snapshots, a launch template that holds the image, and a wait condition.
 *
 * Security considerations: IMDSv2 only, one hop far, encrypted volume, Session Manager instead of SSH, no inbound but from the load balancer.
 */
export class WebInstance
  extends Construct
  implements ec2.IConnectable, iam.IGrantable, elbv2.IApplicationLoadBalancerTarget, elbv2.INetworkLoadBalancerTarget
{
  /** The instance. */
  public readonly instance: ec2.Instance;

  /** The volume of a database, or of files, on the instance. */
  public readonly dataVolume?: ec2.IVolume;

  /** The role of the instance. */
  public readonly role: iam.IRole;

  /** Who may reach the instance, and whom it may reach. */
  public readonly connections: ec2.Connections;

  /** The role, for grants. */
  public readonly grantPrincipal: iam.IPrincipal;

  private readonly vpc: ec2.IVpc;

  constructor(scope: Construct, id: string, props: WebInstanceProps) {
    super(scope, id);
    refuseOtherTypes(props, {
      ...INSTANCE_OPTIONS_TYPES,
      vpc: needed(VPC),
      userData: needed(instanceOf(WebUserData, 'a WebUserData: WebUserData.forPlan(…)')),
    });
    const { vpc, userData } = props;
    this.vpc = vpc;
    const instanceType = new ec2.InstanceType(userData.plan.instance.instanceType);
    const volumeOptions = dataVolumeOf(userData.plan._props);
    refuse([
      ...instanceProblems(this, { ...props, plan: userData.plan, operatingSystem: userData.operatingSystem }),
      ...reachProblems(vpc, userData.dataServices),
    ]);
    const origin = volumeOptions ? originOf(volumeOptions) : '';
    const vpcSubnets = inZoneOf(
      volumeOptions?.volume,
      vpc,
      props.vpcSubnets ?? {
        subnetType: vpc.privateSubnets.length > 0 ? ec2.SubnetType.PRIVATE_WITH_EGRESS : ec2.SubnetType.PUBLIC,
      },
    );
    const subnets = vpc.selectSubnets(vpcSubnets);
    const creationTimeout = props.creationTimeout ?? CREATION_TIMEOUT;

    const ownRole = props.role ? undefined : new InstanceRole(this, 'Role');
    this.role = ownRole ?? roleHere(this, props.role!);
    this.grantPrincipal = this.role;
    userData.grant(this);
    this.role.addToPrincipalPolicy(new iam.PolicyStatement({ actions: SESSION_MANAGER, resources: ['*'] }));

    const securityGroup = props.securityGroup
      ? securityGroupHere(this, props.securityGroup)
      : new ec2.SecurityGroup(this, 'SecurityGroup', { vpc, description: 'Web instance', allowAllOutbound: true });
    this.connections = new ec2.Connections({ securityGroups: [securityGroup] });

    // eslint-disable-next-line awscdk/no-variable-construct-id -- another id, another instance
    this.instance = new ec2.Instance(this, `Instance${origin}`, {
      vpc,
      vpcSubnets,
      associatePublicIpAddress: subnets.hasPublic || undefined,
      instanceType,
      machineImage: props.machineImage ?? userData.operatingSystem.machineImage(instanceType.architecture),
      role: this.role,
      securityGroup,
      userData: userData.userData,
      userDataCausesReplacement: !volumeOptions,
      resourceSignalTimeout: volumeOptions ? undefined : creationTimeout,
      httpTokens: ec2.HttpTokens.REQUIRED,
      httpPutResponseHopLimit: 1,
      blockDevices: [
        {
          deviceName: userData.operatingSystem.rootDeviceName,
          volume: ec2.BlockDeviceVolume.ebs(
            (props.volumeSize ?? Size.mebibytes(userData.plan.disk.total)).toGibibytes(),
            {
              volumeType: ec2.EbsDeviceVolumeType.GP3,
              encrypted: true,
            },
          ),
        },
      ],
    });
    // the subnet says it already, and CloudFormation Validate warns of zones that are written out (W3010)
    this.instance.instance.availabilityZone = undefined;
    // the script fetches packages in the first seconds of the machine's life
    this.instance.node.addDependency(subnets.internetConnectivityEstablished);
    this.instance.node.addDependency(userData.dataServices);
    userData.dataServices.allowFrom(this);

    if (volumeOptions) {
      const data = new DataVolume(this, 'Data', { ...volumeOptions, subnet: subnets.subnets[0]! });
      this.dataVolume = data.volume;
      userData._mount(data.volume);
      keepImage(this, `Image${origin}`, this.instance);
      const after = [this.instance, data.attachTo(this.instance), this.role];
      userData.signalTo(waitForEachChange(this, { userData, timeout: creationTimeout, after }), this.role);
    } else {
      userData.signalTo(this.instance, this.role);
    }
    if (ownRole) {
      ownRole.endOwnGrants();
      userData._askForGrants(() => ownRole.grantedMore());
    }
  }

  /** Not for calling: a target group calls it. */
  public attachToApplicationTargetGroup(targetGroup: elbv2.IApplicationTargetGroup): elbv2.LoadBalancerTargetProps {
    this.refuseGroupOfAnotherVpc(targetGroup);
    // a group of another stack needs this one, for the id of the instance, so the rules are written there
    targetGroup.registerConnectable({ connections: connectionsHere(targetGroup, this) }, ec2.Port.tcp(80));
    return this.target();
  }

  /** Not for calling: a target group calls it. */
  public attachToNetworkTargetGroup(targetGroup: elbv2.INetworkTargetGroup): elbv2.LoadBalancerTargetProps {
    this.refuseGroupOfAnotherVpc(targetGroup);
    return this.target();
  }

  private refuseGroupOfAnotherVpc(targetGroup: elbv2.ITargetGroup): void {
    const ids = { [`the target group ${targetGroup.node.path}`]: vpcsOfTargetGroup(targetGroup) };
    refuse(vpcProblems(this.vpc, ids, 'a target group takes instances of its own VPC alone'));
  }

  private target(): elbv2.LoadBalancerTargetProps {
    return {
      targetType: elbv2.TargetType.INSTANCE,
      targetJson: { id: this.instance.instanceId, port: 80 },
    };
  }
}

/** What an instance cannot be made with, one message each. */
export function instanceProblems(
  scope: Construct,
  props: InstanceOptions & OperatingSystemProps & { readonly vpc?: ec2.IVpc; readonly plan: RequestPathPlan },
): string[] {
  const { vpc, vpcSubnets, role, securityGroup } = props;
  const { volume, encryptionKey } = dataVolumeOf(props.plan._props) ?? {};
  const problems = otherEnvironments(scope, { vpc, role, securityGroup, volume, encryptionKey });
  problems.push(...dataVolumeProblems(props.plan._props));
  const places = {
    vpcSubnets: vpcsOfSubnets(vpcSubnets),
    securityGroup: vpcsOfGroups(securityGroup ? [securityGroup] : []),
  };
  problems.push(...vpcProblems(vpc, places, 'an instance has all of its own VPC'));
  if (vpc && !vpcSubnets && vpc.privateSubnets.length === 0 && vpc.publicSubnets.length === 0) {
    problems.push(
      'vpc has neither private nor public subnets, and the instance needs a way to the internet for its packages: give vpcSubnets where you made one, or another VPC',
    );
  }
  problems.push(
    ...rootVolumeProblems(props.volumeSize, props.plan),
    ...waitProblems('creationTimeout', props.creationTimeout),
    ...imageProblems(props.machineImage, {
      operatingSystem: (props.operatingSystem ?? OperatingSystem.AMAZON_LINUX_2023).name,
      ...props.plan.instance,
    }),
  );
  return problems;
}

/** A volume that EC2 has, and that holds what the plan keeps on it. */
function rootVolumeProblems(given: Size | undefined, { disk }: RequestPathPlan): string[] {
  const problems = sizeProblems('volumeSize', given ?? Size.mebibytes(disk.total), ROOT_VOLUME);
  if (problems.length > 0 || !given || given.toMebibytes() >= disk.total) return problems;
  return [
    `volumeSize (${given.toGibibytes()} GiB) is less than that of the plan (${disk.total / 1024} GiB): give the same to RequestPathPlan.of`,
  ];
}
