import type { Duration, Size } from 'aws-cdk-lib';
import { literal, mebibytesOf, secondsOf } from './numbers';
import type { BackgroundWorkerInput } from './plan';
import { calendarProblem, isAtMostMinutely } from './plan/calendar';
import { DEFAULT_MEMORY_PER_PROCESS, DEFAULT_TASK_TIMEOUT } from './plan/background-worker-plan';
import { refuse } from './plan/refuse';
import {
  BOOLEAN,
  DURATION,
  NUMBER,
  SIZE,
  STRING,
  needed,
  refuseOtherOptions,
  strings,
  type PropTypes,
} from './prop-types';
import { hasControls, unitNameProblem, type BackgroundWorkerSource } from './render';

/** What every background worker has. */
export interface BackgroundWorkerOptions {
  /**
   * Memory that one process may take, in whole MiB: at least 1.
   *
   * @default Size.mebibytes(192)
   */
  readonly memoryPerProcess?: Size;

  /**
   * The longest that one task may work, in whole seconds: at least 1. A worker that is told to stop may finish what it works on: a deployment waits as long. The
   * application may have shorter limits of its own, and a worker that finds a longer one does not start.
   *
   * @default Duration.minutes(5)
   */
  readonly taskTimeout?: Duration;
}

/** Options of `BackgroundWorker.celery`. */
export interface CeleryOptions extends BackgroundWorkerOptions {
  /** The module that holds the Celery application, for example `mysite`: `celery -A`. */
  readonly app: string;

  /**
   * Processes that work on tasks: at least 1.
   *
   * @default 2
   */
  readonly concurrency?: number;

  /**
   * The longest that a task waits in a worker until it is due: a countdown, an ETA, the delay of a retry. The visibility timeout is longer, so
   * that workers elsewhere on the same broker let it wait too; those of this service say that they live, and keep what they hold however far
   * it is. A task of a machine that dies runs again when the visibility timeout is over.
   *
   * @default - what an hour, Celery's own visibility timeout, allows
   */
  readonly longestDelay?: Duration;

  /**
   * Name of the unit: lower case letters, digits and hyphens. A second worker, with other queues or limits, has a name of its own.
   *
   * @default `celery`
   */
  readonly name?: string;

  /**
   * Names of the queues.
   *
   * @default - Celery's own
   */
  readonly queues?: string[];
}

/** Options of `BackgroundWorker.celeryBeat`. */
export interface CeleryBeatOptions {
  /** The module that holds the Celery application, for example `mysite`: `celery -A`. */
  readonly app: string;

  /**
   * Memory that the process may take.
   *
   * @default Size.mebibytes(192)
   */
  readonly memoryPerProcess?: Size;
}

/** Options of `BackgroundWorker.rq`. */
export interface RqOptions extends BackgroundWorkerOptions {
  /**
   * Name of the unit: lower case letters, digits and hyphens. Each process has a number behind it: `rq@1`. A second set, with other queues or limits, has a name of its own.
   *
   * @default `rq`
   */
  readonly name?: string;

  /**
   * Names of the queues.
   *
   * @default - `default`
   */
  readonly queues?: string[];

  /**
   * Processes that work on jobs: at least 1.
   *
   * @default 1
   */
  readonly processes?: number;
}

/** Options of `BackgroundWorker.schedule`. */
export interface ScheduleOptions extends BackgroundWorkerOptions {
  /** What runs in the folder of the release, with its Python environment first in the path, for example `python manage.py clearsessions`. */
  readonly command: string;

  /**
   * When it runs, as a calendar event of systemd that ends with its time zone: `*-*-* 03:00:00 UTC`, `Mon..Fri *-*-* 06:30:00 Europe/Berlin`,
   * `*-*-01 00:00:00 UTC`, `hourly UTC`, `*-*-* *:00/15:00 UTC`.
   */
  readonly schedule: string;

  /**
   * Whether one instance of several runs it each time: the one that first says so in the `cache`, which all share. Then it is due at most once
   * a minute, and a run that a machine missed is another machine's.
   *
   * @default false - every instance runs it, each time: where there may be several, a warning (N29) says so
   */
  readonly oncePerFleet?: boolean;
}

const TYPES: PropTypes<BackgroundWorkerOptions> = { memoryPerProcess: SIZE, taskTimeout: DURATION };
const CELERY_TYPES: PropTypes<CeleryOptions> = {
  ...TYPES,
  app: needed(STRING),
  concurrency: NUMBER,
  longestDelay: DURATION,
  name: STRING,
  queues: strings('default'),
};
const CELERY_BEAT_TYPES: PropTypes<CeleryBeatOptions> = { app: needed(STRING), memoryPerProcess: SIZE };
const RQ_TYPES: PropTypes<RqOptions> = { ...TYPES, name: STRING, queues: strings('default'), processes: NUMBER };
const SCHEDULE_TYPES: PropTypes<ScheduleOptions> = {
  ...TYPES,
  command: needed(STRING),
  schedule: needed(STRING),
  oncePerFleet: BOOLEAN,
};

/** Two vCPUs in every t3 up to large. */
const CELERY_PROCESSES = 2;

/**
 * Work that is not done for a request: a unit of systemd beside the application server, with the application's files, environment and
 * secrets, with limits from the plan, and restarted with every release. A deployment succeeds when each has started: Celery when it takes
 * tasks, the others when they have stayed up for longer than the application takes to load.
 */
export class BackgroundWorker {
  /** A worker of Celery with its processes. Its broker is the `cache`, where there is one, else what the project says. */
  public static celery(options: CeleryOptions): BackgroundWorker {
    refuseOtherOptions(options, CELERY_TYPES);
    const { app, name = 'celery', concurrency = CELERY_PROCESSES, queues } = options;
    return new BackgroundWorker({
      ...planned(name, 'celery', concurrency, options),
      longestDelay: secondsOf('longestDelay', options.longestDelay),
      app,
      queues,
      problems: [
        ...nameProblems(name, 'celery'),
        ...moduleProblems(app),
        ...processProblems('concurrency', concurrency),
        ...queueProblems(queues),
      ],
    });
  }

  /**
   * The process that puts periodic tasks of Celery into the queue. Of several instances it runs on one, which holds a lock in the `cache`;
   * it runs on another some seconds after that one stops, half a minute after it fails. Instances share no lock where the cache is on the
   * instance, or where only the application knows the broker: then give it to a service with one instance.
   *
   * Celery's own scheduler starts intervals anew when it moves, as it does with each new instance, and leaves out a crontab entry whose
   * time came during the move. A scheduler that keeps its times in a database, such as that of django-celery-beat, does neither.
   */
  public static celeryBeat(options: CeleryBeatOptions): BackgroundWorker {
    refuseOtherOptions(options, CELERY_BEAT_TYPES);
    return new BackgroundWorker({
      ...planned('celery-beat', 'celery-beat', 1, options),
      // it starts no task, so there is nothing to wait for when it stops
      taskTimeout: 0,
      app: options.app,
      problems: moduleProblems(options.app),
    });
  }

  /** Workers of django-rq: `manage.py rqworker`, which closes connections to databases before it forks. */
  public static rq(options: RqOptions = {}): BackgroundWorker {
    refuseOtherOptions(options, RQ_TYPES);
    const { name = 'rq', processes = 1, queues = ['default'] } = options;
    return new BackgroundWorker({
      ...planned(name, 'rq', processes, options),
      queues,
      problems: [...nameProblems(name, 'rq'), ...processProblems('processes', processes), ...queueProblems(queues)],
    });
  }

  /**
   * A command of your own.
   *
   * @param name name of the unit: lower case letters, digits and hyphens
   * @param command what runs in the folder of the release, with its Python environment first in the path; it ends at SIGTERM
   * @param options its limits
   */
  public static command(name: string, command: string, options: BackgroundWorkerOptions = {}): BackgroundWorker {
    refuseOtherOptions(options, TYPES, { name: [name, STRING], command: [command, STRING] });
    return new BackgroundWorker({
      ...planned(name, 'command', 1, options),
      command,
      problems: [...nameProblems(name, 'command'), ...commandProblems(command)],
    });
  }

  /**
   * A command that runs at given times and ends by itself, as a oneshot service of systemd with a timer. A deployment does not start it, nor cut
   * it: `taskTimeout` after its start it is told to end. One that still runs when it is due again is not started a second time. A run that was
   * due while its machine was off is made up when it is back; a machine that is new, in the place of another, begins with the next one. A run
   * that fails is in the journal with its exit status and output, and is not repeated. Where several instances serve, each of them runs the
   * command, each time, unless `oncePerFleet` says otherwise: what sends mail or closes accounts is then done several times.
   *
   * @param name name of the units: lower case letters, digits and hyphens
   * @param options what runs, and when
   */
  public static schedule(name: string, options: ScheduleOptions): BackgroundWorker {
    refuseOtherOptions(options, SCHEDULE_TYPES, { name: [name, STRING] });
    const { command, schedule, oncePerFleet = false } = options;
    return new BackgroundWorker({
      ...planned(name, 'schedule', 1, options),
      command,
      schedule,
      oncePerFleet,
      problems: [
        ...nameProblems(name, 'schedule'),
        ...commandProblems(command),
        ...scheduleProblems(schedule, oncePerFleet),
      ],
    });
  }

  private constructor(private readonly parts: Parts) {
    refuse(parts.problems);
  }

  /** @internal */
  public _planInput(): BackgroundWorkerInput {
    const { name, kind, processes, memoryPerProcess, taskTimeout, longestDelay, oncePerFleet } = this.parts;
    return { name, kind, processes, memoryPerProcess, taskTimeout, longestDelay, oncePerFleet };
  }

  /** @internal */
  public _source(): BackgroundWorkerSource {
    const { name, kind, app, queues, command, schedule } = this.parts;
    return { name, kind, app, queues, command, schedule };
  }
}

/** What the plan and the machine take of a worker. */
interface Parts extends BackgroundWorkerInput, BackgroundWorkerSource {
  readonly problems: readonly string[];
}

function planned(
  name: string,
  kind: BackgroundWorkerInput['kind'],
  processes: number,
  { memoryPerProcess, taskTimeout }: BackgroundWorkerOptions,
): BackgroundWorkerInput {
  return {
    name,
    kind,
    processes: literal('processes', processes),
    memoryPerProcess: mebibytesOf('memoryPerProcess', memoryPerProcess) ?? DEFAULT_MEMORY_PER_PROCESS,
    taskTimeout: secondsOf('taskTimeout', taskTimeout) ?? DEFAULT_TASK_TIMEOUT,
  };
}

function moduleProblems(app: string): string[] {
  if (/^[A-Za-z_]\w*(\.[A-Za-z_]\w*)*(:[A-Za-z_]\w*)?$/.test(app)) return [];
  return [`app ${JSON.stringify(app)} must be a module, for example mysite or mysite.celery:app`];
}

function processProblems(prop: string, processes: number): string[] {
  if (Number.isInteger(processes) && processes >= 1) return [];
  return [`${prop} (${processes}) must be a whole number of at least 1`];
}

function queueProblems(queues: readonly string[] | undefined): string[] {
  if (queues?.length === 0) return ['queues must name at least one queue'];
  return (queues ?? [])
    .filter((queue) => !/^[\w.-]+$/.test(queue))
    .map((queue) => `queue ${JSON.stringify(queue)} must be a name of letters, digits and _ . -`);
}

function nameProblems(name: string, kind: BackgroundWorkerInput['kind']): string[] {
  const problem = unitNameProblem(name, kind);
  return problem === undefined ? [] : [`name ${JSON.stringify(name)} ${problem}`];
}

function commandProblems(command: string): string[] {
  if (/\S/.test(command) && !hasControls(command)) return [];
  return [`command ${JSON.stringify(command)} must be one line, for example python manage.py consume`];
}

function scheduleProblems(schedule: string, oncePerFleet: boolean): string[] {
  const problem = calendarProblem(schedule);
  if (problem !== undefined) return [`schedule ${JSON.stringify(schedule)} ${problem}`];
  if (!oncePerFleet || isAtMostMinutely(schedule)) return [];
  return [
    `schedule ${JSON.stringify(schedule)} must be due at most once a minute with oncePerFleet: give one second, or leave out oncePerFleet`,
  ];
}
