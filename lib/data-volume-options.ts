import { createHash } from 'node:crypto';
import { RemovalPolicy, Size, Token } from 'aws-cdk-lib';
import type * as ec2 from 'aws-cdk-lib/aws-ec2';
import type * as kms from 'aws-cdk-lib/aws-kms';
import type { DataVolumeSource } from './data-volume-source';
import { isKnown } from './known';
import { refuse } from './plan/refuse';
import { DATA_VOLUME, sizeProblems } from './ranges';

/** Where the volume for a database comes from, and what becomes of it. */
export interface DataVolumeOptions {
  /** One that is there already; everything else is about one that is made. */
  readonly volume?: ec2.IVolume;
  readonly snapshotId?: string;
  readonly size: Size;
  readonly removalPolicy: RemovalPolicy;
  readonly encryptionKey?: kms.IKey;
}

/** Room for a first year of most sites; it can grow, and cannot shrink. */
const VOLUME_SIZE = Size.gibibytes(20);

/** @throws one error for all options that exclude each other or that EBS does not know */
export function dataVolumeOptions(options: DataVolumeSource): DataVolumeOptions {
  const { volume, snapshotId, volumeSize, removalPolicy, encryptionKey } = options;
  const problems: string[] = [];
  if (volume && snapshotId !== undefined) {
    problems.push('volume and snapshotId both say where the data comes from: give one of them');
  }
  for (const [name, value] of Object.entries({ volumeSize, removalPolicy, encryptionKey })) {
    if (volume && value !== undefined) {
      problems.push(`${name} has no effect on a volume that is made elsewhere: set it there`);
    }
  }
  if (snapshotId !== undefined && !Token.isUnresolved(snapshotId) && !/^snap-[0-9a-f]{8,17}$/.test(snapshotId)) {
    problems.push(
      `snapshotId ${JSON.stringify(snapshotId)} must be the id of an EBS snapshot, for example snap-0123456789abcdef0`,
    );
  }
  problems.push(...sizeProblems('volumeSize', volumeSize, DATA_VOLUME));
  refuse(problems);
  return {
    volume,
    snapshotId,
    size: volumeSize ?? VOLUME_SIZE,
    removalPolicy: removalPolicy ?? RemovalPolicy.RETAIN,
    encryptionKey: volume ? volume.encryptionKey : encryptionKey,
  };
}

/** What may be on a volume of the instance. */
interface Holders {
  readonly database?: { readonly _volume?: DataVolumeOptions };
  readonly media?: { readonly _volume?: DataVolumeOptions; readonly _volumeOptions: readonly string[] };
}

/** The volume of an instance: that of its database, where one is there, else that of the files that users upload. */
export function dataVolumeOf({ database, media }: Holders): DataVolumeOptions | undefined {
  return database?._volume ?? media?._volume;
}

/** What is said of it in two places, one message each. */
export function dataVolumeProblems({ database, media }: Holders): string[] {
  if (!database?._volume || !media) return [];
  return media._volumeOptions.map(
    (name) =>
      `${name} of Media.onInstance has no effect beside a database on the instance, whose volume it shares: give it to the database`,
  );
}

/** What a machine cannot keep that has no volume for data, one message each. */
export function withoutVolume({ database, media }: Holders): string[] {
  const needs = 'needs a volume that outlives the instance: use WebService or WebInstance, or';
  return [
    ...(database?._volume ? [`a database on the instance ${needs} another database`] : []),
    ...(media?._volume ? [`media on the instance ${needs} Media.bucket`] : []),
  ];
}

/**
 * What the ids of a machine and of its volume end in. CloudFormation changes neither the snapshot of a volume nor the volume of an
 * attachment, so data from elsewhere comes with a machine of its own; what was there before goes once it serves, as at each replacement.
 */
export function originOf({ volume, snapshotId }: DataVolumeOptions): string {
  const origin = snapshotId ?? (volume && (Token.isUnresolved(volume.volumeId) ? volume.node.path : volume.volumeId));
  if (origin === undefined) return '';
  return createHash('sha256')
    .update(Token.isUnresolved(origin) ? 'snapshot' : origin)
    .digest('hex')
    .slice(0, 8);
}

/**
 * Subnets that an instance can have a volume of this zone in, as far as zones are known at synthesis.
 *
 * @throws where there is none
 */
export function inZoneOf(
  volume: ec2.IVolume | undefined,
  vpc: ec2.IVpc,
  selection: ec2.SubnetSelection,
): ec2.SubnetSelection {
  const zone = volume?.availabilityZone;
  if (!isKnown(zone)) return selection;
  const { subnets } = vpc.selectSubnets(selection);
  const zones = subnets.map((subnet) => subnet.availabilityZone);
  if (!zones.every(isKnown)) return selection;
  const there = subnets.filter((_, index) => zones[index] === zone);
  if (there.length === 0) {
    throw new Error(
      `volume is in ${zone}, and vpcSubnets in ${[...new Set(zones)].join(', ')}: an instance can use a volume of its own zone alone, so give vpcSubnets of ${zone}`,
    );
  }
  return { subnets: there };
}
