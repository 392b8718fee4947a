import * as iam from 'aws-cdk-lib/aws-iam';
import type * as kms from 'aws-cdk-lib/aws-kms';
import type * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import type * as ssm from 'aws-cdk-lib/aws-ssm';
import { Construct } from 'constructs';
import { isElsewhere } from './other-stacks';
import { refuse } from './plan/refuse';
import { SECRET, STRING, constructWith } from './prop-types';
import type { SecretSource } from './render';
import { viaService } from './via-service';

const PARAMETER = constructWith(
  'parameterName',
  `an ssm.IParameter, for example ssm.StringParameter.fromStringParameterName(this, 'Parameter', 'name')`,
);

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
    refuse([...SECRET.problems('secret', secret), ...(field === undefined ? [] : STRING.problems('field', field))]);
    return new EnvironmentSecret({ kind: 'secretsmanager', id: secret.secretArn, jsonField: field }, secret);
  }

  /** A parameter of SSM Parameter Store, in plain text or encrypted. */
  public static fromSsmParameter(parameter: ssm.IParameter): EnvironmentSecret {
    refuse(PARAMETER.problems('parameter', parameter));
    return new EnvironmentSecret({ kind: 'ssm', id: parameter.parameterName }, parameter);
  }

  private constructor(
    private readonly source: Omit<SecretSource, 'name'>,
    /** @internal */
    public readonly _resource: secretsmanager.ISecret | ssm.IParameter,
  ) {}

  /** @internal */
  public _named(name: string): SecretSource {
    return { name, ...this.source };
  }

  /** @internal */
  public _grantRead(scope: Construct, grantee: iam.IGrantable): void {
    const { grantPrincipal } = grantee;
    const reader = Construct.isConstruct(grantPrincipal) ? grantPrincipal : scope;
    const key = 'secretArn' in this._resource ? this._resource.encryptionKey : undefined;
    if ('secretArn' in this._resource && key && isElsewhere(reader, key)) {
      grantReadHere(this._resource, key, grantee);
    } else {
      this._resource.grantRead(grantee);
    }
  }
}

/** `secret.grantRead` writes into the policy of the key; a key that trusts its account, as all do by default, needs it in that of the role. */
function grantReadHere(secret: secretsmanager.ISecret, key: kms.IKey, { grantPrincipal }: iam.IGrantable): void {
  const allow = (props: iam.PolicyStatementProps) =>
    grantPrincipal.addToPrincipalPolicy(new iam.PolicyStatement(props));
  allow({
    actions: ['secretsmanager:GetSecretValue', 'secretsmanager:DescribeSecret'],
    // Secrets Manager adds six characters to a name
    resources: [secret.secretFullArn ?? `${secret.secretArn}-??????`],
  });
  allow({
    actions: ['kms:Decrypt'],
    resources: [key.keyArn],
    conditions: { StringEquals: viaService('secretsmanager') },
  });
}
