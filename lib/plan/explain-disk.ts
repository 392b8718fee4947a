import type { ExplainedSetting } from './explained-setting';
import type { Plan } from './plan';

/** What nginx keeps of requests on the disk, and where the disk goes. */
export function explainedDisk({ nginx, disk }: Plan): ExplainedSetting[] {
  const { proxyMaxTempFileSize: each, maxConns } = nginx;
  return [
    {
      hop: 'nginx',
      setting: 'proxy_max_temp_file_size',
      value: each ? `${each} MiB` : 'off',
      because: each
        ? `what is read ahead of a response for a slow client, × max_conns (${maxConns}) on the disk; the rest waits in the worker`
        : 'nothing is read ahead for a slow client: its response waits in the worker',
    },
    {
      hop: 'instance',
      setting: 'disk',
      value: `${disk.total} MiB`,
      because: [
        `operating system ${disk.operatingSystem}`,
        `releases ${disk.releases}`,
        disk.swap && `swap ${disk.swap}`,
        `logs ${disk.logs}`,
        disk.nginxCache && `cache of nginx ${disk.nginxCache}`,
        disk.cache && `queues of the cache ${disk.cache}`,
        `uploads in nginx ${disk.uploads} and in the application ${disk.applicationUploads}`,
        disk.responses && `responses ${disk.responses}`,
        `files of the application ${disk.forApplication}`,
      ]
        .filter(Boolean)
        .join(', '),
    },
  ];
}
