import type { ExplainedSetting } from './explained-setting';
import type { DatabasePlan } from './plan';

/** The rows of a file of SQLite: those that are the same for every plan too, since they are not SQLite's own. */
export function explainedSqlite({ lockWaitTimeout }: DatabasePlan): ExplainedSetting[] {
  const row = (setting: string, value: string, because: string) => ({ hop: 'SQLite', setting, value, because });
  return [
    row('journal_mode', 'wal', 'who reads waits for nobody; one at a time writes'),
    row(
      'synchronous',
      'full',
      'a commit is on the disk before it is answered: with normal a power cut takes the last ones',
    ),
    row(
      'busy_timeout',
      `${lockWaitTimeout} s`,
      'less than requestTimeout: who waits for the one that writes learns it before the request ends',
    ),
    row(
      'transaction_mode',
      'immediate',
      'transactions of Django take the lock when they begin: later they could not wait for it',
    ),
  ];
}
