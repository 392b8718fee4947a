import { derivePlan } from './derive';
import { withDisk } from './disk-plan';
import { INSTANCE_SIZES, instanceSize, type InstanceSizeFacts } from './instance-sizes';
import { applyOverrides } from './overrides';
import { locationProblems } from './locations';
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
  const odd = notNumbers(input);
  const inputViolations = [...unknownInstance(input), ...odd, ...locationProblems(input)];
  if (odd.length > 0) {
    return { plan: derivePlan({ instanceType: STAND_IN }, instanceSize(STAND_IN)!), violations: inputViolations };
  }
  const instance = instanceSize(input.instanceType) ?? instanceSize(STAND_IN)!;
  const { plan: overridden, violations: overrideViolations } = applyOverrides(derivePlan(input, instance), input);
  const plan = withDisk(followStops(overridden), input);
  const nothingFits = noWorkerFits(input, plan, instance);
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

/** Counts, and what goes into a program or an API that knows no fractions: seconds of health checks and tasks, MiB of a cache. */
const WHOLE = [
  ...['workers', 'threads', 'workerConnections', 'maxRequests', 'maxInstances', 'maxConnections', 'processes'],
  ...['healthCheckInterval', 'healthCheckTimeout', 'loadBalancerIdleTimeout', 'connMaxAge', 'taskTimeout'],
  ...['maxMemory', 'memoryPerProcess'],
];

/** The least that some may be: less would be taken for none. Seconds, or a count. */
const LEAST: Readonly<Record<string, number>> = { maxRequests: 0, upstreamTimeout: 1 };

/** NaN, infinities and fractions would travel through every formula: they are named before. */
function notNumbers(input: PlanInput): Violation[] {
  const { database = {}, cache = {}, backgroundWorkers = [] } = input;
  return [input, database, cache, ...backgroundWorkers]
    .flatMap((part) => Object.entries(part))
    .filter((entry): entry is [string, number] => typeof entry[1] === 'number')
    .flatMap(([name, value]) => {
      const problem = problemOfNumber(name, value);
      return problem ? [{ rule: 'I2', severity: 'error', message: `${name} (${value}) must be ${problem} [I2]` }] : [];
    });
}

function problemOfNumber(name: string, value: number): string | undefined {
  const whole = WHOLE.includes(name);
  if (!Number.isFinite(value) || (whole && !Number.isInteger(value))) return `a ${whole ? 'whole ' : ''}number`;
  return value < (LEAST[name] ?? -Infinity) ? `${LEAST[name]} or more` : undefined;
}

const NEIGHBOURS = [
  ['database', 'the database', 'connections (threads, processes)'],
  ['cache', 'the cache', 'maxMemory of the cache'],
  ['backgroundWorkers', 'the background workers', 'processes of background workers'],
] as const;

function noWorkerFits(input: PlanInput, plan: Plan, instance: InstanceSizeFacts): Violation | undefined {
  const { perWorker, forWorkers } = plan.memory;
  if (perWorker <= forWorkers) return undefined;
  const family = instance.instanceType.split('.')[0];
  const larger = INSTANCE_SIZES.find((size) => {
    if (!size.instanceType.startsWith(`${family}.`)) return false;
    return derivePlan(input, size).memory.forWorkers >= perWorker;
  });
  const neighbours = NEIGHBOURS.filter(([name]) => plan.memory[name] > 0);
  const beside = neighbours.map(([name, words]) => `${words} (${plan.memory[name]} MiB)`);
  const lower = ['memoryPerWorker', ...neighbours.map(([, , change]) => change)];
  const message =
    `not even one worker of memoryPerWorker (${perWorker} MiB) fits into the memory for workers (${forWorkers} MiB) of ${instance.instanceType}` +
    `${beside.length > 0 ? ` beside ${listed(beside, 'and')}` : ''}: ` +
    `${larger ? `use ${larger.instanceType} or larger, or lower` : 'lower'} ${listed(lower, 'or')} [E4]`;
  return { rule: 'E4', severity: 'error', message };
}

/** `a`, `a and b`, `a, b and c` */
function listed(words: readonly string[], last: string): string {
  return [words.slice(0, -1).join(', '), words.at(-1)].filter(Boolean).join(` ${last} `);
}
