import type { Plan } from '../plan/plan';
import type { OperatingSystemProfile } from './operating-systems';
import { lines } from './text';

/** gunicorn.service. `secrets`: whether there are secrets to fetch before each start. */
export function renderGunicornService(plan: Plan, secrets: boolean): string {
  const { appServer } = plan;
  const gunicorn = '/srv/app/current/.venv/bin/gunicorn --config /etc/gunicorn/gunicorn.conf.py';
  return lines(
    '[Unit]',
    'Description=The web application, served by gunicorn',
    'Requires=gunicorn.socket',
    'After=gunicorn.socket network-online.target',
    'Wants=network-online.target',
    '# Restarts never give up.',
    'StartLimitIntervalSec=0',
    '',
    '[Service]',
    'Type=notify',
    'NotifyAccess=main',
    'User=app',
    'Group=app',
    'WorkingDirectory=/srv/app/current',
    'RuntimeDirectory=plumbline',
    'StateDirectory=app',
    'UMask=0027',
    'Environment=PYTHONPATH=/usr/local/lib/plumbline PYTHONUNBUFFERED=1',
    // glibc gives each thread a heap of its own: 44 -> 34 MiB a worker with 5 threads.
    appServer.workerClass === 'gthread' && 'Environment=MALLOC_ARENA_MAX=2',
    'EnvironmentFile=/etc/gunicorn/environment',
    secrets && [
      'EnvironmentFile=-/run/plumbline/secrets.env',
      'ExecStartPre=+/bin/bash /usr/local/lib/plumbline/plumbline_secrets.sh',
    ],
    `ExecStart=${gunicorn}`,
    '# A reload of code that does not import would end the whole server: it is tried first.',
    `ExecReload=${gunicorn} --check-config`,
    'ExecReload=/bin/kill -s HUP $MAINPID',
    'KillMode=mixed',
    '# appServer.timeoutStartSec, .timeoutStopSec, .watchdogSec',
    `TimeoutStartSec=${appServer.timeoutStartSec}`,
    `TimeoutStopSec=${appServer.timeoutStopSec}`,
    appServer.watchdogSec > 0 && `WatchdogSec=${appServer.watchdogSec}`,
    'Restart=always',
    'RestartSec=1',
    '# A worker that the kernel kills for memory is replaced by the master.',
    'OOMPolicy=continue',
    'LimitNOFILE=65536',
    'CapabilityBoundingSet=',
    'PrivateUsers=yes',
    'SystemCallFilter=@system-service',
    'SystemCallFilter=~@privileged @resources',
    '',
    '[Install]',
    'WantedBy=multi-user.target',
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

/** Drop-in for the packaged nginx.service, which gives requests 5 seconds when it stops. */
export function renderNginxDropIn(plan: Plan): string {
  return lines(
    '[Unit]',
    'After=gunicorn.service',
    'Wants=gunicorn.service',
    'StartLimitIntervalSec=0',
    '',
    '[Service]',
    'ExecStop=',
    'KillSignal=SIGQUIT',
    'KillMode=mixed',
    '# nginx.timeoutStopSec, 2 x nginx.workerConnections',
    `TimeoutStopSec=${plan.nginx.timeoutStopSec}`,
    `LimitNOFILE=${plan.nginx.workerConnections * 2}`,
    'Restart=always',
    'RestartSec=1',
    'ReadWritePaths=/run /var/lib/nginx /var/log/nginx',
    'CapabilityBoundingSet=CAP_CHOWN CAP_DAC_OVERRIDE CAP_KILL CAP_NET_BIND_SERVICE CAP_SETGID CAP_SETUID',
    'SystemCallFilter=@system-service',
  );
}
