import { derivePlan } from './derive';
import { INSTANCE_SIZES, instanceSize, type InstanceSizeFacts } from './instance-sizes';
import { planMemory } from './memory-plan';
import { applyOverrides } from './overrides';
import type { Plan, PlanInput, Violation } from './plan';
import { checkPlan } from './rules';

/** A plan and the rules that it breaks, all of them. */
export interface CheckedPlan {
  readonly plan: Plan;
  readonly violations: readonly Violation[];
}

/** Stands in for an instance type that the table does not know, so that every other violation is still found. */
const STAND_IN = 't3.small';

/** Derives every number of the request path, puts the user's overrides over it, and checks all rules. Never throws. */
export function planRequestPath(input: PlanInput): CheckedPlan {
  const inputViolations = [...unknownInstance(input), ...notNumbers(input)];
  if (notNumbers(input).length > 0) {
    return { plan: derivePlan({ instanceType: STAND_IN }, instanceSize(STAND_IN)!), violations: inputViolations };
  }
  const instance = instanceSize(input.instanceType) ?? instanceSize(STAND_IN)!;
  const { plan: overridden, violations: overrideViolations } = applyOverrides(derivePlan(input, instance), input);
  const plan = followStops(overridden);
  const nothingFits = noWorkerFits(plan, instance);
  const ruleViolations = checkPlan(plan).filter(({ rule }) => !(nothingFits && rule === 'E4'));
  return {
    plan,
    violations: [...inputViolations, ...overrideViolations, ...(nothingFits ? [nothingFits] : []), ...ruleViolations],
  };
}

/** The units of systemd follow overridden drains: they have no setting of their own to override. */
function followStops(plan: Plan): Plan {
  const { appServer, nginx } = plan;
  return {
    ...plan,
    appServer: { ...appServer, timeoutStopSec: Math.max(appServer.timeoutStopSec, appServer.gracefulTimeout + 5) },
    nginx: { ...nginx, timeoutStopSec: Math.max(nginx.timeoutStopSec, nginx.workerShutdownTimeout + 5) },
  };
}

function unknownInstance(input: PlanInput): Violation[] {
  if (instanceSize(input.instanceType)) return [];
  const known = INSTANCE_SIZES.map((size) => size.instanceType).join(', ');
  const message = `instanceType ${JSON.stringify(input.instanceType)} is not known: use one of ${known} [I1]`;
  return [{ rule: 'I1', severity: 'error', message }];
}

/** NaN, infinities and fractions would travel through every formula: they are named before. */
function notNumbers(input: PlanInput): Violation[] {
  const whole = ['workers', 'threads', 'workerConnections', 'maxRequests'];
  return Object.entries(input)
    .filter(
      ([name, value]) =>
        typeof value === 'number' && !(Number.isFinite(value) && (!whole.includes(name) || Number.isInteger(value))),
    )
    .map(([name, value]) => ({
      rule: 'I2',
      severity: 'error',
      message: `${name} (${String(value)}) must be a ${whole.includes(name) ? 'whole ' : ''}number [I2]`,
    }));
}

function noWorkerFits(plan: Plan, instance: InstanceSizeFacts): Violation | undefined {
  const { perWorker, forWorkers } = plan.memory;
  if (perWorker <= forWorkers) return undefined;
  const family = instance.instanceType.split('.')[0];
  const larger = INSTANCE_SIZES.find(
    (size) => size.instanceType.startsWith(`${family}.`) && planMemory(size, perWorker).forWorkers >= perWorker,
  );
  const message =
    `not even one worker of memoryPerWorker (${perWorker} MiB) fits into the memory for workers (${forWorkers} MiB) of ${instance.instanceType}: ` +
    (larger ? `use ${larger.instanceType} or larger, or lower memoryPerWorker [E4]` : 'lower memoryPerWorker [E4]');
  return { rule: 'E4', severity: 'error', message };
}
