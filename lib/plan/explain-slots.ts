import type { ExplainedSetting } from './explained-setting';
import type { Plan } from './plan';
import { cooperative } from './worker-plan';

/** The row of what one worker works on at the same time, in the words of whoever bounds it. */
export function explainedSlots({ appServer, connections, database }: Plan): ExplainedSetting {
  const { workerClass, slots, slotsPerWorker, threads } = appServer;
  const because = `${slots} slots: what the instance works on at the same time`;
  if (!cooperative(workerClass)) return { hop: 'gunicorn', setting: 'threads', value: `${threads}`, because };
  // gunicorn's asgi worker knows no such bound
  const [hop, setting] = workerClass === 'asgi' ? ['request guard', 'slots'] : ['gunicorn', 'worker_connections'];
  const unpooled = connections && database?.pooling === 'none' && database.poolSize === 0;
  const why = '; without a pool each may hold a connection, so that these give way before workers do';
  return { hop, setting, value: `${slotsPerWorker}`, because: unpooled ? because + why : because };
}
