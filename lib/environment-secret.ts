import type * as iam from 'aws-cdk-lib/aws-iam';
import type * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import type * as ssm from 'aws-cdk-lib/aws-ssm';
import type { SecretSource } from './render';

/**
 * An environment variable whose value stays in Secrets Manager or Parameter Store. The machine fetches it with its role each time
 * that the application starts; root alone can read it there, and gives it to the application.
 */
export class EnvironmentSecret {
  /**
   * A secret of Secrets Manager.
   *
   * @param secret the secret
   * @param field a field of a secret that is a JSON object; the whole secret where absent
   */
  public static fromSecretsManager(secret: secretsmanager.ISecret, field?: string): EnvironmentSecret {
    return new EnvironmentSecret({ kind: 'secretsmanager', id: secret.secretArn, jsonField: field }, (grantee) =>
      secret.grantRead(grantee),
    );
  }

  /** A parameter of SSM Parameter Store, in plain text or encrypted. */
  public static fromSsmParameter(parameter: ssm.IParameter): EnvironmentSecret {
    return new EnvironmentSecret({ kind: 'ssm', id: parameter.parameterName }, (grantee) =>
      parameter.grantRead(grantee),
    );
  }

  private constructor(
    private readonly source: Omit<SecretSource, 'name'>,
    private readonly allow: (grantee: iam.IGrantable) => void,
  ) {}

  /** @internal */
  public _named(name: string): SecretSource {
    return { name, ...this.source };
  }

  /** @internal */
  public _grantRead(grantee: iam.IGrantable): void {
    this.allow(grantee);
  }
}
