import type { Size } from 'aws-cdk-lib';
import type * as ec2 from 'aws-cdk-lib/aws-ec2';
import type * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import { BOOLEAN, CONNECTABLE, NUMBER, SECRET, SIZE, STRING, SUBNETS, type PropTypes } from './prop-types';

/** Options of `Cache.redisOnInstance`. */
export interface OnInstanceCacheOptions {
  /**
   * Memory for keys and values: at least 1 MiB. The least recently used go when it is full; tasks of background workers never do.
   *
   * @default - a sixteenth of the instance's memory, at least 32 MiB
   */
  readonly maxMemory?: Size;
}

/** Options of `Cache.elastiCache`. */
export interface ElastiCacheOptions {
  /**
   * Class of the nodes: `cache.t3` or `cache.t4g` from `micro` to `medium`, or `cache.m`, `cache.r` or `cache.c`.
   *
   * @default cache.t4g.micro
   */
  readonly nodeType?: string;

  /**
   * Whether a second node in another zone takes over when the first one fails.
   *
   * @default false
   */
  readonly multiAz?: boolean;

  /**
   * Subnets of the cache.
   *
   * @default - isolated subnets where the VPC has any, else private ones
   */
  readonly cacheSubnets?: ec2.SubnetSelection;
}

/** Options of `Cache.fromEndpoint`. */
export interface EndpointCacheOptions {
  /**
   * Port of the server: 1 to 65535.
   *
   * @default 6379
   */
  readonly port?: number;

  /**
   * Secret whose whole value is the password.
   *
   * @default - no password
   */
  readonly password?: secretsmanager.ISecret;

  /**
   * Whether TLS is spoken, with a certificate that the operating system knows.
   *
   * @default true
   */
  readonly tls?: boolean;

  /**
   * What lets the machines in: their security groups are allowed there, on `port`.
   *
   * @default - nothing: let them in yourself
   */
  readonly connectable?: ec2.IConnectable;
}

export const ON_INSTANCE_TYPES: PropTypes<OnInstanceCacheOptions> = { maxMemory: SIZE };
export const ELASTI_CACHE_TYPES: PropTypes<ElastiCacheOptions> = {
  nodeType: STRING,
  multiAz: BOOLEAN,
  cacheSubnets: SUBNETS,
};
export const ENDPOINT_TYPES: PropTypes<EndpointCacheOptions> = {
  port: NUMBER,
  password: SECRET,
  tls: BOOLEAN,
  connectable: CONNECTABLE,
};
