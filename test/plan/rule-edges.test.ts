import { RULES } from '../../lib/plan';
import { checkRule, type Rule } from '../../lib/plan/rule';
import { DATA_EDGES } from '../support/data-edges';
import { planWith } from '../support/edges';
import { expectGolden } from '../support/golden';
import { REQUEST_PATH_EDGES } from '../support/request-path-edges';

const EDGES = { ...REQUEST_PATH_EDGES, ...DATA_EDGES };
const keyOf = ({ id, left, relation }: Rule) => `${id} ${left.name} ${relation}`;
const rows = RULES.flatMap((rule) => (EDGES[keyOf(rule)] ?? []).map((edge) => ({ key: keyOf(rule), rule, edge })));

test('every rule has its edges here, and every edge its rule', () => {
  expect(Object.keys(EDGES).sort()).toEqual(RULES.map(keyOf).sort());
});

test.each(rows)('$key holds up to its edge', ({ rule, edge: { field, holds, where } }) => {
  for (const value of holds) expect(checkRule(rule, planWith(where, { [field]: value }))).toBeUndefined();
});

test.each(rows)('$key is broken from its edge on, and says so in the words of its relation', ({ rule, edge }) => {
  const words = { '<': 'less than', '≤': 'at most', '≥': 'at least', '=': 'equal to' }[rule.relation];
  for (const value of edge.fails) {
    const violation = checkRule(rule, planWith(edge.where, { [edge.field]: value }));
    expect(violation).toMatchObject({ rule: rule.id, severity: rule.severity });
    expect(violation?.message).toContain(`) must be ${words} `);
  }
});

test.each(rows)(
  '$key is silent where it has nothing to say',
  ({ rule, edge: { field, fails, where, silent = [] } }) => {
    for (const value of fails) {
      for (const one of silent) expect(checkRule(rule, planWith(where, { [field]: value }, one))).toBeUndefined();
    }
  },
);

test('a rule that does not always speak has a plan about which it is silent', () => {
  const speaking = rows.filter(({ edge }) => !edge.silent?.length).map(({ key }) => key);
  const silent = rows.filter(({ edge }) => edge.silent?.length).map(({ key }) => key);
  for (const rule of RULES) {
    expect([keyOf(rule), (rule.applies ? silent : speaking).includes(keyOf(rule))]).toEqual([keyOf(rule), true]);
  }
});

test('every message at every edge is the one that is checked in', () => {
  const messages = rows.flatMap(({ rule, edge: { field, fails, where } }) =>
    fails.map((value) => {
      const violation = checkRule(rule, planWith(where, { [field]: value }));
      return `${violation?.severity}: ${violation?.message}\n`;
    }),
  );
  expectGolden('violations.txt', [...new Set(messages)].join(''), 'plan');
});
