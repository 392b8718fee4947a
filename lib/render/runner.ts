import type { SignalTarget } from './input';
import { lines } from './text';

/** How steps run, and what happens when one fails: the reason reaches the console and CloudFormation. */
export function renderRunner(signal: SignalTarget | undefined, inPlace: boolean): string {
  return lines(
    'run() { # step, command',
    '  step=$1',
    '  echo "== $step after $SECONDS s"',
    '  "${@:2}" 2>&1 | tee "$logs/$step"',
    '}',
    signal && [
      // An update makes what waits for the signal once the machine has started: perhaps after the machine is through.
      inPlace && [
        'tell() { # command: for a minute, since after a rollback nobody waits',
        '  local end=$((SECONDS + 60))',
        '  until "$@" || [ $SECONDS -ge $end ]; do sleep 5; done',
        '}',
      ],
      'signal() { # status, unique id: the one text that its event shows',
      '  aws cloudformation -o /dev/null --data-urlencode Action=SignalResource --data-urlencode Version=2010-05-15 \\',
      `    --data-urlencode 'StackName=${signal.stack}' --data-urlencode 'LogicalResourceId=${signal.logicalId}' \\`,
      '    --data-urlencode "Status=$1" --data-urlencode "UniqueId=${2:0:64}" "https://cloudformation.$region.$suffix/"',
      '}',
    ],
    'finish() {',
    '  local status=$? reason',
    '  if [ $status = 0 ]; then return; fi',
    '  set +e',
    '  # apt tells the cause first, everything else last',
    '  reason=$(grep -m 1 \'^E: \' "$logs/$step" || sed \'/^ *\\(hint:.*\\)\\?$/d\' "$logs/$step" | tail -n 1)',
    "  reason=$(sed -E 's/^ *((cause|error|E|curl): *)*(Because )?//; s/https?:[^ ]+ +//' <<<\"$reason\" | tr -cd '[:print:]')",
    '  echo "== $step failed: $reason" | tee /dev/console',
    inPlace && '  if declare -F restore >/dev/null; then restore; fi',
    signal && [
      `  ${inPlace ? 'tell ' : ''}signal FAILURE "$step: $reason"`,
      '  signal FAILURE "$(imds meta-data/instance-id)"',
    ],
    '  exit $status',
    '}',
    'trap finish EXIT',
  );
}
