import * as autoscaling from 'aws-cdk-lib/aws-autoscaling';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import * as ssm from 'aws-cdk-lib/aws-ssm';
import { Aws, Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { EnvironmentSecret, OperatingSystem, RequestPathPlan, WebUserData, type WebUserDataProps } from '../../lib';
import { filesFetchedBy, flask, makeStack, mysite, outdirOf } from '../support/stacks';

let stack: Stack;
let role: iam.Role;

beforeEach(() => {
  stack = makeStack();
  role = new iam.Role(stack, 'Role', { assumedBy: new iam.ServicePrincipal('ec2.amazonaws.com') });
});

const make = (props: Partial<WebUserDataProps> = {}) =>
  WebUserData.forPlan(stack, 'Web', {
    plan: RequestPathPlan.of(),
    application: flask(),
    allowedHosts: ['www.example.com'],
    ...props,
  });
const scriptOf = (web: WebUserData) => {
  const script = JSON.stringify(stack.resolve(web.userData.render()));
  return script + filesFetchedBy(script, outdirOf(stack)).replaceAll('\n', '\\n');
};
const allows = (Action: unknown, Resource: unknown) =>
  Template.fromStack(stack).hasResourceProperties('AWS::IAM::Policy', {
    PolicyDocument: { Statement: Match.arrayWith([Match.objectLike({ Action, Resource })]) },
  });

describe('user data', () => {
  test('is a script for the operating system', () => {
    expect(scriptOf(make({ operatingSystem: OperatingSystem.UBUNTU_26_04 }))).toMatch(
      /^[^\n]*#!\/bin\/bash\\n.*Ubuntu 26\.04/,
    );
  });

  test('is a script for Amazon Linux 2023 where nothing else is said', () => {
    expect(make().operatingSystem).toBe(OperatingSystem.AMAZON_LINUX_2023);
  });

  test('signals to nobody where nobody waits', () => {
    expect(scriptOf(make())).not.toContain('SignalResource');
  });

  test('believes load balancers in private address ranges, where the VPC is not known', () => {
    expect(scriptOf(make())).toMatch(/10\.0\.0\.0\/8.*172\.16\.0\.0\/12.*192\.168\.0\.0\/16/);
  });

  test('believes the load balancers that are given', () => {
    const script = scriptOf(make({ loadBalancerRanges: ['198.51.100.0/24'] }));
    expect(script).toContain('198.51.100.0/24');
    expect(script).not.toContain('10.0.0.0/8');
  });

  test('believes the proxies that are given, beside the load balancer', () => {
    const script = scriptOf(
      make({ trustedProxies: ['203.0.113.0/24', '10.0.0.0/8'], trustedSchemeHeader: 'CloudFront-Forwarded-Proto' }),
    );
    expect(script.match(/set_real_ip_from [^;]+/g)).toEqual(
      ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '203.0.113.0/24'].map((range) => `set_real_ip_from ${range}`),
    );
    expect(script).toContain('real_ip_recursive on');
    expect(script).toContain('$http_cloudfront_forwarded_proto');
  });

  test('takes commands of the user, after its own', () => {
    const web = make();
    web.userData.addCommands('echo hello');
    expect(web.userData.render().split('\n').at(-1)).toBe('echo hello');
  });

  test('may hold tokens for names', () => {
    const script = scriptOf(
      make({ allowedHosts: [`www.${Aws.STACK_NAME}.example.com`], environment: { A: Aws.REGION } }),
    );
    expect(script).toContain('"Ref":"AWS::StackName"');
    expect(script).toContain('"Ref":"AWS::Region"');
  });
});

describe('a role', () => {
  test('may read the two archives', () => {
    make().grant(role);
    allows('s3:GetObject', Match.anyValue());
  });

  test('may read a secret, and its value reaches no template', () => {
    const secret = new secretsmanager.Secret(stack, 'Smtp');
    const web = make({ secrets: { SMTP_PASSWORD: EnvironmentSecret.fromSecretsManager(secret, 'password') } });
    web.grant(role);
    allows(Match.arrayWith(['secretsmanager:GetSecretValue']), { Ref: Match.stringLikeRegexp('^Smtp') });
    expect(scriptOf(web)).toMatch(/SMTP_PASSWORD secretsmanager .*"Ref":"Smtp\w+".* password/);
    expect(scriptOf(web)).not.toContain('resolve:secretsmanager');
  });

  test('may read a parameter', () => {
    const parameter = ssm.StringParameter.fromSecureStringParameterAttributes(stack, 'Token', {
      parameterName: '/mysite/token',
    });
    const web = make({ secrets: { API_TOKEN: EnvironmentSecret.fromSsmParameter(parameter) } });
    web.grant(role);
    allows(Match.arrayWith(['ssm:GetParameter']), {
      'Fn::Join': ['', Match.arrayWith([Match.stringLikeRegexp(':parameter/mysite/token$')])],
    });
    expect(scriptOf(web)).toContain('API_TOKEN ssm /mysite/token');
  });

  test('may read what a private index asks for, which the application never gets', () => {
    const secret = new secretsmanager.Secret(stack, 'Index');
    const web = make({ packageSecrets: { UV_DEFAULT_INDEX: EnvironmentSecret.fromSecretsManager(secret) } });
    web.grant(role);
    allows(Match.arrayWith(['secretsmanager:GetSecretValue']), { Ref: Match.stringLikeRegexp('^Index') });
    expect(scriptOf(web)).toMatch(/package_secrets='UV_DEFAULT_INDEX secretsmanager .*"Ref":"Index/);
    expect(scriptOf(web)).not.toContain('/etc/gunicorn/secrets');
  });

  test('may read the generated SECRET_KEY', () => {
    const web = make({ application: mysite() });
    web.grant(role);
    expect(web.secretKey?.node.path).toBe('Test/Web/SecretKey');
    allows(Match.arrayWith(['secretsmanager:GetSecretValue']), { Ref: Match.stringLikeRegexp('^WebSecretKey') });
  });

  test('keeps a SECRET_KEY that is given as a secret', () => {
    const mine = new secretsmanager.Secret(stack, 'Mine');
    const web = make({ application: mysite(), secrets: { SECRET_KEY: EnvironmentSecret.fromSecretsManager(mine) } });
    expect(web.secretKey).toBeUndefined();
  });
});

describe('a signal', () => {
  const group = () =>
    new autoscaling.AutoScalingGroup(stack, 'Group', {
      vpc: new ec2.Vpc(stack, 'Vpc', { natGateways: 0 }),
      instanceType: new ec2.InstanceType('t3.small'),
      machineImage: ec2.MachineImage.latestAmazonLinux2023(),
    });

  test('goes to the resource that waits for it, and the role may send it', () => {
    const web = make();
    web.signalTo(group(), role);
    expect(scriptOf(web)).toMatch(/StackName=Test.*LogicalResourceId=GroupASG/);
    allows('cloudformation:SignalResource', { Ref: 'AWS::StackId' });
  });

  test('fails for what CloudFormation does not make', () => {
    expect(() => make().signalTo(stack, role)).toThrow(
      new Error('Test is not a resource that CloudFormation can wait for'),
    );
  });

  test('fails for a second resource', () => {
    const web = make();
    const waiting = group();
    web.signalTo(waiting, role);
    expect(() => web.signalTo(waiting, role)).toThrow(
      new Error('Test/Web already signals to a resource: make user data for each'),
    );
  });
});
