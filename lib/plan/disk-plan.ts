import { inPlace } from './in-place';
import { largestBody } from './locations';
import type { DiskPlan, Plan, PlanInput } from './plan';
import { largestProxyBuffer } from './proxy-buffers';
import { proxyCacheSize } from './proxy-cache';

/** The default of `volumeSize`, in MiB. */
export const DEFAULT_VOLUME_SIZE = 16 * 1024;

/** The images of the vendors take 1.2 to 2 GiB; the rest is for the packages that are added, for their updates, and for lists and archives of apt or dnf, in MiB. */
const OPERATING_SYSTEM = 3072;
/** What ext4 keeps for root (mke2fs.conf, reserved_ratio), which is also more than its tables and those of XFS take. */
const FILE_SYSTEM_SHARE = 0.05;
/** One release with its packages: Django takes 60 MiB, with pandas and SciPy 500, in MiB. */
const RELEASE = 1024;
/** The one that serves, the one before it, to which a machine that is changed in place goes back, and the one on its way. */
const RELEASES_IN_PLACE = 3;
/** The file system of /var/log/nginx: two logs and the two before them of 64 MiB each, what a minute adds, and what the packages' logrotate keeps, in MiB: plumbline_machine.sh. */
const NGINX_LOGS = 512;
/** Logs: those of nginx, the journal (SystemMaxUse=256M), and of cloud-init, packages and a database 256 MiB. */
const LOGS = NGINX_LOGS + 256 + 256;
/** Files of an append-only log at once: what it was rewritten to, as much again before it is rewritten, and what that writes. */
const APPEND_ONLY_FILES = 3;
/** Redis and Valkey rewrite it from here on (auto-aof-rewrite-min-size), in MiB. */
const APPEND_ONLY_LEAST = 64;
/** Uploads that must fit: a browser sends up to 6 at a time to one host. */
export const LEAST_UPLOADS = 6;
/** The most that nginx reads ahead for one slow client, in MiB: pages, images, most exports. More of it is better kept in S3. */
const MOST_READ_AHEAD = 16;
/** It is derived in steps of so many MiB, of which one is the least: the buffers hold 148 KiB. */
const READ_AHEAD_STEP = 0.25;

/** What ext4 as the bootstrap makes it takes for itself, in MiB: 8 and 0.8 % of 64 to 8000 (run). */
const TABLES = { least: 16, factor: 1.02 };

/** The size of a file system that holds so much. */
const fileSystemFor = (content: number): number =>
  content === 0 ? 0 : Math.ceil(content * TABLES.factor + TABLES.least);

/** What a file system of a size holds. */
const contentOf = (size: number): number => (Math.floor(size) - TABLES.least) / TABLES.factor;

/**
 * Files of one upload beside that of nginx: Django and Starlette write what is larger than 1 to 2.5 MiB to a temporary file; Django
 * under ASGI writes the body to one, and the files of it to others (django/core/handlers/asgi.py, read_body).
 */
const copiesOf = (workerClass: string): number => (workerClass === 'asgi' ? 2 : 1);

/**
 * Where the disk of the instance goes. Bodies and responses that nginx writes to the disk have file systems of their own: their number is
 * bounded by nothing but its connections, since a response that the application has handed over takes no place any more.
 * Of what is left for both, uploads get a third as far as the queue is long, and responses half of the rest. The application writes as
 * much again of uploads, of no more than it has slots and nginx holds: nginx keeps a body until its request has been answered.
 */
export function withDisk(plan: Omit<Plan, 'disk'>, input: PlanInput): Plan {
  const { appServer, nginx, memory, cache } = plan;
  const total = input.volumeSize ?? DEFAULT_VOLUME_SIZE;
  const fixed = {
    operatingSystem: OPERATING_SYSTEM + Math.ceil(total * FILE_SYSTEM_SHARE),
    releases: RELEASE * (inPlace(plan) ? RELEASES_IN_PLACE : 1),
    swap: memory.swap,
    logs: LOGS,
    nginxCache: Math.ceil(proxyCacheSize(plan.extraNginxDirectives) ?? 0),
    cache: cache?.appendonly ? APPEND_ONLY_FILES * Math.max(APPEND_ONLY_LEAST, cache.maxMemory) : 0,
  };
  const left = total - sum(fixed);
  const readAhead =
    input.nginxDirectives?.proxy_max_temp_file_size === undefined ? undefined : nginx.proxyMaxTempFileSize;
  const responsesOf = (each: number) => fileSystemFor(each * nginx.maxConns);
  const steps = (size: number, round: (x: number) => number) => round(size / READ_AHEAD_STEP) * READ_AHEAD_STEP;
  const least = readAhead ?? steps(Math.max(READ_AHEAD_STEP, largestProxyBuffer(plan.extraNginxDirectives)), Math.ceil);

  const body = largestBody(plan);
  const copies = copiesOf(appServer.workerClass);
  const uploads = uploadsIn(Math.min(left / 3, left - responsesOf(least)) / (1 + copies), body, nginx.maxConns);
  const applicationUploads = Math.ceil(copies * (body === 0 ? uploads : Math.min(uploads, appServer.slots * body)));
  const fitting = contentOf((left - uploads - applicationUploads) / 2) / nginx.maxConns;
  const each = readAhead ?? Math.max(least, steps(Math.min(MOST_READ_AHEAD, fitting), Math.floor));

  const parts = { ...fixed, uploads, applicationUploads, responses: responsesOf(each) };
  return {
    ...plan,
    nginx: { ...nginx, proxyMaxTempFileSize: each },
    disk: { total, ...parts, forApplication: Math.max(0, total - sum(parts)) },
  };
}

/** A file system for as many of the largest bodies as there are places for requests, if they find room, and for those of one browser anyhow. */
function uploadsIn(room: number, body: number, places: number): number {
  if (body === 0) return Math.max(fileSystemFor(LEAST_UPLOADS), Math.floor(room));
  const fitting = Math.floor(contentOf(room) / body);
  return fileSystemFor(body * Math.max(LEAST_UPLOADS, Math.min(places, fitting)));
}

/** What the disk must hold, in MiB. */
export function neededDisk({ total: _total, forApplication: _left, ...parts }: DiskPlan): number {
  return sum(parts);
}

/** The smallest volume for what the disk must hold, in GiB. */
export function volumeFor(disk: DiskPlan): number {
  const without = neededDisk(disk) - Math.ceil(disk.total * FILE_SYSTEM_SHARE);
  return Math.ceil((without + 1) / (1 - FILE_SYSTEM_SHARE) / 1024);
}

const sum = (parts: Readonly<Record<string, number>>): number =>
  Object.values(parts).reduce((all, one) => all + one, 0);
