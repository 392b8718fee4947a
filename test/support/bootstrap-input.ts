import { OPERATING_SYSTEMS, type BootstrapInput } from '../../lib/render';
import { planOf } from './plan';

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
        id: `arn:aws:secretsmanager:ap-northeast-1:111122223333:secret:${'S'.repeat(200)}`,
      },
    ],
    region: 'ap-northeast-1',
    urlSuffix: 'amazonaws.com',
    signal: { stack: 's'.repeat(128), logicalId: `SiteInstance${'0'.repeat(24)}` },
    allowedHosts: [`${'l'.repeat(32)}-1234567890.ap-northeast-1.elb.amazonaws.com`],
    trustedProxies: ['10.0.0.0/16'],
    ...input,
  };
}
