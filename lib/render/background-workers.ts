import type { BackgroundWorkerPlan, Plan } from '../plan/plan';
import type { BackgroundWorkerSource, RenderedFile } from './input';
import { renderSchedule } from './schedules';
import { after, applicationService, BIN, SERVICE_END, UNITS, type Neighbours } from './systemd';
import { lines, outsideTokens } from './text';

const BEAT_SCHEDULE = '/var/lib/app/celerybeat-schedule';

/** A background worker with its numbers. */
interface Worker {
  readonly source: BackgroundWorkerSource;
  readonly plan: BackgroundWorkerPlan;
  /** Whether the machine knows the broker. */
  readonly broker: boolean;
}

function workersOf(plan: Plan, sources: readonly BackgroundWorkerSource[]): Worker[] {
  return sources.map((source, index) => {
    const numbers = plan.backgroundWorkers[index];
    if (numbers?.name !== source.name) {
      throw new Error(`the plan has no background worker ${source.name} at place ${index + 1}: plan the same ones`);
    }
    return { source, plan: numbers, broker: plan.cache?.broker ?? false };
  });
}

/** The units that are started: of RQ, whose workers are processes of their own, one for each; of a schedule its timer. */
export function backgroundWorkerUnits(plan: Plan, sources: readonly BackgroundWorkerSource[]): string[] {
  return workersOf(plan, sources).flatMap(({ source: { name, kind }, plan: { processes } }) => {
    if (kind === 'rq') return Array.from({ length: processes }, (_, index) => `${name}@${index + 1}`);
    return [kind === 'schedule' ? `${name}.timer` : name];
  });
}

/** The unit files of the background workers. */
export function renderBackgroundWorkers(
  plan: Plan,
  sources: readonly BackgroundWorkerSource[],
  neighbours: Neighbours,
): RenderedFile[] {
  return workersOf(plan, sources).flatMap((worker) => {
    const { source, plan: numbers, broker } = worker;
    if (source.kind === 'schedule') {
      return renderSchedule(source, numbers, numbers.oncePerFleet && broker, neighbours, command(worker));
    }
    return {
      path: `${UNITS}/${source.name}${source.kind === 'rq' ? '@' : ''}.service`,
      text: renderBackgroundWorker(worker, neighbours, plan.appServer.timeoutStartSec),
    };
  });
}

function renderBackgroundWorker(worker: Worker, neighbours: Neighbours, startTimeout: number): string {
  const { source, plan } = worker;
  const rq = source.kind === 'rq';
  return lines(
    '[Unit]',
    `Description=Background worker ${source.name}${rq ? ' %i' : ''}`,
    after(neighbours),
    '# Restarts never give up.',
    'StartLimitIntervalSec=0',
    '',
    '[Service]',
    source.kind === 'celery' ? ['Type=notify', 'NotifyAccess=main'] : 'Type=exec',
    // a name has no underscore, so that no worker's folder is one of the machine's own
    applicationService(`plumbline_${source.name}${rq ? '_%i' : ''}`, neighbours),
    source.kind !== 'celery-beat' && [
      '# taskTimeout: the limit of the server is one for requests',
      `Environment=PLUMBLINE_DATABASE_STATEMENT_TIMEOUT=${plan.taskTimeout}`,
    ],
    `ExecStart=${command(worker)}`,
    '# The main process alone is told: it lets tasks end and keeps its children alive meanwhile.',
    'KillMode=mixed',
    source.kind === 'celery' && ['# appServer.timeoutStartSec', `TimeoutStartSec=${startTimeout}`],
    '# timeoutStopSec, memory',
    `TimeoutStopSec=${plan.timeoutStopSec}`,
    `MemoryMax=${rq ? Math.ceil(plan.memory / plan.processes) : plan.memory}M`,
    SERVICE_END,
  );
}

function command({ source, plan, broker }: Worker): string {
  switch (source.kind) {
    case 'celery':
      return [
        `${BIN}/celery -A ${source.app} worker --hostname ${source.name}@%%h --loglevel INFO --concurrency ${plan.processes} --time-limit ${plan.taskTimeout} --include plumbline_celery`,
        ...(source.queues?.length ? [`--queues ${source.queues.join(',')}`] : []),
      ].join(' ');
    case 'celery-beat':
      return broker
        ? `${BIN}/python -m plumbline_beat ${source.app} ${BEAT_SCHEDULE}`
        : `${BIN}/celery -A ${source.app} beat --loglevel INFO --schedule ${BEAT_SCHEDULE}`;
    case 'rq':
      // one of them queues jobs that are due: without a scheduler, jobs with a delay and retries with an interval never run
      return `${BIN}/python manage.py rqworker ${source.queues?.join(' ') ?? 'default'} --with-scheduler`;
    case 'command':
    case 'schedule':
      // a shell that runs one command makes way for it, so that the command is the process that is told to stop
      return `/bin/bash -c ${execArgument(source.command ?? '')}`;
  }
}

/** One argument of `ExecStart=`, which knows quotes, backslashes, specifiers and variables. */
function execArgument(text: string): string {
  return `"${outsideTokens(outsideTokens(text, /[\\"]/g, '\\$&'), /[%$]/g, '$&$&')}"`;
}
