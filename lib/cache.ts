import { Token } from 'aws-cdk-lib';
import type * as ec2 from 'aws-cdk-lib/aws-ec2';
import type { Construct } from 'constructs';
import {
  ELASTI_CACHE_TYPES,
  ENDPOINT_TYPES,
  ON_INSTANCE_TYPES,
  type ElastiCacheOptions,
  type EndpointCacheOptions,
  type OnInstanceCacheOptions,
} from './cache-options';
import { letIn, type DataAccess } from './data-access';
import { ElastiCache } from './elasti-cache';
import { EnvironmentSecret } from './environment-secret';
import { mebibytesOf } from './numbers';
import { cacheClassProblem, type CacheInput, type Plan } from './plan';
import { refuse } from './plan/refuse';
import { STRING, refuseOtherOptions } from './prop-types';
import { CACHE_SOCKET } from './render';
import { hostProblems, portProblems } from './ranges';

/** Where a cache is bound to. */
export interface CacheContext {
  readonly plan: Plan;
  /** Where a cache is made; absent where none can be made. */
  readonly vpc?: ec2.IVpc;
}

const PORT = 6379;

/** The cache of an application, spoken to in Redis' protocol; background workers take their tasks from it. */
export class Cache {
  /**
   * Valkey or Redis, whichever the operating system has, on the instance that serves the application. Reached by a UNIX socket alone. Background
   * workers take their tasks from it where a database is on the instance too: else each change replaces the instance, and the queue is lost
   * with it (an error, N23).
   */
  public static redisOnInstance(options: OnInstanceCacheOptions = {}): Cache {
    refuseOtherOptions(options, ON_INSTANCE_TYPES);
    return new Cache({ host: 'instance', maxMemory: mebibytesOf('maxMemory', options.maxMemory) }, () => ({
      environment: { PLUMBLINE_CACHE_URL: `unix://${CACHE_SOCKET}?db=0` },
      brokerUrl: `redis+socket://${CACHE_SOCKET}?virtual_host=1`,
      secrets: {},
    }));
  }

  /** Valkey in Amazon ElastiCache: one node, or two in two zones. Encrypted, with TLS and a password. */
  public static elastiCache(options: ElastiCacheOptions = {}): Cache {
    refuseOtherOptions(options, ELASTI_CACHE_TYPES);
    const { nodeType } = options;
    const problem = nodeType !== undefined && !Token.isUnresolved(nodeType) && cacheClassProblem(nodeType);
    if (problem) throw new Error(`nodeType ${JSON.stringify(nodeType)} ${problem}`);
    return new Cache({ host: 'elasticache' }, (scope, { plan, vpc }) => {
      if (!vpc) {
        throw new Error(
          'a cache in ElastiCache needs a VPC: give dataServices with vpc, or make it yourself and give Cache.fromEndpoint',
        );
      }
      const cache = new ElastiCache(scope, 'Cache', { ...options, port: PORT, plan, vpc });
      return {
        ...remote(cache.host, PORT, true),
        secrets: { PLUMBLINE_CACHE_PASSWORD: EnvironmentSecret.fromSecretsManager(cache.password) },
        connections: cache.connections,
      };
    });
  }

  /** A server that is reached over the network by its name, without cluster mode. */
  public static fromEndpoint(host: string, options: EndpointCacheOptions = {}): Cache {
    refuseOtherOptions(options, ENDPOINT_TYPES, { host: [host, STRING] });
    refuse([...hostProblems('host', host), ...portProblems('port', options.port)]);
    const { port = PORT, password, connectable } = options;
    return new Cache({ host: 'elsewhere' }, (scope) => ({
      ...remote(host, port, options.tls ?? true),
      secrets: { ...(password && { PLUMBLINE_CACHE_PASSWORD: EnvironmentSecret.fromSecretsManager(password) }) },
      connections: letIn(scope, 'connectable', connectable, port),
    }));
  }

  private constructor(
    private readonly input: CacheInput,
    private readonly bind: (scope: Construct, context: CacheContext) => CacheAccess,
  ) {}

  /** @internal */
  public _planInput(): CacheInput {
    return this.input;
  }

  /** @internal */
  public _bind(scope: Construct, context: CacheContext): DataAccess {
    const { brokerUrl, ...access } = this.bind(scope, context);
    if (!context.plan.cache!.broker) return access;
    return { ...access, environment: { ...access.environment, PLUMBLINE_BROKER_URL: brokerUrl } };
  }
}

/** A cache can also be where background workers take their tasks from: a database of its own, so that clearing the cache loses none. */
interface CacheAccess extends DataAccess {
  readonly brokerUrl: string;
}

function remote(host: string, port: number, tls: boolean): Pick<CacheAccess, 'environment' | 'brokerUrl'> {
  const server = `${tls ? 'rediss' : 'redis'}://${host}:${port}`;
  return { environment: { PLUMBLINE_CACHE_URL: `${server}/0` }, brokerUrl: `${server}/1` };
}
