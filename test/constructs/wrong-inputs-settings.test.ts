import { AppServer } from '../../lib';
import { failsWithEach, serviceWith, type Input } from '../support/wrong-inputs';

const outOfLine = (message: string) => `the request path of Test/Site is out of line:\n- ${message} [V1]`;
const nginx = (title: string, name: string, problem: string, value = 'on'): Input => [
  title,
  (stack) => serviceWith(stack, { nginxDirectives: { [name]: value } }),
  outOfLine(`nginxDirectives: "${name}" ${problem}`),
];
const gunicorn = (title: string, name: string, value: unknown, problem: string): Input => [
  title,
  (stack) => serviceWith(stack, { appServer: AppServer.gunicorn({ settings: { [name]: value } }) }),
  outOfLine(`gunicorn settings: ${problem}`),
];
const nearest = (name: string) => `is no directive of nginx that has an effect here: the nearest name is ${name}`;

describe('a directive', () => {
  failsWithEach([
    nginx('a letter too few', 'client_max_bodysize', nearest('client_max_body_size'), '10m'),
    nginx('a letter too many', 'gzip_typess', nearest('gzip_types')),
    nginx('another word', 'proxy_reed_timeout', nearest('proxy_read_timeout'), '60s'),
    nginx('half of a name', 'limit_rate_aft', nearest('limit_rate_after')),
    nginx(
      'a name of the upstream',
      'upstream.max_con',
      'cannot be given: the nearest name is upstream.max_conns',
      '200',
    ),
    nginx(
      'the name of another server',
      'LimitRequestBody'.toLowerCase(),
      'is no directive of nginx that has an effect here: remove it, or see https://nginx.org/en/docs/dirindex.html for its name',
    ),
    nginx(
      'one for another protocol',
      'fastcgi_read_timeout',
      'is no directive of nginx that has an effect here: remove it, or see https://nginx.org/en/docs/dirindex.html for its name',
      '60s',
    ),
    nginx(
      'one of a location',
      'try_files',
      'belongs to a server, a location or an upstream, and what is given here stands in the http block: remove it',
      '$uri =404',
    ),
    nginx(
      'one of the events',
      'multi_accept',
      'belongs to the events block, of which only worker_connections can be given here: remove it',
    ),
    nginx('a block', 'location', 'is a block, and only directives with a value can be given here: remove it', '/api/'),
  ]);
});

describe('a setting of gunicorn', () => {
  const unknown = (name: string, meant: string) => `"${name}" is no setting of gunicorn: the nearest name is ${meant}`;
  failsWithEach([
    gunicorn('a letter too many', 'gracefull_timeout', 5, unknown('gracefull_timeout', 'graceful_timeout')),
    gunicorn('the name of its flag', 'keep_alive', 5, unknown('keep_alive', 'keepalive')),
    gunicorn('half of a name', 'preload', true, unknown('preload', 'preload_app')),
    gunicorn(
      'no letter of one',
      'http_timeout_ms',
      5,
      '"http_timeout_ms" is no setting of gunicorn: remove it, or see https://docs.gunicorn.org/en/stable/settings.html for its name',
    ),
    gunicorn('a number for a text', 'loglevel', 5, 'loglevel (5) must be a string'),
    gunicorn(
      'a text for a number',
      'limit_request_fields',
      '50',
      'limit_request_fields ("50") must be a whole number of 0 or more',
    ),
    gunicorn(
      'no number',
      'limit_request_fields',
      NaN,
      'limit_request_fields (NaN) must be a whole number of 0 or more',
    ),
    gunicorn(
      'undefined',
      'limit_request_fields',
      undefined,
      'limit_request_fields (undefined) must be a whole number of 0 or more',
    ),
    gunicorn('a text for a boolean', 'capture_output', 'true', 'capture_output ("true") must be true or false'),
    gunicorn(
      'a hook',
      'worker_exit',
      'print',
      'worker_exit is a function of Python, which cannot be given here: remove it',
    ),
    gunicorn(
      'a function of JavaScript',
      'forwarder_headers',
      () => 1,
      'forwarder_headers (function) must be a number, a string, a boolean, a list or an object',
    ),
    gunicorn(
      'infinity in a list',
      'forwarder_headers',
      [Infinity],
      'forwarder_headers ([null]) must be a number, a string, a boolean, a list or an object',
    ),
  ]);
});
