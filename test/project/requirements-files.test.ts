import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { REQUIREMENTS_FILES } from '../../lib/render';

test('the machine looks for packages in the files that the synth looks for, and in their order', () => {
  const machine = readFileSync(resolve(__dirname, '../../runtime/plumbline_requirements.py'), 'utf8');
  const order = /^ORDER = \(\n([\s\S]*?)^\)/m.exec(machine)![1]!;
  expect([...order.matchAll(/"([^"]+)"/g)].map(([, name]) => name)).toEqual([...REQUIREMENTS_FILES]);
});
