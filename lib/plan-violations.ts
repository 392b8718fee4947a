import { Validations } from 'aws-cdk-lib';
import type { IConstruct } from 'constructs';
import type { Violation } from './plan';
import { refuse } from './plan/refuse';

/** What has been checked. */
interface Checked {
  readonly violations: readonly Violation[];
}

/** Throws one error that names every rule that a plan breaks. */
export function refuseViolations(plan: Checked): void {
  refuse(violationsOf(plan));
}

/** Every rule that a plan breaks, as one message. */
export function violationsOf(plan: Checked): string[] {
  const errors = plan.violations.filter(({ severity }) => severity === 'error');
  if (errors.length === 0) return [];
  return [['the request path is out of line:', ...errors.map(({ message }) => message)].join('\n- ')];
}

/** Warns of every rule that a plan had better not break. */
export function warnOfViolations(scope: IConstruct, plan: Checked): void {
  plan.violations
    .filter(({ severity }) => severity === 'warning')
    .forEach(({ rule, message }) => Validations.of(scope).addWarning(`cdk-plumbline:WebService.${rule}`, message));
}
