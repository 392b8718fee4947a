import type { Plan } from '../plan/plan';
import { webSockets } from '../plan/queue-plan';
import { leavesOrphans } from './gunicorn';
import type { ApplicationLayout } from './input';
import type { OperatingSystemProfile } from './operating-systems';
import { RELEASE } from './places';
import { lines, type Lines } from './text';

/** Where unit files that no package brings lie. */
export const UNITS = '/etc/systemd/system';

/**
 * Where the application asks root for its secrets: plumbline_secrets.py. Wanted, not required: a unit whose requirement fails is not
 * started again, and the secrets may be there a second later.
 */
export const SECRETS_SOCKET = 'plumbline_secrets.socket';

/** The programs of the release that serves. */
export const BIN = '/srv/app/current/.venv/bin';

/** What no process needs but root's: the service that gives out the credentials of the instance's role. */
export const NO_METADATA = 'IPAddressDeny=169.254.169.254 fd00:ec2::254';

/** What the processes of the application live with. */
export interface Neighbours {
  /** Units on the same machine that they talk to: the database, the cache. */
  readonly units: readonly string[];
  /** Whether there are secrets to fetch before each start. */
  readonly secrets: boolean;
  /** Folders on the volume for data that they write to themselves. @default - none */
  readonly data?: readonly string[];
  /** Where the files of the release are. */
  readonly layout?: ApplicationLayout;
}

/** Orders a unit after those that it needs, and starts them with it; it runs on while one of them restarts. */
export function after({ units, secrets, data = [] }: Neighbours, ...more: readonly string[]): string {
  const asked = secrets ? [SECRETS_SOCKET] : [];
  const names = [...more, 'network-online.target', ...asked, ...units.map((unit) => `${unit}.service`)];
  // in fstab already, and no wish for it: a folder that is not there says so, again and again until it is
  const volume = data.length > 0 ? ['srv-data.mount'] : [];
  return lines(
    `After=${[...names, ...volume].join(' ')}`,
    `Wants=${names.filter((name) => !more.includes(name)).join(' ')}`,
  ).trimEnd();
}

/** What every process of the application runs as, where, and with which environment. */
export function applicationService(runtimeDirectory: string, { secrets, data = [], layout }: Neighbours): Lines {
  const { workingDirectory, pythonPath = [] } = layout ?? {};
  const path = ['/usr/local/lib/plumbline', ...pythonPath.map(inRelease)];
  return [
    'User=app',
    'Group=app',
    `WorkingDirectory=${inRelease(workingDirectory)}`,
    `RuntimeDirectory=${runtimeDirectory}`,
    'StateDirectory=app',
    'UMask=0027',
    `Environment=PATH=${BIN}:/usr/local/bin:/usr/bin PYTHONPATH=${path.join(':')} PYTHONUNBUFFERED=1`,
    '# Where it may write: files of its own, and on the disk, since /tmp is memory on some systems.',
    'Environment=HOME=/var/lib/app XDG_CACHE_HOME=/var/lib/app/.cache TMPDIR=/var/tmp',
    data.length > 0 && ['# On the volume for data, without which nothing starts.', `ReadWritePaths=${data.join(' ')}`],
    'EnvironmentFile=/etc/gunicorn/environment',
    secrets && [
      "# In a folder of root's, whose part it is to fetch them; who asks is the application's user.",
      'EnvironmentFile=-/run/plumbline-secrets/environment',
      'ExecStartPre=/usr/bin/python3 -I /usr/local/lib/plumbline/plumbline_secrets.py write',
    ],
  ];
}

/** A folder of the release that serves. */
function inRelease(folder: string = '.'): string {
  return folder === '.' ? RELEASE : `${RELEASE}/${folder}`;
}

/** What every service of the application is limited to. */
export const SERVICE_LIMITS: Lines = [
  'LimitNOFILE=65536',
  '# A core is as large as a worker, and holds all that it knows.',
  'LimitCORE=0',
  'CapabilityBoundingSet=',
  'PrivateUsers=yes',
  'SystemCallFilter=@system-service',
  'SystemCallFilter=~@privileged @resources',
];

/** The end of every service of the application that runs on. */
export const SERVICE_END: Lines = [
  'Restart=always',
  'RestartSec=1',
  '# A process that the kernel kills for memory is replaced by its parent.',
  'OOMPolicy=continue',
  SERVICE_LIMITS,
  '',
  '[Install]',
  'WantedBy=multi-user.target',
];

/** gunicorn.service. */
export function renderGunicornService(plan: Plan, neighbours: Neighbours): string {
  const { appServer } = plan;
  const config = '--config /etc/gunicorn/gunicorn.conf.py';
  return lines(
    '[Unit]',
    'Description=The web application, served by gunicorn',
    'Requires=gunicorn.socket',
    after(neighbours, 'gunicorn.socket'),
    '# Restarts never give up.',
    'StartLimitIntervalSec=0',
    '',
    '[Service]',
    'Type=notify',
    'NotifyAccess=main',
    applicationService('plumbline', neighbours),
    // glibc gives each thread a heap of its own: 44 -> 34 MiB a worker with 5 threads.
    appServer.workerClass === 'gthread' && 'Environment=MALLOC_ARENA_MAX=2',
    `ExecStart=${BIN}/gunicorn ${config}`,
    '# A reload of code that does not import would end the whole server: it is tried first.',
    `ExecReload=${BIN}/python -m plumbline_check ${config}`,
    'ExecReload=/bin/kill -s HUP $MAINPID',
    leavesOrphans(plan) && [
      "# The next start ends what this one's workers have left in the database; whether it serves is yet to be seen.",
      'RuntimeDirectoryPreserve=restart',
      'ExecStopPost=/bin/rm -f /run/plumbline/serving',
    ],
    'KillMode=mixed',
    '# appServer.timeoutStartSec, .timeoutStopSec, .watchdogSec',
    `TimeoutStartSec=${appServer.timeoutStartSec}`,
    `TimeoutStopSec=${appServer.timeoutStopSec}`,
    appServer.watchdogSec > 0 && `WatchdogSec=${appServer.watchdogSec}`,
    SERVICE_END,
  );
}

/** gunicorn.socket: the queue outlives the service. */
export function renderGunicornSocket(plan: Plan, operatingSystem: OperatingSystemProfile): string {
  return lines(
    '[Socket]',
    'ListenStream=/run/gunicorn/app.sock',
    'ListenStream=/run/gunicorn/health.sock',
    `SocketGroup=${operatingSystem.nginxGroup}`,
    'SocketMode=0660',
    '# appServer.backlog',
    `Backlog=${plan.appServer.backlog}`,
    'TriggerLimitIntervalSec=0',
    '',
    '[Install]',
    'WantedBy=sockets.target',
  );
}

/**
 * Drop-in for the packaged nginx.service, which gives requests 5 seconds when it stops.
 *
 * @param passwords units that fetch what nginx asks for
 */
export function renderNginxDropIn(plan: Plan, passwords: readonly string[] = []): string {
  return lines(
    '[Unit]',
    `After=${['gunicorn.service', ...passwords].join(' ')}`,
    `Wants=${['gunicorn.service', ...passwords].join(' ')}`,
    'StartLimitIntervalSec=0',
    '',
    '[Service]',
    'ExecStop=',
    webSockets(plan) > 0 && [
      '# The application closes its WebSockets, for which nginx would wait to the end: plumbline_websockets.py.',
      'ExecStartPre=/bin/rm -f /run/plumbline-stopping',
      'ExecStop=/usr/bin/touch /run/plumbline-stopping',
    ],
    'KillSignal=SIGQUIT',
    'KillMode=mixed',
    '# nginx.timeoutStopSec, 2 x nginx.workerConnections',
    `TimeoutStopSec=${plan.nginx.timeoutStopSec}`,
    `LimitNOFILE=${plan.nginx.workerConnections * 2}`,
    'Restart=always',
    'RestartSec=1',
    'ReadWritePaths=/run /var/lib/nginx /var/log/nginx /var/spool/nginx',
    'CapabilityBoundingSet=CAP_CHOWN CAP_DAC_OVERRIDE CAP_KILL CAP_NET_BIND_SERVICE CAP_SETGID CAP_SETUID',
    'SystemCallFilter=@system-service',
    NO_METADATA,
  );
}
