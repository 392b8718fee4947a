import { Stack, Validations } from 'aws-cdk-lib';
import type { IConstruct } from 'constructs';
import type { Violation } from './plan';
import { refuse } from './plan/refuse';

/** What has been checked. */
interface Checked {
  readonly violations: readonly Violation[];
}

/** Stacks in which somebody has been warned of a plan. */
const warned = new WeakMap<Checked, WeakSet<Stack>>();

/** Throws one error that names every rule that a plan breaks, and warns of every one that it had better not break. */
export function reportViolations(scope: IConstruct, plan: Checked): void {
  refuse(violationsOf(scope, plan));
  warnOfViolations(scope, plan);
}

/** Every rule that a plan breaks, as one message. */
export function violationsOf({ node }: IConstruct, plan: Checked): string[] {
  const errors = plan.violations.filter(({ severity }) => severity === 'error');
  if (errors.length === 0) return [];
  return [[`the request path of ${node.path} is out of line:`, ...errors.map(({ message }) => message)].join('\n- ')];
}

/** Warns of every rule that a plan had better not break: once in a stack, at the first construct that takes the plan. */
export function warnOfViolations(scope: IConstruct, plan: Checked): void {
  const stacks = warned.get(plan) ?? new WeakSet();
  if (stacks.has(Stack.of(scope))) return;
  warned.set(plan, stacks.add(Stack.of(scope)));
  plan.violations
    .filter(({ severity }) => severity === 'warning')
    .forEach(({ rule, message }) => Validations.of(scope).addWarning(`cdk-plumbline:WebService.${rule}`, message));
}
