import { BACKGROUND_WORKER_RULES } from './background-worker-rules';
import { CAPACITY_RULES } from './capacity-rules';
import { CONNECTION_RULES } from './connection-rules';
import { DATABASE_RULES } from './database-rules';
import { DEADLINE_RULES } from './deadline-rules';
import { DISK_RULES } from './disk-rules';
import { DRAIN_RULES } from './drain-rules';
import { KEEPALIVE_RULES } from './keepalive-rules';
import { MEDIA_RULES } from './media-rules';
import type { Plan, Violation } from './plan';
import { RANGE_RULES } from './range-rules';
import { checkRule, type Rule } from './rule';
import { SQLITE_RULES } from './sqlite-rules';

/** Every inequality of the request path. */
export const RULES: readonly Rule[] = [
  ...RANGE_RULES,
  ...DEADLINE_RULES,
  ...KEEPALIVE_RULES,
  ...DRAIN_RULES,
  ...CAPACITY_RULES,
  ...DISK_RULES,
  ...CONNECTION_RULES,
  ...DATABASE_RULES,
  ...BACKGROUND_WORKER_RULES,
  ...MEDIA_RULES,
  ...SQLITE_RULES,
];

/** All rules that a plan breaks, in the order of the table. Also fit for a configuration that was not derived here. */
export function checkPlan(plan: Plan): Violation[] {
  return RULES.map((rule) => checkRule(rule, plan)).filter((violation) => violation !== undefined);
}
