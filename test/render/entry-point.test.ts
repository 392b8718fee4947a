import { entryPointProblem } from '../../lib/render/entry-point';

const LITERALS =
  'must call with literals alone, for example mysite:create_app("production", debug=False): assign what the call makes to a name in a module, and give that as mysite.wsgi:application';

describe('an application', () => {
  test.each([
    'app:app',
    'mysite.wsgi:application',
    'wsgi:create_app()',
    'wsgi:create_app( )',
    'wsgi:create_app("prod")',
    "wsgi:create_app('prod', debug=False, workers=-2, ratio=0.5, name=None)",
    'wsgi:create_app("it\'s", \'a "b"\', "c\\"d", "e:f(g)")',
    'wsgi:create_app(["a", (1, 2), (1,), ()], {"a": {"b": [True]}, "c": 1}, extra=[],)',
    'wsgi:create_app(a1=1, _b = "$(reboot) `id` ${x} %n")',
  ])('may be %s', (value) => {
    expect(entryPointProblem('wsgi', value)).toBeUndefined();
  });

  test.each([
    'wsgi:create_app(config)',
    'wsgi:create_app(os.environ["A"])',
    'wsgi:create_app(**{"a": 1})',
    'wsgi:create_app(*[1])',
    'wsgi:create_app(1 + 1)',
    'wsgi:create_app("a" "b")',
    'wsgi:create_app(f"a")',
    'wsgi:create_app("a)',
    'wsgi:create_app("a\\x")',
    'wsgi:create_app("""a"""")',
    'wsgi:create_app(007)',
    'wsgi:create_app(1.2.3)',
    'wsgi:create_app(a=1, 2)',
    'wsgi:create_app(a=1, a=2)',
    'wsgi:create_app(,)',
    'wsgi:create_app(1,,2)',
    'wsgi:create_app([1)',
    'wsgi:create_app((1))',
    'wsgi:create_app({"a"})',
    'wsgi:create_app({"a": 1 "b": 2})',
    'wsgi:create_app(a=b)',
    'wsgi:create_app(a=(b=1))',
    'wsgi:create_app(1)(2)',
    'wsgi:create_app(1) # (2)',
    'wsgi:create_app("a").app()',
    'wsgi:create_app(true)',
  ])('fails as %s', (value) => {
    expect(entryPointProblem('wsgi', value)).toMatch(/^must (call|be) /);
  });

  test('fails with what to write instead', () => {
    expect(entryPointProblem('wsgi', 'wsgi:create_app(config)')).toBe(LITERALS);
    expect(entryPointProblem('asgi', 'a.b')).toBe('must be module:attribute, for example mysite.asgi:application');
    expect(entryPointProblem('wsgi', 'a:b("c\n")')).toBe(
      'must be module:attribute, for example mysite.wsgi:application',
    );
  });
});
