import type { Plan } from '../plan/plan';
import { webSocketPing } from '../plan/timeout-plan';
import type { GunicornInput } from './input';
import { lines, pythonLiteral } from './text';

/** Whether the queries of killed workers go on: PostgreSQL looks for its clients, SQLite is a part of them, and a pooler's connections are not theirs. */
export function leavesOrphans({ database }: Plan): boolean {
  return (database?.engine === 'mysql' || database?.engine === 'mariadb') && database.pooling === 'none';
}

/** The whole /etc/gunicorn/gunicorn.conf.py. */
export function renderGunicornConf(input: GunicornInput): string {
  const { plan } = input;
  const { appServer, nginx, requestGuard } = plan;
  const extras = plan.extraGunicornSettings;
  const asgi = appServer.workerClass === 'asgi';
  const fork = plan.database !== undefined;
  const orphans = leavesOrphans(plan);
  const loadsPages = appServer.preloadApp || !requestGuard;
  const settings: ReadonlyArray<readonly [name: string, value: unknown, from?: string]> = [
    ['wsgi_app', input.wsgi],
    ['worker_class', appServer.workerClass, 'appServer.workerClass'],
    ['workers', appServer.workers, 'appServer.workers'],
    ['threads', appServer.threads, 'appServer.threads'],
    ['worker_connections', appServer.workerConnections, 'appServer.workerConnections'],
    ['timeout', appServer.timeout, 'appServer.timeout'],
    ['graceful_timeout', appServer.gracefulTimeout, 'appServer.gracefulTimeout'],
    ...(asgi
      ? [
          [
            'asgi_disconnect_grace_period',
            appServer.asgiDisconnectGracePeriod,
            'appServer.asgiDisconnectGracePeriod',
          ] as const,
        ]
      : []),
    ['keepalive', appServer.keepalive, 'appServer.keepalive'],
    ['max_requests', appServer.maxRequests, 'appServer.maxRequests'],
    ['max_requests_jitter', appServer.maxRequestsJitter, 'appServer.maxRequestsJitter'],
    ['preload_app', appServer.preloadApp, 'appServer.preloadApp'],
    ['backlog', appServer.backlog, 'appServer.backlog'],
    ['limit_request_line', 0, 'bounded by nginx'],
    ['limit_request_field_size', 16384, 'as in nginx'],
    ['worker_tmp_dir', '/dev/shm', 'a heartbeat must not wait for a disk'],
    ['control_socket_disable', true],
  ];
  const known = settings.map(([name]) => name);
  const assignment = (name: string, value: unknown, from?: string) =>
    `${name} = ${pythonLiteral(value)}${from ? `  # ${from}` : ''}`;

  return lines(
    '# Comments name values of the plan.',
    appServer.preloadApp &&
      appServer.workerClass === 'gevent' && [
        'from gevent import monkey',
        '',
        // Django's connections would else be one greenlet's and serve no other (runtime/tests/test_fork.py).
        'monkey.patch_all()  # the worker would do it after the master has loaded the application: too late for locks and locals',
        '',
      ],
    appServer.preloadApp && 'import gc',
    requestGuard && input.answerHealth && 'import os',
    '',
    fork && 'import plumbline_fork',
    requestGuard && 'import plumbline_guard',
    !requestGuard && 'import plumbline_hop',
    orphans && 'import plumbline_orphans',
    loadsPages && 'import plumbline_pages',
    '',
    settings.map(([name, value, from]) =>
      extras[name] === undefined ? assignment(name, value, from) : assignment(name, extras[name], 'override'),
    ),
    Object.entries(extras)
      .filter(([name]) => !known.includes(name))
      .map(([name, value]) => assignment(name, value, 'override')),
    requestGuard && [
      '',
      'plumbline_guard.configure(',
      `    request_timeout=${plan.requestTimeout},  # requestTimeout`,
      `    queue_timeout=${plan.queueTimeout},  # queueTimeout`,
      `    proxy_read_timeout=${nginx.proxyReadTimeout},  # nginx.proxyReadTimeout`,
      `    slots=${appServer.slotsPerWorker},  # appServer.slotsPerWorker`,
      `    backlog=${appServer.backlog},  # appServer.backlog`,
      asgi && `    web_socket_ping=${webSocketPing(plan)},  # seconds`,
      `    answer_health=${input.answerHealth ? '"PLUMBLINE_HEALTH_PATH" not in os.environ' : 'False'},`,
      ')',
      !fork && 'post_worker_init = plumbline_guard.post_worker_init',
      !appServer.preloadApp && 'when_ready = plumbline_guard.when_ready',
    ],
    orphans && [
      !requestGuard && '',
      '# What killed workers have left in the database ends.',
      !appServer.preloadApp && 'on_starting = plumbline_orphans.on_starting',
      'child_exit = plumbline_orphans.child_exit',
    ],
    (fork || !requestGuard) && [
      '',
      '',
      'def post_worker_init(worker):',
      fork &&
        '    plumbline_fork.refuse_shared(worker)  # a connection that the master holds too carries rows of others',
      orphans && '    plumbline_orphans.post_worker_init(worker)',
      requestGuard
        ? '    plumbline_guard.post_worker_init(worker)'
        : [
            '    plumbline_pages.load_pages()  # not in the first request, which has a limit',
            `    plumbline_hop.mend(worker, request_timeout=${plan.requestTimeout}${asgi ? `, web_socket_ping=${webSocketPing(plan)}` : ''})  # requestTimeout`,
            '    open("/run/plumbline/serving", "w").close()  # from here on nginx calls a silent application busy, not dead',
          ],
    ],
    fork &&
      appServer.preloadApp && [
        '',
        '',
        'def pre_fork(arbiter, worker):',
        '    plumbline_fork.close_inherited()  # what the application opened when it was loaded',
        '',
        '',
      ],
    // A full collection writes to every object and so copies every shared page: the objects of the master are taken out.
    appServer.preloadApp && [
      'gc.disable()',
      '',
      '',
      'def on_starting(arbiter):',
      orphans && '    plumbline_orphans.on_starting(arbiter)',
      // Measured (bench/memory) with admin and an API: 34 MiB a worker without, 20 with. Before READY=1, from where on the watchdog counts.
      '    plumbline_pages.load_pages()  # in the master, so that its workers share them',
      '',
      '',
      'def when_ready(arbiter):',
      requestGuard && '    plumbline_guard.when_ready(arbiter)',
      '    gc.collect()',
      '    gc.freeze()  # pages of the application stay shared between master and workers',
      '',
      '',
      'def post_fork(arbiter, worker):',
      '    gc.enable()',
    ],
  );
}
