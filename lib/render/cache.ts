import type { CachePlan } from '../plan/plan';
import type { CacheServerProfile } from './operating-systems';
import { CACHE_SOCKET } from './places';
import { NO_METADATA } from './systemd';
import { lines } from './text';

/** Settings of Valkey or Redis: all that differs from what is built in. */
export function renderCacheConf(cache: CachePlan, server: CacheServerProfile): string {
  return lines(
    '# Comments name values of cache in the plan.',
    'port 0',
    `unixsocket ${CACHE_SOCKET}`,
    'unixsocketperm 770',
    'supervised systemd',
    `dir ${server.folder}`,
    `# maxMemory, maxmemoryPolicy, appendonly`,
    `maxmemory ${cache.maxMemory}mb`,
    `maxmemory-policy ${cache.maxmemoryPolicy}`,
    `appendonly ${cache.appendonly ? 'yes' : 'no'}`,
    '# A cache that is gone fills itself; a snapshot would copy the process.',
    'save ""',
    'lazyfree-lazy-eviction yes',
    'lazyfree-lazy-expire yes',
  );
}

/** Drop-in of the packaged unit: our settings instead of the packaged ones, and a socket for the application's group. */
export function renderCacheDropIn(server: CacheServerProfile): string {
  return lines(
    '[Unit]',
    'StartLimitIntervalSec=0',
    '',
    '[Service]',
    'Type=notify',
    'ExecStart=',
    `ExecStart=${server.program} /etc/plumbline/cache.conf`,
    'Group=app',
    'RuntimeDirectory=plumbline-cache',
    'OOMScoreAdjust=-300',
    'Restart=always',
    'RestartSec=1',
    NO_METADATA,
  );
}
