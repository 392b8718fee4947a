import { LEAST_UPLOADS, neededDisk, volumeFor } from './disk-plan';
import { largestBody } from './locations';
import type { Plan } from './plan';
import { count, mebibytes, type Rule } from './rule';

/** The smallest volume that there is: a smaller one is refused as such. */
const SMALLEST = 8 * 1024;

/** K: the disk. */
export const DISK_RULES: readonly Rule[] = [
  {
    id: 'K1',
    severity: 'error',
    left: mebibytes('what the disk must hold', (plan) => neededDisk(plan.disk)),
    relation: '≤',
    right: mebibytes('volumeSize', (plan) => plan.disk.total),
    breaks: 'the disk is full one day, and everything on the machine stops with it',
    change: (plan) => `raise volumeSize to ${volumeFor(plan.disk)} GiB${orLower(plan)}`,
    source:
      'disk plan; nginx writes bodies and what slow clients have not read to the disk: 3 of them filled 888 MiB (run)',
    applies: ({ disk }) => disk.total >= SMALLEST,
  },
  {
    id: 'K2',
    severity: 'warning',
    left: count('clientMaxBodySize without a limit', (plan) => Number(largestBody(plan) === 0)),
    relation: '=',
    right: count('none', () => 0),
    breaks: 'one upload takes all the room that there is for uploads, and the others get a 503 meanwhile',
    change: (plan) => `state the largest upload that you expect: there is room for ${plan.disk.uploads} MiB`,
    source: 'nginx 1.22 on a full file system: 503 for bodies, which it has to write down (run)',
  },
];

/** The setting that takes the most, where it is one of the user's. */
function orLower(plan: Plan): string {
  const { uploads, applicationUploads, responses, total } = plan.disk;
  const { maxConns, proxyMaxTempFileSize } = plan.nginx;
  const others = neededDisk(plan.disk) - Math.max(responses, uploads + applicationUploads);
  if (others > total) return '';
  if (responses > uploads + applicationUploads) {
    return `, or lower proxy_max_temp_file_size (${proxyMaxTempFileSize} MiB), which max_conns (${maxConns}) responses may take each`;
  }
  return `, or lower clientMaxBodySize (${largestBody(plan)} MiB), of which ${LEAST_UPLOADS} at once must fit, in nginx and in the application`;
}
