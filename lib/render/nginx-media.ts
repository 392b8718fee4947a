import { covers, STATIC_PATH, withoutSlash } from '../plan/locations';
import { nginxPathProblem } from '../plan/nginx-path';
import type { Plan } from '../plan/plan';
import { headersOf } from './added-headers';
import type { NginxInput } from './input';
import { passOn, settingsOf } from './locations';
import { MEDIA, MEDIA_URL } from './places';
import type { Lines } from './text';

/** Of an address, what a CDN asks this machine for. */
const HOST = /^(https?:)?\/\/[^/]*/;

/** Where they are served: at the path that the environment names, if any. What a Django project says is known on the machine. */
export function mediaUrl(environment: Readonly<Record<string, string>>): string {
  const path = environment.MEDIA_URL?.replace(HOST, '') ?? '';
  return isMediaPath(path) ? path : MEDIA_URL;
}

/** Whether nginx can serve files at an address: it has a path that is free, or none, which leaves it at the usual one. */
export function isMediaUrl(url: string): boolean {
  const path = url.replace(HOST, '');
  return isMediaPath(path) || (path !== url && ['', '/'].includes(path));
}

function isMediaPath(path: string): boolean {
  return /^(\/[\w.~-]+)+\/$/.test(path) && nginxPathProblem(path) === undefined && !covers(STATIC_PATH, path);
}

/**
 * Who uploads a page must not have it run as a page of the site, with its visitors' sessions. A sandbox gives it an origin of its own, without
 * scripts. Not images, sounds and films, which run none, nor PDF, whose viewer is a plug-in: a sandbox has none (HTML, sandboxed plugins
 * browsing context flag).
 */
export const MEDIA_POLICY: Lines = [
  "  # Pages that users upload, SVG too, run no script and see nothing of the site's.",
  '  map $sent_http_content_type $media_policy {',
  `    default "default-src 'none'; img-src 'self' data:; media-src 'self'; style-src 'unsafe-inline'; sandbox";`,
  '    "~^(image/(?!svg)|audio/|video/|application/pdf)" "";',
  '  }',
];

/** The files that users upload, and those below a path with settings of its own. What is not there is asked of the application, which may make it. */
export function mediaLocations(
  url: string,
  { plan, healthCheckPath }: Pick<NginxInput, 'plan' | 'healthCheckPath'>,
): Lines {
  const path = withoutSlash(url);
  const below = plan.locations.filter((location) => location.path !== path && covers(path, location.path));
  const own = plan.locations.filter((one) => covers(path, one.path) && one.path !== healthCheckPath); // which has one
  return [
    mediaLocation(`${url} { # MEDIA_URL of the project, where it has another`, '', path, plan),
    below.map((location) =>
      mediaLocation(`${location.path}/ {`, `${location.path.slice(url.length)}/`, location.path, plan),
    ),
    own.map((location) => [
      `    location = ${location.path} {`,
      settingsOf(location.path, plan),
      `      ${passOn(plan)}`,
      '    }',
    ]),
  ];
}

function mediaLocation(head: string, folder: string, path: string, plan: Plan): Lines {
  return [
    `    location ${head}`,
    `      alias ${MEDIA}/${folder};`,
    '      try_files $uri @app;',
    '      # Whose file a link leads to is for no uploader to say.',
    `      disable_symlinks on from=${MEDIA};`,
    headersOf('      ', plan, [
      ['X-Content-Type-Options', 'nosniff', 'always'],
      ['Content-Security-Policy', '$media_policy', 'always'],
    ]),
    settingsOf(path, plan),
    '    }',
  ];
}
