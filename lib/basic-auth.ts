import type * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import { EnvironmentSecret } from './environment-secret';

/** Whom nginx asks for a name and a password: HTTP basic authentication, nginx `auth_basic`. */
export class BasicAuth {
  /**
   * The names and passwords of a secret of Secrets Manager: a JSON object with the fields `username` and `password`, or lines as `htpasswd`
   * writes them (`name:$6$…`, crypt(3) or `$apr1$`). The machine fetches it when it is made and whenever nginx starts, and looks every ten
   * minutes whether it has changed; nginx alone can read what is kept of it, hashes.
   *
   * @param secret the secret
   */
  public static fromSecretsManager(secret: secretsmanager.ISecret): BasicAuth {
    return new BasicAuth(EnvironmentSecret.fromSecretsManager(secret));
  }

  /** Nobody is asked: for a path below one where everybody is. */
  public static none(): BasicAuth {
    return new BasicAuth();
  }

  private constructor(
    /** @internal */
    public readonly _secret?: EnvironmentSecret,
  ) {}
}
