import type { BackgroundWorkerPlan } from '../plan/plan';
import type { BackgroundWorkerSource, RenderedFile } from './input';
import { after, applicationService, BIN, SERVICE_LIMITS, UNITS, type Neighbours } from './systemd';
import { lines } from './text';

/** How long a command that is over its time may take to end, in seconds. */
const LAST_WORDS = 15;

/** The timer of a schedule, and the service that it starts. */
export function renderSchedule(
  source: BackgroundWorkerSource,
  plan: BackgroundWorkerPlan,
  lock: boolean,
  neighbours: Neighbours,
  command: string,
): RenderedFile[] {
  return [
    { path: `${UNITS}/${plan.name}.service`, text: renderService(plan, lock, neighbours, command) },
    { path: `${UNITS}/${plan.name}.timer`, text: renderTimer(plan.name, source.schedule ?? '', lock) },
  ];
}

function renderService(plan: BackgroundWorkerPlan, lock: boolean, neighbours: Neighbours, command: string): string {
  const { name, taskTimeout, timeoutStopSec } = plan;
  const broker = `${BIN}/python -m plumbline_schedule`;
  return lines(
    '[Unit]',
    `Description=Scheduled command ${name}`,
    after(neighbours),
    '',
    '[Service]',
    'Type=oneshot',
    applicationService(`plumbline_${name}`, neighbours),
    '# taskTimeout: the limit of the server is one for requests',
    `Environment=PLUMBLINE_DATABASE_STATEMENT_TIMEOUT=${taskTimeout}`,
    lock && [
      '# One machine of the fleet runs it, and until this one is done no other: no longer than a run and its end may take.',
      `ExecCondition=${broker} begin ${name} ${taskTimeout + timeoutStopSec + LAST_WORDS}`,
      `ExecStopPost=${broker} end ${name}`,
    ],
    `ExecStart=${command}`,
    '# One that runs when the machine stops may end: nothing is told to end but what is over its time.',
    'KillMode=mixed',
    'KillSignal=SIGCONT',
    '# timeoutStopSec, taskTimeout, memory',
    `TimeoutStopSec=${timeoutStopSec}`,
    `TimeoutStartSec=${taskTimeout}`,
    'TimeoutStartFailureMode=abort',
    'WatchdogSignal=SIGTERM',
    `TimeoutAbortSec=${LAST_WORDS}`,
    `MemoryMax=${plan.memory}M`,
    SERVICE_LIMITS,
  );
}

function renderTimer(name: string, schedule: string, lock: boolean): string {
  return lines(
    '[Unit]',
    `Description=When ${name}.service runs`,
    '',
    '[Timer]',
    `OnCalendar=${schedule}`,
    '# The default is a minute late.',
    'AccuracySec=1s',
    // with a lock another machine has run it
    !lock && ['# What was due while the machine was off runs when it is back.', 'Persistent=yes'],
    '',
    '[Install]',
    'WantedBy=timers.target',
  );
}
