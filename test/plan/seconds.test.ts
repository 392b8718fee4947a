import { nginxMebibytes, nginxSeconds } from '../../lib/plan/seconds';

test.each([
  ['60', 60],
  ['75s', 75],
  ['5m', 300],
  ['1h30m', 5400],
  ['1h 30m', 5400],
  ['250ms', 0.25],
  ['2d', 172800],
  ['1w', 604800],
  ['75s 60s', undefined],
  ['30m1h', undefined],
  ['soon', undefined],
  ['-1s', undefined],
  ['', undefined],
  ['1h60', undefined],
  ['1hx', undefined],
  ['x1h', undefined],
  ['1  h', 3600],
])('the nginx time %j is %p seconds', (text, expected) => expect(nginxSeconds(text)).toBe(expected));

test.each([
  ['10m', 10],
  ['512k', 0.5],
  ['2G', 2048],
  ['1048576', 1],
  ['0', 0],
  ['10 m', undefined],
  ['ten', undefined],
  ['a10m', undefined],
  ['10mb', undefined],
  [' 10m ', 10],
])('the nginx size %j is %p MiB', (text, expected) => expect(nginxMebibytes(text)).toBe(expected));
