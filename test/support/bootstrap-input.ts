import { OPERATING_SYSTEMS, type BootstrapInput } from '../../lib/render';
import { planOf } from './plan';

/** A token of the length that its value has at most: rendered as one, counted as the other. */
export function longestToken(name: string, length: number): string {
  return `\${Token[${name.padEnd(length - '${Token[]}'.length, '.')}]}`;
}

/** What the reference stack renders from, with every token at its longest. */
export function bootstrapInput(input: Partial<BootstrapInput> = {}): BootstrapInput {
  const bucket = 'cdk-hnb659fds-assets-111122223333-ap-northeast-1';
  return {
    plan: planOf(),
    operatingSystem: OPERATING_SYSTEMS['amazon-linux-2023'],
    application: { fetch: { kind: 's3', bucket, key: `${'a'.repeat(64)}.zip` }, wsgi: 'sample.wsgi:application' },
    runtime: { bucket, key: `${'b'.repeat(64)}.zip` },
    environment: {},
    secrets: [
      {
        name: 'SECRET_KEY',
        kind: 'secretsmanager',
        // longer than any generated secret's ARN
        id: longestToken('SecretKey', 258),
      },
    ],
    region: 'ap-northeast-1',
    urlSuffix: 'amazonaws.com',
    signal: { stack: 's'.repeat(128), logicalId: `SiteInstance${'0'.repeat(24)}` },
    allowedHosts: [longestToken('DNSName', 32 + '-1234567890.ap-northeast-1.elb.amazonaws.com'.length)],
    trustedProxies: [longestToken('CidrBlock', '100.100.100.0/16'.length)],
    ...input,
  };
}
