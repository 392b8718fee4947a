/**
 * Writes the generated parts of README.md between their markers: what each setting becomes, sizes and workers, the rules.
 *
 *     npx tsx scripts/readme-tables.ts
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

const PARTS: Record<string, () => string> = { plan: () => explainPlan(LADDER_PLAN).trimEnd(), sizes, rules };

/** A README with its generated parts made anew. */
export function withTables(readme: string): string {
  return Object.entries(PARTS).reduce((text, [name, render]) => {
    const [begin, end] = [`<!-- generated: ${name} -->`, `<!-- end: ${name} -->`];
    const [from, to] = [text.indexOf(begin), text.indexOf(end)];
    if (from < 0 || to < from) throw new Error(`README.md has no part between ${begin} and ${end}`);
    return `${text.slice(0, from + begin.length)}\n\n${render()}\n\n${text.slice(to)}`;
  }, readme);
}

if (require.main === module) {
  const path = resolve(__dirname, '../README.md');
  writeFileSync(path, withTables(readFileSync(path, 'utf8')));
}
