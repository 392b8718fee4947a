/**
 * Writes the generated parts of README.md and of docs/reference between their markers: what each setting becomes, sizes and workers, the
 * rules.
 *
 *     npx tsx scripts/generated-pages.ts
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { explainPlan, INSTANCE_SIZES, planRequestPath, RULES, type Rule } from '../lib/plan';
import { LADDER_PLAN } from './ladder';

const table = (head: string[], rows: string[][]) =>
  [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');

const sizes = () =>
  table(
    ['size', 'vCPU', 'GiB', 'CPU for ever', 'workers × threads', 'slots', '`max_conns`', 'swap'],
    INSTANCE_SIZES.filter(({ instanceType }) => instanceType.startsWith('t3.')).map((size) => {
      const { plan, violations } = planRequestPath({ instanceType: size.instanceType });
      const cpu = `${size.baselinePercent} % of each`;
      const head = [size.instanceType, `${size.vcpus}`, `${size.memoryMiB / 1024}`, cpu];
      if (violations.some(({ severity }) => severity === 'error'))
        return [...head, 'refused: not one worker fits', '', '', ''];
      const { workers, threads, slots } = plan.appServer;
      const swap = plan.memory.swap ? `${plan.memory.swap} MiB` : 'none';
      return [...head, `${workers} × ${threads}`, `${slots}`, `${plan.nginx.maxConns}`, swap];
    }),
  );

const side = ({ name, value }: Rule['left']) => name || String(value(LADDER_PLAN));

const rules = () =>
  table(
    ['rule', 'inequality', 'else', 'source'],
    RULES.map((rule) => [
      rule.severity === 'warning' ? `${rule.id} (warning)` : rule.id,
      `${side(rule.left)} ${rule.relation} ${side(rule.right)}`,
      rule.breaks,
      rule.source,
    ]),
  );

/** The lines of the plan that say what this is about. */
const LADDER = [
  ...['statement timeout', 'deadline', 'timeout', 'proxy_read_timeout', 'idle_timeout.timeout_seconds'],
  ...['keepalive_timeout', 'workers', 'max_conns'],
];

const plan = () => explainPlan(LADDER_PLAN).trimEnd();

const ladder = () => {
  const [head, line, ...rows] = plan().split('\n');
  return [head, line, ...rows.filter((row) => LADDER.includes(row.split('`')[1]!))].join('\n');
};

const PARTS = { ladder, plan, sizes, rules };

/** Pages that have a generated part, by its name. */
export const PAGES: Readonly<Record<string, keyof typeof PARTS>> = {
  'README.md': 'ladder',
  'docs/reference/plan.md': 'plan',
  'docs/reference/sizes.md': 'sizes',
  'docs/reference/rules.md': 'rules',
};

/** A page with its generated part made anew. */
export function withPart(page: string, text: string): string {
  const name = PAGES[page]!;
  const [begin, end] = [`<!-- generated: ${name} -->`, `<!-- end: ${name} -->`];
  const [from, to] = [text.indexOf(begin), text.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`${page} has no part between ${begin} and ${end}`);
  return `${text.slice(0, from + begin.length)}\n\n${PARTS[name]()}\n\n${text.slice(to)}`;
}

if (require.main === module) {
  for (const page of Object.keys(PAGES)) {
    const path = resolve(__dirname, '..', page);
    writeFileSync(path, withPart(page, readFileSync(path, 'utf8')));
  }
}
