import type { SignalTarget } from './input';
import { lines } from './text';

/** Seconds that CloudFormation waits where a creation policy does not say how long. */
const DEFAULT_TIMEOUT = 300;

/** Seconds of these in which a machine can still say why a step does not end. */
const TO_SAY_WHY = 60;

/** How steps run, and what happens when one fails: the reason reaches the console and CloudFormation. */
export function renderRunner(signal: SignalTarget | undefined, inPlace: boolean): string {
  return lines(
    'run() { # step, command',
    '  step=$1 began=$EPOCHSECONDS',
    '  echo "== $step after $SECONDS s"',
    '  "${@:2}" 2>&1 | tee "$logs/$step"',
    '}',
    signal && [
      '# A command of the application that runs on is ended while somebody waits for the reason.',
      `export deadline=$((EPOCHSECONDS + ${(signal.timeout ?? DEFAULT_TIMEOUT) - TO_SAY_WHY}))`,
      'signal() { # status, unique id: the one text that its event shows',
      '  aws cloudformation -o /dev/null --data-urlencode Action=SignalResource --data-urlencode Version=2010-05-15 \\',
      `    --data-urlencode 'StackName=${signal.stack}' --data-urlencode 'LogicalResourceId=${signal.logicalId}' \\`,
      '    --data-urlencode "Status=$1" --data-urlencode "UniqueId=${2:0:64}" "https://cloudformation.$region.$suffix/"',
      '}',
      // An update makes what waits for the signal once the machine has started: perhaps long after the machine is through.
      inPlace && [
        'repeat() { # status, unique ids: until they are taken; after a rollback nobody waits',
        '  local id',
        '  for id in "${@:2}"; do',
        '    until signal "$1" "$id" 2>/dev/null; do',
        `      if [ $SECONDS -ge ${signal.timeout ?? DEFAULT_TIMEOUT} ]; then echo "nobody waits for $1 any more"; return; fi`,
        '      sleep $((SECONDS < 60 ? 5 : 15))',
        '    done',
        '  done',
        '  echo "CloudFormation has taken $1"',
        '}',
        'tell() { # status, unique ids',
        '  echo "== CloudFormation is told $1: journalctl -u plumbline-signal"',
        '  { declare -p region suffix; declare -f imds credentials aws signal repeat; echo "repeat ${*@Q}"; } >$logs/tell',
        '  systemctl stop plumbline-signal 2>/dev/null || true',
        '  systemd-run -q --collect --unit plumbline-signal bash $logs/tell',
        '}',
      ],
    ],
    'finish() {',
    '  local status=$? reason',
    '  if [ $status = 0 ]; then return; fi',
    '  set +e',
    '  # Where the runtime could not be fetched, all that is known is what curl and AWS have said.',
    '  reason=$(why $status 2>/dev/null) || reason=$(tail -n 1 "$logs/$step" | sed "s/^ *//" | tr -cd "[:print:]")',
    '  echo "== $step failed: $reason" | tee /dev/console',
    inPlace && '  if declare -F restore >/dev/null; then restore; fi',
    signal &&
      (inPlace
        ? '  tell FAILURE "$step: $reason" "$(imds meta-data/instance-id)"'
        : ['  signal FAILURE "$step: $reason"', '  signal FAILURE "$(imds meta-data/instance-id)"']),
    '  exit $status',
    '}',
    'trap finish EXIT',
  );
}
