import { Resource } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import type * as iam from 'aws-cdk-lib/aws-iam';
import type * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';
import type { EnvironmentSecret } from './environment-secret';
import { otherEnvironments } from './other-stacks';
import { refuse } from './plan/refuse';
import type { PooledServer } from './render';

/** All entries of several records. */
export function merged<T>(records: ReadonlyArray<Readonly<Record<string, T>>>): Record<string, T> {
  return Object.fromEntries(records.flatMap((record) => Object.entries(record)));
}

/** An account that a machine makes for the application, with that of the administrator. */
export interface ApplicationAccount {
  readonly administrator: secretsmanager.ISecret;
  readonly user: secretsmanager.ISecret;
  readonly host: string;
  readonly port: string;
  /** Path of the certificates that the server's certificate is checked against. */
  readonly certificateBundle: string;
}

/** How the application reaches a database or a cache, and what has to let it in. */
export interface DataAccess {
  /** Variables of the application's environment. */
  readonly environment: Readonly<Record<string, string>>;
  /** Variables whose values stay in Secrets Manager. */
  readonly secrets: Readonly<Record<string, EnvironmentSecret>>;
  /** What PgBouncer on the machine connects to, where it stands between. */
  readonly pooled?: PooledServer;
  /** The application's account, where a machine makes it. */
  readonly account?: ApplicationAccount;
  /** Allows a role what it takes, where that is more than a way there. */
  grant?(grantee: iam.IGrantable): void;
  /** What lets the machines in; nothing on the machine itself, nor where nobody said what does. */
  readonly connections?: ec2.Connections;
}

/**
 * What lets the machines in on a port, where somebody said what does.
 *
 * @throws where it is in another account or region
 */
export function letIn(
  scope: Construct,
  prop: string,
  connectable: ec2.IConnectable | undefined,
  port: number,
): ec2.Connections | undefined {
  if (!connectable) return undefined;
  const resource = Construct.isConstruct(connectable) && Resource.isResource(connectable) ? connectable : undefined;
  const problems = otherEnvironments(scope, { [prop]: resource });
  refuse(problems);
  return new ec2.Connections({
    securityGroups: connectable.connections.securityGroups,
    defaultPort: ec2.Port.tcp(port),
  });
}
