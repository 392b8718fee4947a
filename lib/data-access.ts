import type * as ec2 from 'aws-cdk-lib/aws-ec2';
import type { EnvironmentSecret } from './environment-secret';

/** Certificates of Amazon RDS in every region: the bootstrap fetches them. */
export const RDS_BUNDLE = '/etc/gunicorn/rds-bundle.pem';

/** All entries of several records. */
export function merged<T>(records: ReadonlyArray<Readonly<Record<string, T>>>): Record<string, T> {
  return Object.fromEntries(records.flatMap((record) => Object.entries(record)));
}

/** How the application reaches a database or a cache, and what has to let it in. */
export interface DataAccess {
  /** Variables of the application's environment. */
  readonly environment: Readonly<Record<string, string>>;
  /** Variables whose values stay in Secrets Manager. */
  readonly secrets: Readonly<Record<string, EnvironmentSecret>>;
  /** What lets the machines in; nothing on the machine itself, nor where nobody said what does. */
  readonly connections?: ec2.Connections;
}
