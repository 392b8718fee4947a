import { nginxMebibytes, nginxSeconds } from '../../lib/plan/seconds';

test.each([
  ['60', 60],
  ['75s', 75],
  ['5m', 300],
  ['1h30m', 5400],
  ['1h 30m', 5400],
  ['1h  30m', 5400],
  [' 75s ', 75],
  ['250ms', 0.25],
  ['2d', 172800],
  ['1w', 604800],
  ['soon', undefined],
  ['x60', undefined],
  ['5mx', undefined],
  ['x5m', undefined],
  ['5x', undefined],
  ['m', undefined],
  ['-1s', undefined],
  ['', undefined],
])('the nginx time %j is %p seconds', (text, expected) => expect(nginxSeconds(text)).toBe(expected));

test.each([
  ['10m', 10],
  ['512k', 0.5],
  ['2G', 2048],
  ['1048576', 1],
  ['0', 0],
  [' 10m ', 10],
  ['10 m', undefined],
  ['x10m', undefined],
  ['10mm', undefined],
  ['10t', undefined],
  ['m', undefined],
  ['ten', undefined],
])('the nginx size %j is %p MiB', (text, expected) => expect(nginxMebibytes(text)).toBe(expected));
