import { nginxMebibytes } from './seconds';

/** What a cache of the user's may take of the disk, in MiB: 0 without one, undefined where nothing bounds it. */
export function proxyCacheSize({ proxy_cache_path: cache }: Readonly<Record<string, string>>): number | undefined {
  if (cache === undefined) return 0;
  const size = /\smax_size=(\S+)/.exec(cache)?.[1];
  return size === undefined ? undefined : nginxMebibytes(size) || undefined;
}
