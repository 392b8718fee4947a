import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { renderRunner } from '../../lib/render/runner';

/** Runs the script after its functions; CloudFormation takes a signal at the attempt of this number. */
function run(script: string, { takenAt = 1, timeout = 900 }: { takenAt?: number; timeout?: number } = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'plumbline-'));
  const bin = join(folder, 'bin');
  mkdirSync(bin);
  const fake = (name: string, text: string) =>
    writeFileSync(join(bin, name), `#!/bin/bash\n${text}\n`, { mode: 0o755 });
  fake('systemctl', `echo "systemctl $*" >>${folder}/units`);
  // in the foreground, so that the test sees its end
  fake(
    'systemd-run',
    `echo "systemd-run $*" >>${folder}/units; while [ "$1" != bash ]; do shift; done; exec "$@" >${folder}/journal`,
  );
  fake('sleep', `echo "$1" >>${folder}/pauses; exec /bin/sleep 0.05`);
  fake('journalctl', 'echo "Memory cgroup out of memory: Killed process 7 (python) total-vm:1kB"');
  fake('install', `cp "$3" ${folder}/kept`);
  const prelude = [
    `set -euo pipefail; step=start logs=${folder} region=r suffix=s`,
    'imds() { echo i-0123; }; credentials() { :; }',
    `aws() { for part; do case $part in Status=*|UniqueId=*) echo "$part"; esac; done >>${folder}/signals; [ $(grep -c Status <${folder}/signals) -ge ${takenAt} ]; }`,
  ];
  const text = [...prelude, renderRunner({ stack: 'S', logicalId: 'L', timeout }, true), script].join('\n');
  const read = (name: string) => (existsSync(join(folder, name)) ? readFileSync(join(folder, name), 'utf8') : '');
  const environment = { ...process.env, PATH: `${bin}:${process.env.PATH}` };
  const output = spawnSync('bash', ['-c', text], { env: environment }).stdout;
  return {
    output: output.toString(),
    journal: read('journal'),
    signals: read('signals'),
    units: read('units'),
    pauses: read('pauses'),
    kept: read('kept'),
  };
}

describe('a machine that is changed in place tells CloudFormation', () => {
  test('in a unit of its own, so that nothing waits for it, and the log says where to look', () => {
    const { output, units } = run('tell SUCCESS i-0123');
    expect(output).toBe('== CloudFormation is told SUCCESS: journalctl -u plumbline-signal\n');
    expect(units).toMatch(/^systemctl stop plumbline-signal\nsystemd-run .*--collect --unit plumbline-signal bash /);
  });

  test('until it is heard, however late what waits for it is made', () => {
    const { journal, signals } = run('tell SUCCESS i-0123', { takenAt: 20 });
    expect(signals).toBe('Status=SUCCESS\nUniqueId=i-0123\n'.repeat(20));
    expect(journal).toBe('CloudFormation has taken SUCCESS\n');
  });

  test('for as long as anybody would wait, and not for ever where a rollback has left nobody who does', () => {
    const { journal, signals } = run('tell SUCCESS i-0123', { takenAt: Infinity, timeout: 2 });
    expect(journal).toBe('nobody waits for SUCCESS any more\n');
    expect(signals.split('Status').length).toBeGreaterThan(2);
  });

  test('each of its reasons, whatever is in them', () => {
    const reason = `serve: it's "bad" $HOME \`id\` \\n`;
    const { signals } = run(`tell FAILURE ${JSON.stringify(reason).replace(/[$`]/g, '\\$&')} i-0123`);
    expect(signals).toBe(`Status=FAILURE\nUniqueId=${reason}\nStatus=FAILURE\nUniqueId=i-0123\n`);
  });
});

describe('a step that fails', () => {
  const runtime = join(__dirname, '../../runtime');
  const sourced = `lib=${runtime}; . $lib/plumbline_machine.sh`;

  test('tells what the runtime reads in all that it has said, and what the kernel did meanwhile', () => {
    const { output, signals, kept } = run(`${sourced}; fail() { echo collecting; return 1; }; run django fail`);
    expect(output).toContain('== django failed: out of memory: Killed process 7 (python)\n');
    expect(signals).toContain('UniqueId=django: out of memory: Killed process 7 (python)\n');
    expect(kept).toBe('collecting\nMemory cgroup out of memory: Killed process 7 (python) total-vm:1kB\n');
  });

  test('tells the last line where the runtime is what cannot be fetched', () => {
    const { signals } = run(`fail() { echo '  AccessDenied User: me'; return 22; }; run fetch fail`);
    expect(signals).toContain('UniqueId=fetch: AccessDenied User: me\n');
  });
});

test('a creation policy says how long', () => {
  const timeoutOf = (timeout?: number) =>
    /SECONDS -ge (\d+)/.exec(renderRunner({ stack: 'S', logicalId: 'L', timeout }, true))?.[1];
  expect([timeoutOf(43200), timeoutOf()]).toEqual(['43200', '300']);
});

test('a machine that is replaced tells once: what waits for it was there before', () => {
  expect(renderRunner({ stack: 'S', logicalId: 'L', timeout: 900 }, false)).not.toContain('repeat');
});
