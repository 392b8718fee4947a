import type { Plan, Violation } from './plan';

/** One side of an inequality: the name of a setting in its own program's words, and its value in a plan. */
export interface Side {
  readonly name: string;
  readonly unit: 's' | 'MiB' | '';
  value(plan: Plan): number;
}

/** One inequality of the request path. The same entry checks a plan, is printed in the README and explains itself in an error. */
export interface Rule {
  /** Stable: users silence a warning by it. */
  readonly id: string;
  readonly severity: 'error' | 'warning';
  readonly left: Side;
  readonly relation: '<' | '≤' | '≥' | '=';
  readonly right: Side;
  /** What users see when the rule does not hold. */
  readonly breaks: string;
  /** What to do about it; a function where that hangs on the plan. */
  readonly change: string | ((plan: Plan) => string);
  /** Where the rule was read or measured. */
  readonly source: string;
  /** Configurations for which the rule says nothing. Absent: it always speaks. */
  applies?(plan: Plan): boolean;
}

const HOLDS: Record<Rule['relation'], (left: number, right: number) => boolean> = {
  '<': (left, right) => left < right,
  '≤': (left, right) => left <= right,
  '≥': (left, right) => left >= right,
  '=': (left, right) => left === right,
};

const WORDS: Record<Rule['relation'], string> = {
  '<': 'must be less than',
  '≤': 'must be at most',
  '≥': 'must be at least',
  '=': 'must be equal to',
};

const show = (side: Side, plan: Plan): string => {
  const value = `${Math.round(side.value(plan) * 1000) / 1000}${side.unit && ` ${side.unit}`}`;
  return side.name === '' ? value : `${side.name} (${value})`;
};

/** The violation of a rule by a plan, or undefined where the rule holds. */
export function checkRule(rule: Rule, plan: Plan): Violation | undefined {
  if (rule.applies && !rule.applies(plan)) return undefined;
  if (HOLDS[rule.relation](rule.left.value(plan), rule.right.value(plan))) return undefined;
  const change = typeof rule.change === 'string' ? rule.change : rule.change(plan);
  const message = `${show(rule.left, plan)} ${WORDS[rule.relation]} ${show(rule.right, plan)}, else ${rule.breaks}; ${change} [${rule.id}]`;
  return { rule: rule.id, severity: rule.severity, message };
}

/** A setting in seconds. */
export const seconds = (name: string, value: (plan: Plan) => number): Side => ({ name, unit: 's', value });
/** A setting in MiB. */
export const mebibytes = (name: string, value: (plan: Plan) => number): Side => ({ name, unit: 'MiB', value });
/** A setting without a unit. */
export const count = (name: string, value: (plan: Plan) => number): Side => ({ name, unit: '', value });
/** A plain number of seconds. */
export const limit = (value: number, unit: Side['unit'] = 's'): Side => ({ name: '', unit, value: () => value });
