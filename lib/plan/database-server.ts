import type { InstanceSizeFacts } from './instance-sizes';
import type { DatabaseInput, DatabaseServerName } from './plan';
import { rdsMemory } from './rds-memory';

/** What a database server costs and keeps for itself. Memory in MiB. */
interface ServerFacts {
  /** The server without buffers and connections. */
  readonly base: number;
  /** One connection. */
  readonly perConnection: number;
  /** Connections that the server keeps for its superuser. */
  readonly reserved: number;
  /** The same on RDS, whose agents connect too. */
  readonly reservedOnRds: number;
  /** Divisor of RDS' own formula for `max_connections`: bytes of the class's memory for one connection. */
  readonly rdsBytesPerConnection: number;
}

/**
 * Memory: MariaDB 10.11 took 70 MiB and 0.6 MiB for each of 60 connections after joins and sorts, PostgreSQL 15 took 16 and 2 MiB (run);
 * the rest is room for temporary tables, autovacuum and catalogues of large schemas. MySQL 8 has a dictionary of its own: not measured.
 * Connections: PostgreSQL keeps superuser_reserved_connections 3, on RDS 2 more and the newer rds_reserved; MySQL and MariaDB keep one,
 * and on RDS its agents hold some; MariaDB on RDS allows half of what MySQL does.
 */
const SERVERS: Readonly<Record<DatabaseServerName, ServerFacts>> = {
  mysql: { base: 350, perConnection: 1, reserved: 1, reservedOnRds: 3, rdsBytesPerConnection: 12582880 },
  mariadb: { base: 150, perConnection: 1, reserved: 1, reservedOnRds: 3, rdsBytesPerConnection: 25165760 },
  postgresql: { base: 80, perConnection: 5, reserved: 3, reservedOnRds: 8, rdsBytesPerConnection: 9531392 },
};

/** The port that servers of an engine listen on. */
export function databasePort(engine: string): number {
  return engine === 'postgresql' ? 5432 : 3306;
}

/** PgBouncer with a few hundred clients, in MiB. */
const PGBOUNCER = 16;

/** A server as the plan needs it: what it takes of the instance, and how many connections it allows. Memory in MiB. */
export interface DatabaseServer {
  readonly input: DatabaseInput;
  /** `innodb_buffer_pool_size` or `shared_buffers`; 0 leaves it to the server. */
  readonly bufferMemory: number;
  /** What it takes of the instance before the first connection. */
  readonly memory: number;
  /** What one connection takes of the instance. */
  readonly perConnection: number;
  readonly reserved: number;
  /** `max_connections` where it is given, by a statement or by the class of an RDS instance. */
  readonly limit?: number;
}

const isServer = (engine: DatabaseInput['engine']): engine is DatabaseServerName => engine in SERVERS;

/** The server that is asked for, beside everything else on the instance; none where the database is a file. */
export function databaseServer(input: DatabaseInput, instance: InstanceSizeFacts): DatabaseServer | undefined {
  if (!isServer(input.engine)) return undefined;
  const facts = SERVERS[input.engine];
  const pooler = input.pooling === 'pgbouncer' ? PGBOUNCER : 0;
  if (input.host !== 'instance') {
    const carried =
      input.host === 'rds' && input.memory !== undefined ? rdsConnections(input.engine, input.memory) : undefined;
    const reserved = input.host === 'rds' ? facts.reservedOnRds : facts.reserved;
    return {
      input,
      bufferMemory: 0,
      memory: pooler,
      perConnection: 0,
      reserved,
      limit: input.maxConnections ?? carried,
    };
  }
  // an eighth: half of what a server of its own would get, since the page cache and the workers need the rest
  const bufferMemory = Math.max(64, Math.floor(instance.memoryMiB / 8 / 32) * 32);
  return {
    input,
    bufferMemory,
    memory: facts.base + bufferMemory + pooler,
    perConnection: facts.perConnection,
    reserved: facts.reserved,
    limit: input.maxConnections,
  };
}

/**
 * The connections that an RDS class of this memory, in MiB, carries for certain. RDS divides the memory that its operating system and
 * agents leave, about 95 % less 300 MiB: that meets what was measured on micro to large from below.
 */
export function rdsConnections(engine: DatabaseServerName, memory: number): number {
  const left = Math.max(0, memory * 0.95 - 300) * 1024 ** 2;
  return Math.max(1, Math.floor(left / SERVERS[engine].rdsBytesPerConnection));
}

/** Sizes of the burstable RDS classes, the smallest first; db.t3 and db.t4g have the same memory. */
const RDS_SIZES = ['micro', 'small', 'medium', 'large', 'xlarge', '2xlarge'];

/** The smallest burstable RDS class that carries so many connections, or undefined where none does. */
export function smallestRdsClass(engine: DatabaseServerName, connections: number): string | undefined {
  const carries = (size: string) => rdsConnections(engine, rdsMemory(`t3.${size}`)!) >= connections;
  const size = RDS_SIZES.find(carries);
  return size && `db.t3.${size}`;
}
