import { queueTimeout, requestTimeout } from './deadline-rules';
import type { BackgroundWorkerPlan, Plan } from './plan';
import { count, limit, mebibytes, seconds, type Rule, type Side } from './rule';
import { longestRequestTimeout } from './timeout-plan';

const alb = (plan: Plan) => plan.loadBalancer.type === 'application';
const nlb = (plan: Plan) => plan.loadBalancer.type === 'network';

interface Range {
  readonly id: string;
  readonly side: Side;
  readonly from: number;
  readonly to: number;
  readonly breaks: string;
  readonly change: string;
  readonly source: string;
  applies?(plan: Plan): boolean;
}

const both = ({ id, side, from, to, ...rest }: Range): Rule[] => [
  { id, severity: 'error', left: side, relation: '≥', right: limit(from, side.unit), ...rest },
  { id, severity: 'error', left: side, relation: '≤', right: limit(to, side.unit), ...rest },
];

const service = 'Elastic Load Balancing API';
const refused = 'the API refuses the value';

const atLeastOne = (side: Side, source = 'gunicorn settings', applies?: Rule['applies']): Rule => ({
  id: 'R9',
  severity: 'error',
  left: side,
  relation: '≥',
  right: limit(1, side.unit),
  breaks: 'there is nothing to work with',
  change: `set ${side.name} to a whole number of 1 or more`,
  source,
  applies,
});

const least = (value: (worker: BackgroundWorkerPlan) => number) => (plan: Plan) =>
  Math.min(...plan.backgroundWorkers.map(value));
const someBackgroundWorker = (plan: Plan) => plan.backgroundWorkers.length > 0;

/** R: ranges of the props and of the AWS attributes. */
export const RANGE_RULES: readonly Rule[] = [
  {
    id: 'R1',
    severity: 'error',
    left: requestTimeout,
    relation: '≥',
    right: limit(5),
    breaks: 'the margins between the hops would be longer than the request',
    change: 'raise requestTimeout',
    source: 'gunicorn looks once a second and strikes twice',
  },
  {
    id: 'R1',
    severity: 'error',
    left: requestTimeout,
    relation: '≤',
    right: seconds('what a deregistration delay of 3600 s allows', (plan) => longestRequestTimeout(plan.queueTimeout)),
    breaks: 'a drain would cut requests',
    change: 'lower requestTimeout and move longer work into a background worker',
    source: 'Elastic Load Balancing: deregistration delay 0-3600 s, ALB idle timeout 1-4000 s',
  },
  {
    id: 'R2',
    severity: 'error',
    left: queueTimeout,
    relation: '≤',
    right: requestTimeout,
    breaks: 'requests wait longer than they may run',
    change: 'lower queueTimeout; 2 s is enough for every load that can be served',
    source: 'overload runs: what waits longer is abandoned before it ends',
  },
  ...both({
    id: 'R3',
    side: seconds('ALB idle timeout', (plan) => plan.loadBalancer.idleTimeout),
    from: 1,
    to: 4000,
    breaks: refused,
    change: 'lower requestTimeout or correct the idle timeout',
    source: service,
    applies: alb,
  }),
  ...both({
    id: 'R4',
    side: seconds('NLB TCP idle timeout', (plan) => plan.loadBalancer.idleTimeout),
    from: 60,
    to: 6000,
    breaks: refused,
    change: 'correct the idle timeout',
    source: service,
    applies: nlb,
  }),
  ...both({
    id: 'R5',
    side: seconds('deregistration delay', (plan) => plan.loadBalancer.deregistrationDelay),
    from: 0,
    to: 3600,
    breaks: refused,
    change: 'lower requestTimeout',
    source: service,
  }),
  ...both({
    id: 'R6',
    side: seconds('healthCheckInterval', (plan) => plan.loadBalancer.healthCheckInterval),
    from: 5,
    to: 300,
    breaks: refused,
    change: 'correct healthCheckInterval',
    source: service,
  }),
  ...both({
    id: 'R7',
    side: seconds('healthCheckTimeout', (plan) => plan.loadBalancer.healthCheckTimeout),
    from: 2,
    to: 120,
    breaks: refused,
    change: 'correct healthCheckTimeout',
    source: service,
  }),
  ...both({
    id: 'R8',
    side: seconds('slowStart', (plan) => plan.loadBalancer.slowStart),
    from: 30,
    to: 900,
    breaks: refused,
    change: 'correct slowStart, or remove it',
    source: service,
    applies: (plan) => plan.loadBalancer.slowStart !== 0,
  }),
  atLeastOne(count('workers', (plan) => plan.appServer.workers)),
  atLeastOne(count('threads', (plan) => plan.appServer.threads)),
  atLeastOne(count('workerConnections', (plan) => plan.appServer.workerConnections)),
  atLeastOne(count('memoryPerWorker', (plan) => plan.memory.perWorker)),
  atLeastOne(
    count('maxInstances', (plan) => plan.maxInstances),
    'the budget of connections counts instances',
  ),
  atLeastOne(
    count(
      'processes',
      least(({ processes }) => processes),
    ),
    'Celery, --concurrency',
    someBackgroundWorker,
  ),
  atLeastOne(
    mebibytes(
      'memoryPerProcess',
      least(({ memoryPerProcess }) => memoryPerProcess),
    ),
    'systemd.resource-control(5), MemoryMax',
    someBackgroundWorker,
  ),
];
