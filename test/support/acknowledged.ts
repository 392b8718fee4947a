/**
 * What cdk-nag finds in the reference stack, and why it stays. Each entry is one rule at one place: a new finding fails the test, and so
 * does an entry that nothing finds any more.
 */
export const ACKNOWLEDGED: ReadonlyArray<readonly [rule: string, path: string, reason: string]> = [
  ['AwsSolutions-VPC7', 'Vpc/Resource', 'flow logs cost by volume and are a choice of whoever owns the VPC: give vpc'],
  [
    'AwsSolutions-ELB2',
    'LoadBalancing/LoadBalancer/Resource',
    'access logs need a bucket with a lifetime: accessLogsBucket',
  ],
  ['AwsSolutions-EC23', 'LoadBalancing/LoadBalancer/SecurityGroup/Resource', 'a public website is open to everybody'],
  [
    'AwsSolutions-SMG4',
    'UserData/SecretKey/Resource',
    'a new SECRET_KEY ends every session: when to do that is for people to say',
  ],
  [
    'AwsSolutions-IAM5[Resource::*]',
    'Instance/Role/DefaultPolicy/Resource',
    'the actions of Session Manager know no resources',
  ],
  [
    'AwsSolutions-EC28',
    'Instance/Instance/Resource',
    'detailed monitoring costs, and the load balancer watches every 10 s',
  ],
  [
    'AwsSolutions-EC29',
    'Instance/Instance/Resource',
    'an instance is replaced at each deployment, so it must be deletable',
  ],
  ['NIST.800.53.R5-VPCFlowLogsEnabled', 'Vpc/Resource', 'as AwsSolutions-VPC7'],
  [
    'NIST.800.53.R5-VPCDefaultSecurityGroupClosed',
    'Vpc/Resource',
    'nothing uses the default security group, and closing it takes a Lambda function',
  ],
  [
    'NIST.800.53.R5-VPCNoUnrestrictedRouteToIGW',
    'Vpc/PublicSubnet1/DefaultRoute',
    'the instance fetches packages, and a NAT gateway costs more than the instance: give vpc with private subnets',
  ],
  ['NIST.800.53.R5-VPCNoUnrestrictedRouteToIGW', 'Vpc/PublicSubnet2/DefaultRoute', 'as PublicSubnet1'],
  [
    'NIST.800.53.R5-EC2InstanceNoPublicIp',
    'Instance/Instance/Resource',
    'as VPCNoUnrestrictedRouteToIGW; nothing but the load balancer is let in',
  ],
  [
    'NIST.800.53.R5-EC2InstancesInVPC',
    'Instance/Instance/Resource',
    'it is: the rule does not look for the subnet in NetworkInterfaces',
  ],
  [
    'NIST.800.53.R5-IAMNoInlinePolicy',
    'Instance/Role/DefaultPolicy/Resource',
    'the role and its policy live and die together',
  ],
  [
    'NIST.800.53.R5-ALBWAFEnabled',
    'LoadBalancing/LoadBalancer/Resource',
    'a web ACL is a choice with a price: associate it with loadBalancer',
  ],
  [
    'NIST.800.53.R5-ELBDeletionProtectionEnabled',
    'LoadBalancing/LoadBalancer/Resource',
    'deletionProtection is a prop: off, so that a trial can be deleted',
  ],
  ['NIST.800.53.R5-ELBLoggingEnabled', 'LoadBalancing/LoadBalancer/Resource', 'as AwsSolutions-ELB2'],
  [
    'NIST.800.53.R5-ALBHttpToHttpsRedirection',
    'LoadBalancing/LoadBalancer/Http/Resource',
    'the reference stack needs no domain; with a certificate there is a redirect',
  ],
  [
    'NIST.800.53.R5-ELBv2ACMCertificateRequired',
    'LoadBalancing/LoadBalancer/Http/Resource',
    'as ALBHttpToHttpsRedirection',
  ],
  ['NIST.800.53.R5-SecretsManagerRotationEnabled', 'UserData/SecretKey/Resource', 'as AwsSolutions-SMG4'],
  [
    'NIST.800.53.R5-SecretsManagerUsingKMSKey',
    'UserData/SecretKey/Resource',
    'a key of its own costs more than the secret; give secrets.SECRET_KEY for one',
  ],
];
