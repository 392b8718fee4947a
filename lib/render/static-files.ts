import { STATIC_PATH } from '../plan/locations';
import type { Plan } from '../plan/plan';
import { headersOf } from './added-headers';
import { fileLocations, settingsOf } from './locations';
import { CHARSET_TYPES, GZIP_TYPES } from './nginx-types';
import { lines } from './text';

const TRY_FILES = 'try_files $uri @app;';

/** What holds for files alone. Values of the user take the place of these. */
const DIRECTIVES = [
  ['open_file_cache', 'max=1000'],
  ['open_file_cache_valid', '1s'],
  ['charset', 'utf-8'],
  ['charset_types', CHARSET_TYPES],
  ['gzip', 'on'],
  ['gzip_static', 'on'],
  ['gzip_vary', 'on'],
  ['gzip_proxied', 'any'],
  ['gzip_min_length', '1024'],
  ['gzip_types', GZIP_TYPES],
] as const;

/** Where the location of the release's static files is. nginx.conf, which often holds tokens, has to find room in the user data. */
export const STATIC_FILE = '/etc/nginx/plumbline_static.conf';

/** The location of the release's static files. `expires` of the user writes a `Cache-Control` of its own. */
export function renderStaticFiles(plan: Plan): string {
  const { expires, ...extra } = plan.extraNginxDirectives;
  return lines(
    `location ${STATIC_PATH}/ {`,
    '  alias /srv/app/current/.static/;',
    `  ${TRY_FILES}`,
    DIRECTIVES.map(([name, value]) =>
      extra[name] === undefined ? `  ${name} ${value};` : `  ${name} ${extra[name]}; # override`,
    ),
    headersOf('  ', plan, [
      ...(expires === undefined ? [['Cache-Control', '$cache'] as const] : []),
      ['X-Content-Type-Options', 'nosniff'],
    ]),
    settingsOf(STATIC_PATH, plan, '  '),
    fileLocations(STATIC_PATH, plan, TRY_FILES),
    '}',
  );
}
