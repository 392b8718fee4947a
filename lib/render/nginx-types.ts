/** What is worth compressing, `text/html` besides, which nginx adds itself. A mime.types has JavaScript, XML and icons as one or the other. */
export const GZIP_TYPES = [
  ...['text/css', 'text/plain', 'text/javascript', 'text/xml', 'text/csv', 'text/markdown', 'application/javascript'],
  ...['application/json', 'application/manifest+json', 'application/geo+json', 'application/xml', 'application/wasm'],
  ...['image/svg+xml', 'image/x-icon', 'image/vnd.microsoft.icon', 'font/ttf', 'font/otf'],
  'application/vnd.ms-fontobject',
].join(' ');

/** Text whose encoding a browser would guess; `text/html` besides. XML and JSON say theirs. */
export const CHARSET_TYPES = [
  ...['text/css', 'text/plain', 'text/javascript', 'text/csv', 'text/markdown', 'text/vtt', 'text/calendar'],
  'application/javascript',
].join(' ');
