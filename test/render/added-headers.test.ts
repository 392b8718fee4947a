import { OPERATING_SYSTEMS, nginxIncludes, renderNginxConf, type NginxInput } from '../../lib/render';
import { planRequestPath } from '../../lib/plan';
import { planOf } from '../support/plan';

/** nginx.conf, and behind it what it includes. */
const conf = (nginxDirectives: Record<string, string>) => {
  const input: NginxInput = {
    plan: planOf({ nginxDirectives }),
    operatingSystem: OPERATING_SYSTEMS['debian-13'],
    allowedHosts: ['example.com'],
    healthCheckPath: '/health',
    trustedProxies: [],
  };
  return (
    renderNginxConf(input) +
    nginxIncludes(input)
      .map(({ text }) => text)
      .join('')
  );
};
const linesOf = (text: string, name: string) =>
  text.match(new RegExp(`^ *${name} .*$`, 'gm'))?.map((line) => line.trim());

test('a header stands in all locations that add one, and in those that add none', () => {
  const text = conf({ add_header: 'X-Frame-Options "DENY" always' });
  expect(text).toContain(
    '  map $sent_http_x_frame_options $added_x_frame_options { default ""; "" "DENY"; } # what the application says stays\n',
  );
  const added = 'add_header X-Frame-Options $added_x_frame_options always; # override';
  expect(linesOf(text, 'add_header')).toEqual([
    added,
    'add_header Retry-After $retry_after always;',
    added,
    'add_header Retry-After 1 always;',
    added,
    'add_header X-Plumbline busy; # the bootstrap waits for the application',
    added,
    'add_header Cache-Control $cache;',
    'add_header X-Content-Type-Options nosniff;',
    added,
  ]);
});

test.each([
  ['cache-control no-store', 'Cache-Control'],
  ['X-Content-Type-Options sniff', 'X-Content-Type-Options'],
  ['Retry-After 30 always', 'Retry-After'],
])('%s takes the place of ours', (header, ours) => {
  const text = conf({ add_header: header });
  expect(text.match(new RegExp(`add_header ${ours} (?!\\$added)`, 'gi'))).toBeNull();
  expect(text.match(new RegExp(`add_header ${ours} \\$added`, 'gi'))?.length).toBeGreaterThan(1);
});

test('one of which an answer may have several is added, whatever the application says', () => {
  expect(conf({ add_header: 'Link "</a.css>; rel=preload"' })).toContain(
    '  add_header Link "</a.css>; rel=preload"; # override\n',
  );
});

test.each<[string, Record<string, string>]>([
  ['proxy_read_timeout', { proxy_read_timeout: '5m 6s' }],
  ['send_timeout', { send_timeout: '999500ms' }],
  ['client_max_body_size', { client_max_body_size: '512k' }],
  ['client_body_timeout', { client_body_timeout: '1m' }],
])('a value of %s stands as it was written', (name, directives) => {
  const [written] = Object.values(directives) as [string];
  const value = written.includes(' ') ? `"${written}"` : written;
  expect(linesOf(conf(directives), name)?.[0]).toContain(`${name} ${value}; # `);
});

const problem = (nginxDirectives: Record<string, string>) =>
  planRequestPath({ instanceType: 't3.small', nginxDirectives }).violations.map(({ message }) => message);

test.each(['Server x', 'date 1', '"Content-Type" text/plain always', 'X-Plumbline busy', 'Location /'])(
  'fails on add_header %s, which nginx writes',
  (header) => {
    const name = /[\w-]+/.exec(header)![0];
    expect(problem({ add_header: header })[0]).toMatch(
      new RegExp(
        `^nginxDirectives: "add_header" ".*" would be a second ${name}, which is written here: remove it \\[V1\\]$`,
        'i',
      ),
    );
  },
);

test.each(['X-Frame-Options', 'X-A b c', '$name value', '"X A" b', 'X-A b never'])(
  'fails on add_header %s',
  (header) => {
    expect(problem({ add_header: header })).toEqual([
      `nginxDirectives: "add_header" ${JSON.stringify(header)} is no header: write its name, its value, in quotes where that has spaces, and always where errors have it too, for example X-Frame-Options DENY always [V1]`,
    ]);
  },
);

test.each([
  ['allow', '10.0.0.0/8', "use locations: [{ path: '/', allow: [...] }], which lets the health check in"],
  ['deny', 'all', "use locations: [{ path: '/', allow: [...] }], which lets the health check in"],
  ['auth_basic', 'x', "use locations: [{ path: '/', basicAuth }], which lets the health check in"],
  ['auth_basic_user_file', '/x', "use locations: [{ path: '/', basicAuth }], which lets the health check in"],
  ['auth_request', '/auth', 'it would ask for the health check too; remove it'],
  [
    'error_page',
    '404 /404.html',
    'answers of 502 and 503 with their Retry-After are made here, and it would hold for some of the rest; remove it',
  ],
  ['proxy_intercept_errors', 'on', 'it has no effect without error_page; remove it'],
  ['recursive_error_pages', 'on', 'it has no effect without error_page; remove it'],
  ...['set_real_ip_from', 'real_ip_header', 'real_ip_recursive'].map((name): [string, string, string] => [
    name,
    'on',
    'clients could say which address they have: use trustedProxies, whose ranges are checked',
  ]),
  ['merge_slashes', 'off', 'a path with two slashes would pass by what locations say of the same with one; remove it'],
  ['user', 'root', 'it is that of the package, whom the files that nginx serves are readable for; remove it'],
  ['pid', '/tmp/nginx.pid', 'the unit of nginx waits for the file at its place; remove it'],
])('fails on %s, which would hold for a part, for the health check or against the rest', (name, value, instead) => {
  expect(problem({ [name]: value })).toEqual([`nginxDirectives: "${name}" cannot be given here: ${instead} [V1]`]);
});

test.each(['gzip', 'pcre_jit', 'proxy_buffering', 'etag'])('fails on %s that is neither on nor off', (name) => {
  for (const value of ['yes', '1', 'true', 'on off', "'yes'"]) {
    expect(problem({ [name]: value })).toEqual([
      `nginxDirectives: "${name}" is ${JSON.stringify(value)} and must be on or off [V1]`,
    ]);
  }
  for (const value of ['on', 'off', 'OFF', '"on"']) expect(problem({ [name]: value })).toEqual([]);
});
