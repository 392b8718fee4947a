import { count, limit, type Rule } from './rule';

/** N: where the files are that users upload. */
export const MEDIA_RULES: readonly Rule[] = [
  {
    id: 'N30',
    severity: 'error',
    left: count('maxInstances with media on the instance', (plan) => plan.maxInstances),
    relation: '=',
    right: limit(1, ''),
    breaks: 'what is uploaded to one instance is a 404 on the others',
    change: 'lower maxInstances to 1, or use Media.bucket',
    source: 'each instance makes its own data volume',
    applies: ({ media }) => media?.host === 'instance',
  },
];
