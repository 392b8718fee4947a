import { refuse } from '../plan/refuse';
import { renderAws } from './aws';
import {
  asksForPasswords,
  backgroundUnits,
  cacheOnInstance,
  databaseServer,
  isFixed,
  renderFiles,
  sqliteOnInstance,
} from './files';
import type { BootstrapInput, RenderedFile, S3Object } from './input';
import { RDS_BUNDLE } from './places';
import { refusals } from './refusals';
import { renderRunner } from './runner';
import { directoryOf, heredoc, lines, shellQuote, type Lines } from './text';
import { variables } from './variables';

/** cloud-init gets the script anew at each boot, and runs it the first time; from then on it runs by this link. */
const IN_PLACE: Lines = [
  'state=/var/lib/plumbline sum=$(sha256sum <"$0" | cut -c 1-64)',
  'mkdir -p $state /var/lib/cloud/scripts/per-boot',
  'if [ "$sum" = "$(cat $state/applied 2>/dev/null)" ]; then exit 0; fi',
  '# Until it has been applied, each boot tries again. So does the one that comes back when this one fails.',
  'rm -f $state/applied',
  'ln -sfn /var/lib/cloud/instance/scripts/part-001 /var/lib/cloud/scripts/per-boot/plumbline',
];

/**
 * The whole user data script: values, files, and the order of the steps. Steps that are the same on every machine are
 * in the files runtime/*.sh, which it fetches. Throws an Error that names every value that cannot be rendered.
 */
export function renderBootstrap(input: BootstrapInput): string {
  const problems = refusals(input);
  refuse(problems);

  const { operatingSystem, application, signal } = input;
  const { fetch } = application;
  const commands = input.extraCommands ?? [];
  const inPlace = input.dataVolume !== undefined;
  const server = databaseServer(input);
  const sqlite = sqliteOnInstance(input);
  const cache = cacheOnInstance(input);
  const workers = backgroundUnits(input);
  return [
    lines(
      '#!/bin/bash',
      `# Makes a machine with ${operatingSystem.title} serve ${application.wsgi}.`,
      'set -euo pipefail',
      'umask 022',
      'export HOME=/root TMPDIR=/var/tmp',
      '# The logs are on a tmpfs, so that a full disk is told too.',
      'step=start lib=/usr/local/lib/plumbline logs=/run/plumbline-bootstrap downloads=/var/lib/plumbline/downloads',
      "# What commands of the application say, and what it is made of, is nobody else's business.",
      'mkdir -p $lib',
      'install -d -m 700 $logs $downloads',
      inPlace && IN_PLACE,
      variables(input),
    ),
    renderAws(input.region, input.urlSuffix),
    renderRunner(signal, inPlace),
    lines(
      'fetch() {',
      '  { declare -p region suffix; declare -f imds credentials aws; } >$lib/aws.sh',
      object('$downloads/runtime.zip', input.runtime),
      '  rm -rf $lib/files',
      '  mkdir -m 700 $lib/files',
      '  python3 -I -m zipfile -e $downloads/runtime.zip $lib',
      fetch.kind === 's3' && object('$downloads/app.zip', fetch),
      input.database?.caBundle && ['  . $lib/plumbline_certificates.sh', `  rds_bundle ${RDS_BUNDLE}`],
      '}',
    ),
    lines(
      'configuration() {',
      '  cd $lib/files',
      renderFiles(input)
        .filter((file) => !isFixed(file))
        .map(staged),
      '  install_files',
      '}',
    ),
    ...commands.map((step, index) =>
      lines(
        `commands_${index}() {`,
        '  cd /srv/app/next',
        "  bash -euo pipefail /dev/fd/3 3<<'EOF'",
        step.commands,
        'EOF',
        '}',
      ),
    ),
    lines(
      'run fetch fetch',
      ['machine', 'release', 'service'].map((topic) => `. $lib/plumbline_${topic}.sh`),
      inPlace && '. $lib/plumbline_in_place.sh',
      input.media && '. $lib/plumbline_media.sh',
      server && '. $lib/plumbline_database.sh',
      sqlite && '. $lib/plumbline_sqlite.sh',
      input.database?.account && '. $lib/plumbline_account.sh',
      workers.length > 0 && '. $lib/plumbline_workers.sh',
      'run system system',
      inPlace && 'run data data',
      'run packages packages',
      input.application.python?.archive && 'run python fetch_python',
      'run tools tools',
      fetch.kind === 'git' && `run clone clone ${shellQuote(fetch.repository)} ${shellQuote(fetch.ref ?? 'HEAD')}`,
      'run dependencies dependencies',
      'run configuration configuration',
      input.media && 'run media media',
      input.secrets.length > 0 && 'run secrets bash $lib/plumbline_secrets.sh write',
      asksForPasswords(input) && `run passwords passwords ${operatingSystem.nginxGroup}`,
      server && 'run database database',
      sqlite && 'run database sqlite',
      input.database?.account && 'run account account',
      input.database?.pooled && 'run pgbouncer start_again pgbouncer',
      cache && 'run cache start_again $cache_unit /etc/plumbline/cache.conf',
      'run django django',
      input.database && (input.migrate ?? true) && 'run migrate migrate',
      commands.map((step, index) => `run ${shellQuote(step.name)} commands_${index}`),
      'run check check',
      'run serve serve',
      workers.length > 0 && `run workers start_workers ${workers.join(' ')}`,
      inPlace && [['settle', ...workers].join(' '), 'echo "$sum" >$state/applied'],
      signal && ['step=signal', `${inPlace ? 'tell' : 'signal'} SUCCESS "$(imds meta-data/instance-id)"`],
      'echo "== served after $SECONDS s"',
    ),
  ].join('\n');
}

/** A file that holds tokens, beside those that came with the runtime. */
function staged({ path, text }: RenderedFile): string {
  const relative = path.slice(1);
  return `  mkdir -p ${directoryOf(relative)}\n${heredoc(relative, text)}`;
}

function object(file: string, { bucket, key, region }: S3Object): string {
  return `  ${region === undefined ? '' : `region=${region} `}s3 ${file} '${bucket}' '${key}'`;
}
