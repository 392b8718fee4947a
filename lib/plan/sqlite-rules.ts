import { requestTimeout } from './deadline-rules';
import type { Plan } from './plan';
import { count, limit, seconds, type Rule } from './rule';

const sqlite = ({ database }: Plan) => database?.engine === 'sqlite';

/**
 * N: a file of SQLite that the processes of one machine share.
 * By construction hold: it is in WAL mode, where readers and the one that writes never wait for each other; Django's transactions begin as
 * writers (IMMEDIATE), since one that reads first and then writes cannot wait; it lies on a volume of one machine (N6).
 */
export const SQLITE_RULES: readonly Rule[] = [
  {
    id: 'N31',
    severity: 'error',
    left: count('gevent with SQLite', ({ appServer }) => Number(appServer.workerClass === 'gevent')),
    relation: '=',
    right: limit(0, ''),
    breaks:
      'a greenlet that waits for the lock stops its whole process, with the greenlet in it that holds the lock: both wait in vain',
    change: 'use gthread, or a database server',
    source:
      'SQLite waits in C: 3 greenlets whose transactions paused for 0.1 s, and 2 failed, after 5 s and 10 s (run)',
    applies: sqlite,
  },
  {
    id: 'N32',
    severity: 'error',
    left: seconds('busy_timeout of SQLite', ({ database }) => database?.lockWaitTimeout ?? 0),
    relation: '<',
    right: requestTimeout,
    breaks: 'a request ends while it waits for the lock, and does not say so',
    change: 'raise requestTimeout',
    source: 'SQLite, busy_timeout: 5 s in Python and Django unless it is set',
    applies: sqlite,
  },
];
