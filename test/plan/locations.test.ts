import { largestBody, planRequestPath, type LocationInput, type PlanInput } from '../../lib/plan';
import { locationOf } from '../../lib/plan/locations';
import { planOf } from '../support/plan';

const messagesOf = (locations: readonly LocationInput[], input: Partial<PlanInput> = {}) =>
  planRequestPath({ instanceType: 't3.small', locations, ...input }).violations.map(({ message }) => message);
const at = (path: string, more: Partial<LocationInput> = {}) => ({ path, allow: ['10.0.0.0/8'], ...more });

describe('locations', () => {
  test('take over from the nearest path above what they do not say, in whichever order they are given', () => {
    const { locations } = planOf({
      locations: [
        { path: '/api/upload/', clientMaxBodySize: 500, basicAuth: false },
        { path: '/api', clientMaxBodySize: 50, requestTimeout: 20 },
        { path: '/', basicAuth: true, allow: ['192.0.2.0/24'] },
        { path: '/apis', allow: ['0.0.0.0/0'] },
      ],
    });
    const site = { allow: ['192.0.2.0/24'], basicAuth: '/' };
    expect(locations).toEqual([
      { path: '/', ...site },
      { path: '/api', ...site, clientMaxBodySize: 50, requestTimeout: 20 },
      { path: '/api/upload', ...site, clientMaxBodySize: 500, requestTimeout: 20, basicAuth: undefined },
      { path: '/apis', ...site, allow: ['0.0.0.0/0'] },
    ]);
  });

  test.each([
    ['/admin', '/admin'],
    ['/admin/', '/admin'],
    ['/admin/users/1', '/admin/users'],
    ['/admin/user', '/admin'],
    ['/administrator', '/'],
    ['/', '/'],
  ])('of %s what holds is what %s says', (path, expected) => {
    const locations = ['/', '/admin', '/admin/users'].map((one) => ({ path: one }));
    expect(locationOf(path, locations)?.path).toBe(expected);
  });

  test('no path, no setting', () => expect(locationOf('/shop', [{ path: '/admin' }])).toBeUndefined());

  test.each<[number, number, Array<number | undefined>]>([
    [10, 10, []],
    [100, 10, [100, 1]],
    [10, 10, [1, undefined]],
    [0, 10, [1, 0]],
    [0, 0, [100]],
  ])('the largest body is %d MiB where all paths have %d and some %p', (largest, all, some) => {
    const locations = some.map((clientMaxBodySize, index) => ({ ...at(`/${index}`), clientMaxBodySize }));
    expect(largestBody(planOf({ clientMaxBodySize: all, locations }))).toBe(largest);
  });
});

describe('fails on a location', () => {
  const NOT_A_PATH =
    'must be a path of letters, digits and - _ . ~ @ + between slashes: it is compared as it stands, neither as a pattern nor with %-escapes';
  const DOTS = 'must not hold //, /./ or /../: nginx compares paths without them';

  test.each([
    ['', 'must start with /'],
    ['admin', 'must start with /'],
    ['= /admin', 'must start with /'],
    ['~ ^/admin', 'must start with /'],
    ['^~ /admin', 'must start with /'],
    ['@refused', 'must start with /'],
    ['/a/../b', DOTS],
    ['/a/..', DOTS],
    ['/a/./b', DOTS],
    ['//a', DOTS],
    ['/a//', DOTS],
    ['/.*', NOT_A_PATH],
    ['/a?b', NOT_A_PATH],
    ['/(a|b)', NOT_A_PATH],
    ['/a b', NOT_A_PATH],
    ['/a"b', NOT_A_PATH],
    ["/a'b", NOT_A_PATH],
    ['/a{', NOT_A_PATH],
    ['/a; return 200', NOT_A_PATH],
    ['/$host', NOT_A_PATH],
    ['/a#b', NOT_A_PATH],
    ['/a\\b', NOT_A_PATH],
    ['/a%20b', NOT_A_PATH],
    ['/a\n', NOT_A_PATH],
    ['/a:b', NOT_A_PATH],
    ['/ä', NOT_A_PATH],
    ['/${Token[TOKEN.1]}', NOT_A_PATH],
    [`/${'a'.repeat(1024)}`, 'must have 1024 characters at most'],
    ['/.plumbline/health', 'is where the health check goes: use another path'],
    ['/.plumbline', 'is where the health check goes: use another path'],
  ])('with the path %j', (path, problem) => {
    expect(messagesOf([at(path)])).toEqual([`locations ${JSON.stringify(path)} ${problem} [V2]`]);
  });

  test.each<[string, LocationInput[], string]>([
    [
      'that is given twice',
      [at('/admin'), at('/b'), at('/admin/')],
      'locations "/admin/" is given twice, as "/admin" too: put both into one [V2]',
    ],
    [
      'that sets nothing',
      [{ path: '/admin' }],
      'locations "/admin" sets nothing: give one of clientMaxBodySize, requestTimeout, allow, basicAuth, or remove it [V2]',
    ],
    [
      'that lets nobody in',
      [at('/admin', { allow: [] })],
      'locations "/admin": allow names nobody: give the address ranges that are let in, or remove it [V2]',
    ],
    [
      'of files with a body',
      [at('/static/a', { clientMaxBodySize: 1 })],
      'locations "/static/a": below /static/ nginx serves files, which take neither clientMaxBodySize nor requestTimeout: remove them [V2]',
    ],
    [
      'with a request of no time',
      [at('/a', { requestTimeout: 0.5 })],
      'locations "/a": requestTimeout (0.5 s) must be at least 1 s [V2]',
    ],
    ['with no number', [at('/a', { clientMaxBodySize: NaN })], 'locations "/a": NaN must be a number [V2]'],
    [
      'with a longer request than all paths',
      [at('/a', { requestTimeout: 61 })],
      'the longest requestTimeout of locations (61 s) must be at most requestTimeout (60 s), else every hop before the request guard ends the request first; raise requestTimeout to the longest of all paths, and give shorter ones to the others [A12]',
    ],
  ])('%s', (_, locations, message) => expect(messagesOf(locations)).toEqual([message]));

  test('with a deadline that nobody keeps', () => {
    expect(messagesOf([at('/a', { requestTimeout: 10 })], { requestGuard: false })[0]).toBe(
      'locations "/a": requestTimeout (10 s) is kept by the request guard alone: leave requestGuard on, or remove it [V2]',
    );
  });

  test('naming all that is wrong', () => {
    expect(messagesOf([{ path: 'a' }, at('/b', { requestTimeout: 0 })])).toHaveLength(3);
  });
});
