import { renderAws } from './aws';
import { renderGunicornConf } from './gunicorn';
import type { BootstrapInput, S3Object } from './input';
import { renderNginxConf } from './nginx';
import { refusals } from './refusals';
import { renderRunner } from './runner';
import { renderGunicornService, renderGunicornSocket, renderNginxDropIn } from './systemd';
import { environmentLine, heredoc, lines, shellQuote } from './text';

/** The rules of the plan were checked against this version: drains and timeouts differ between versions. */
const GUNICORN = '27.0.1';

const UNITS = '/etc/systemd/system';

/**
 * The whole user data script: values, files, and the order of the steps. Steps that are the same on every machine are
 * in runtime/plumbline_machine.sh, which it fetches. Throws an Error that names every value that cannot be rendered.
 */
export function renderBootstrap(input: BootstrapInput): string {
  const problems = refusals(input);
  if (problems.length > 0) throw new Error(problems.join('\n'));

  const { operatingSystem, application, signal } = input;
  const { fetch } = application;
  const commands = input.extraCommands ?? [];
  return [
    lines(
      '#!/bin/bash',
      `# Makes a machine with ${operatingSystem.title} serve ${application.wsgi}.`,
      'set -euo pipefail',
      'umask 022',
      'export HOME=/root TMPDIR=/var/tmp',
      '# The logs are on a tmpfs, so that a full disk is told too.',
      'step=start lib=/usr/local/lib/plumbline logs=/run/plumbline-bootstrap',
      'mkdir -p $lib $logs',
      variables(input),
    ),
    renderAws(input.region, input.urlSuffix),
    renderRunner(signal),
    lines(
      'fetch() {',
      '  { declare -p region suffix; declare -f imds credentials aws; } >$lib/aws.sh',
      object('/var/tmp/runtime.zip', input.runtime),
      '  python3 -m zipfile -e /var/tmp/runtime.zip $lib',
      fetch.kind === 's3' && object('/var/tmp/app.zip', fetch),
      '}',
    ),
    configuration(input),
    ...commands.map((step, index) =>
      lines(
        `commands_${index}() {`,
        '  cd /srv/app/current',
        "  bash -euo pipefail /dev/fd/3 3<<'EOF'",
        step.commands,
        'EOF',
        '}',
      ),
    ),
    lines(
      'run fetch fetch',
      '. $lib/plumbline_machine.sh',
      'run system system',
      'run packages packages',
      'run tools tools',
      fetch.kind === 'git' && `run clone clone ${shellQuote(fetch.repository)} ${shellQuote(fetch.ref ?? 'HEAD')}`,
      'run dependencies dependencies',
      'run configuration configuration',
      input.secrets.length > 0 && 'run secrets bash $lib/plumbline_secrets.sh',
      'run django django',
      commands.map((step, index) => `run ${shellQuote(step.name)} commands_${index}`),
      'run check check',
      'run serve serve',
      signal && ['step=signal', 'signal SUCCESS "$(imds meta-data/instance-id)"'],
      'echo "== served after $SECONDS s"',
    ),
  ].join('\n');
}

/** What the steps in runtime/plumbline_machine.sh read. */
function variables(input: BootstrapInput): string[] {
  const { plan, operatingSystem, application } = input;
  const packages = [
    ...operatingSystem.pythonPackages,
    ...(application.fetch.kind === 'git' ? [operatingSystem.gitPackage] : []),
  ];
  const gunicorn = plan.appServer.workerClass === 'gevent' ? 'gunicorn[gevent]' : 'gunicorn';
  return [
    `package_manager=${operatingSystem.packageManager} packages='${packages.join(' ')}' python=${operatingSystem.python}`,
    `gunicorn='${gunicorn}==${GUNICORN}' wsgi=${shellQuote(application.wsgi)} settings_module=${shellQuote(input.environment.DJANGO_SETTINGS_MODULE ?? '')}`,
    `health_path=${healthCheckPath(input)} answer_health=${answersHealth(input)}`,
    '# memory.swap, appServer.backlog, appServer.timeoutStartSec',
    `swap=${plan.memory.swap} backlog=${plan.appServer.backlog} start_timeout=${plan.appServer.timeoutStartSec}`,
  ];
}

function configuration(input: BootstrapInput): string {
  const { plan, operatingSystem, application } = input;
  const secrets = input.secrets.length > 0;
  const files: ReadonlyArray<readonly [path: string, text: string]> = [
    ['/etc/nginx/nginx.conf', renderNginxConf({ ...input, healthCheckPath: healthCheckPath(input) })],
    [
      '/etc/gunicorn/gunicorn.conf.py',
      renderGunicornConf({
        plan,
        wsgi: application.wsgi,
        healthCheckPath: healthCheckPath(input),
        answerHealth: answersHealth(input),
      }),
    ],
    [
      '/etc/gunicorn/environment',
      lines(
        environmentLine('PLUMBLINE_ALLOWED_HOSTS', input.allowedHosts.join(',')),
        Object.entries(input.environment).map(([name, value]) => environmentLine(name, value)),
      ),
    ],
    ...(secrets
      ? [
          [
            '/etc/gunicorn/secrets',
            lines(
              input.secrets.map(({ name, kind, id, jsonField }) => `${name} ${kind} ${id} ${jsonField ?? ''}`.trim()),
            ),
          ] as const,
        ]
      : []),
    [`${UNITS}/gunicorn.service`, renderGunicornService(plan, secrets)],
    [`${UNITS}/gunicorn.socket`, renderGunicornSocket(plan, operatingSystem)],
    [`${UNITS}/nginx.service.d/plumbline.conf`, renderNginxDropIn(plan)],
  ];
  return lines(
    'configuration() {',
    `  mkdir -p /etc/gunicorn ${UNITS}/nginx.service.d`,
    '  install -m 640 -g app /dev/null /etc/gunicorn/environment',
    files.map(([path, text]) => heredoc(path, text)),
    '  install_units',
    '  fit_nginx',
    '}',
  );
}

function object(file: string, { bucket, key }: S3Object): string {
  return `  s3 ${file} '${bucket}' '${key}'`;
}

function healthCheckPath(input: BootstrapInput): string {
  return input.healthCheckPath ?? '/health';
}

/** Without a path of the application's own, the health check is answered for it. */
function answersHealth(input: BootstrapInput): boolean {
  return input.healthCheckPath === undefined;
}
