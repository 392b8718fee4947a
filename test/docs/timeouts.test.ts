import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { planRequestPath, type DatabaseEngineName, type PlanInput } from '../../lib/plan';
import { OPERATING_SYSTEMS, renderBootstrap, renderFiles, type BootstrapInput } from '../../lib/render';
import { rdsParameters } from '../../lib/rds-parameters';
import { bootstrapInput } from '../support/bootstrap-input';

const PAGE = readFileSync(join(__dirname, '../../docs/reference/timeouts.md'), 'utf8').toLowerCase();
const RUNTIME = join(__dirname, '../../runtime');

/** A word that names a time limit, in any program's spelling. */
const NAME = /[\w:.-]*(?:timeout|grace_period|max-time|speed-?time|time-limit|time_limit)\w*|\b\w+Sec(?==)/gi;

/** Our own words for the same: fields of the plan, arguments of the guard, variables of the environment and of the shell; exceptions and functions. */
const OWN =
  /^(PLUMBLINE_\w+|timeout|\w*[a-z]Timeout\w*|(request|queue|proxy_read|start|task)_timeout|TimeoutExpired|TimeoutError|--timeout|time_limit_problems|is_lock_timeout|[gs]ettimeout)$/;

const COMMENT = /^\s*(#|;|\/\/|\*).*$|  # .*$/;

const namesIn = (text: string) =>
  text
    .split('\n')
    .map((line) => line.replace(COMMENT, ''))
    .flatMap((line) => line.match(NAME) ?? [])
    // of an attribute in Python, its name
    .map((name) => name.slice(name.lastIndexOf('.') + 1));

const INPUTS: Array<Partial<PlanInput>> = [
  { workerClass: 'asgi', loadBalancer: 'network' },
  ...(['mysql', 'mariadb', 'postgresql'] as DatabaseEngineName[]).map((engine) => ({
    instanceType: 't3.large',
    database: { engine, host: 'instance' as const },
    cache: { host: 'instance' as const },
  })),
];

function rendered(): string[] {
  return INPUTS.flatMap((input) => {
    const { plan } = planRequestPath({ instanceType: 't3.small', ...input });
    const operatingSystem = OPERATING_SYSTEMS[plan.database?.engine === 'mysql' ? 'ubuntu-24.04' : 'debian-13'];
    const machine: Partial<BootstrapInput> = { plan, operatingSystem, database: plan.database && { onInstance: true } };
    return [
      ...renderFiles(bootstrapInput(machine)).map(({ text }) => text),
      renderBootstrap(bootstrapInput(machine)),
      ...(plan.database ? [Object.keys(rdsParameters(plan.database)).join('\n')] : []),
    ];
  });
}

const runtime = () =>
  readdirSync(RUNTIME)
    .filter((name) => /^plumbline_.*\.(sh|py|conf|service|timer|socket)$/.test(name))
    .map((name) => readFileSync(join(RUNTIME, name), 'utf8').replace(/"""[\s\S]*?"""/g, ''));

test('every time limit that a machine is given is on the page of timeouts', () => {
  const names = new Set([...rendered(), ...runtime()].flatMap(namesIn).filter((name) => !OWN.test(name)));
  expect(names.size).toBeGreaterThan(25);
  expect([...names].filter((name) => !PAGE.includes(name.replace(/^-+o?/, '').toLowerCase()))).toEqual([]);
});

test.each([
  'proxy_send_timeout',
  'asgi_disconnect_grace_period',
  'innodb_lock_wait_timeout',
  'TimeoutStopSec',
  'lock_wait_timeout',
])('the search for time limits finds %s', (name) => expect(rendered().flatMap(namesIn)).toContain(name));
