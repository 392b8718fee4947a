import { MEDIA, MEDIA_URL } from './places';
import type { Lines } from './text';

/** Where they are served: at the path that the environment names, if any. What a Django project says is known on the machine. */
export function mediaUrl(environment: Readonly<Record<string, string>>): string {
  const named = environment.MEDIA_URL ?? '';
  return /^(\/[\w.~-]+)+\/$/.test(named) && named !== '/static/' ? named : MEDIA_URL;
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

/** The files that users upload. What is not there is asked of the application, which may make it. */
export function mediaLocation(url: string): Lines {
  return [
    `    location ${url} { # MEDIA_URL of the project, where it has another`,
    `      alias ${MEDIA}/;`,
    '      try_files $uri @app;',
    '      # Whose file a link leads to is for no uploader to say.',
    `      disable_symlinks on from=${MEDIA};`,
    '      add_header X-Content-Type-Options nosniff always;',
    '      add_header Content-Security-Policy $media_policy always;',
    '    }',
  ];
}
