import type { Size } from 'aws-cdk-lib';
import { literal, mebibytesOf } from './numbers';
import type { PlanInput } from './plan';
import { isSetting } from './plan/gunicorn-settings';
import {
  ANYTHING,
  BOOLEAN,
  NUMBER,
  SIZE,
  mapOf,
  oneOf,
  refuseOtherOptions,
  unknownName,
  type PropTypes,
} from './prop-types';

/** How the workers of gunicorn handle requests. */
export enum WorkerClass {
  /** One request at a time in each worker. Everything can be interrupted, C code included. */
  SYNC = 'sync',
  /** Threads in each worker: the default, since most work waits. */
  GTHREAD = 'gthread',
  /** Greenlets in each worker: for very many connections; the application and its drivers must cooperate. */
  GEVENT = 'gevent',
  /** gunicorn's own worker for ASGI applications. */
  ASGI = 'asgi',
}

/** Settings of gunicorn that have consequences for the plan. */
export interface GunicornOptions {
  /**
   * How workers handle requests.
   *
   * @default - WorkerClass.GTHREAD, or WorkerClass.ASGI for an application that has only `asgi`
   */
  readonly workerClass?: WorkerClass;

  /**
   * Number of worker processes: at least 1.
   *
   * @default - the lowest of 2 × vCPU + 1, what fits into the memory of the instance, and what the database's connections allow
   */
  readonly workers?: number;

  /**
   * Threads of a worker of class GTHREAD: at least 1.
   *
   * @default - 8, or more where only few workers fit; fewer where connections to the database, or memory for them, are short
   */
  readonly threads?: number;

  /**
   * Requests that a worker of class GEVENT or ASGI works on at the same time: at least 1.
   *
   * @default - 50; fewer where each may open a connection to the database (MySQL, MariaDB) and these, or memory for them, are short
   */
  readonly workerConnections?: number;

  /**
   * Memory that one worker may take, at least 1 MiB: it decides how many fit.
   *
   * @default Size.mebibytes(256)
   */
  readonly memoryPerWorker?: Size;

  /**
   * Requests after which a worker is replaced, give or take a tenth, against memory leaks: a whole number of 0 or more, and 0 is never.
   *
   * @default 0
   */
  readonly maxRequests?: number;

  /**
   * Whether the application is loaded once, before the workers are forked: less memory, but whatever it
   * opens while it loads (connections, threads) is shared by all workers.
   *
   * @default false
   */
  readonly preloadApp?: boolean;

  /**
   * Further settings in gunicorn's own words, for example `{ limit_request_line: 8190 }`.
   * Those that the plan knows are checked by the same rules as derived values.
   *
   * @default - none
   */
  readonly settings?: { [setting: string]: unknown };
}

const TYPES: PropTypes<GunicornOptions> = {
  workerClass: oneOf(WorkerClass, 'WorkerClass'),
  workers: NUMBER,
  threads: NUMBER,
  workerConnections: NUMBER,
  memoryPerWorker: SIZE,
  maxRequests: NUMBER,
  preloadApp: BOOLEAN,
  settings: mapOf(ANYTHING, 'an object, for example { limit_request_line: 8190 }'),
};

/** What is wrong with a name of an option: gunicorn's own stand in `settings`. */
function misplaced(name: string, names: string[]): string | undefined {
  if (isSetting(name)) return `AppServer.gunicorn.${name} is a setting of gunicorn: give it in settings`;
  return unknownName('AppServer.gunicorn', name, names)[0];
}

/** The server that runs the application. */
export class AppServer {
  /** gunicorn behind a socket of systemd. */
  public static gunicorn(options: GunicornOptions = {}): AppServer {
    refuseOtherOptions(options, TYPES, {}, misplaced);
    return new AppServer(options);
  }

  private constructor(private readonly options: GunicornOptions) {}

  /** @internal */
  public _planInput(): Pick<
    PlanInput,
    | 'workerClass'
    | 'workers'
    | 'threads'
    | 'workerConnections'
    | 'memoryPerWorker'
    | 'maxRequests'
    | 'preloadApp'
    | 'gunicornSettings'
  > {
    const { workerClass, workers, threads, workerConnections, memoryPerWorker, maxRequests, preloadApp, settings } =
      this.options;
    return {
      workerClass,
      workers: literal('workers', workers),
      threads: literal('threads', threads),
      workerConnections: literal('workerConnections', workerConnections),
      memoryPerWorker: mebibytesOf('memoryPerWorker', memoryPerWorker),
      maxRequests: literal('maxRequests', maxRequests),
      preloadApp,
      gunicornSettings: settings,
    };
  }

  /**
   * The same server, with a worker class where none was chosen.
   *
   * @internal
   */
  public _orClass(workerClass: WorkerClass): AppServer {
    return new AppServer({ ...this.options, workerClass: this.options.workerClass ?? workerClass });
  }
}
