import {
  OPERATING_SYSTEMS,
  renderBootstrap,
  renderFiles,
  renderGunicornService,
  renderNginxConf,
  type NginxInput,
} from '../../lib/render';
import { renderLocations } from '../../lib/render/locations';
import { bootstrapInput } from '../support/bootstrap-input';
import { planOf } from '../support/plan';

const conf = (media?: string, plan = planOf(), healthCheckPath = '/health') => {
  const input: NginxInput = {
    plan,
    operatingSystem: OPERATING_SYSTEMS['debian-13'],
    allowedHosts: ['example.com'],
    healthCheckPath,
    trustedProxies: ['10.0.0.0/16'],
    media,
  };
  return renderNginxConf(input).split('\n');
};
const added = (before: readonly string[], after: readonly string[]) => {
  expect(before.filter((line) => !after.includes(line))).toEqual([]);
  return after.filter((line) => !before.includes(line)).join('\n');
};
const inPlace = { dataVolume: 'vol-0123456789abcdef0', media: true, plan: planOf({ media: { host: 'instance' } }) };

test('nginx serves uploads as files alone, and pages among them as strangers', () => {
  expect(added(conf(), conf('/media/'))).toBe(
    [
      "  # Pages that users upload, SVG too, run no script and see nothing of the site's.",
      '  map $sent_http_content_type $media_policy {',
      `    default "default-src 'none'; img-src 'self' data:; media-src 'self'; style-src 'unsafe-inline'; sandbox";`,
      '    "~^(image/(?!svg)|audio/|video/|application/pdf)" "";',
      '    location /media/ { # MEDIA_URL of the project, where it has another',
      '      alias /srv/data/media/;',
      '      try_files $uri @app;',
      '      # Whose file a link leads to is for no uploader to say.',
      '      disable_symlinks on from=/srv/data/media;',
      '      add_header X-Content-Type-Options nosniff always;',
      '      add_header Content-Security-Policy $media_policy always;',
    ].join('\n'),
  );
});

test.each(['/media', '/media/', '/media/up', '/media/up/'])(
  'a health check at %s has one location beside its settings',
  (path) => {
    const locations = ['/media', '/media/up'].map((one) => ({ path: one, allow: ['203.0.113.0/24'] }));
    const text = conf('/media/', planOf({ locations }), path).join('\n');
    const names = text.match(/location [^@{]*media[^{]*(?= {)/g)!;
    expect(names).toEqual([...new Set(names)]);
    expect(text).toContain(`location = ${path} {\n      if ($balancer)`);
  },
);

test('a path below them with settings of its own is files too, and says what the one above it says', () => {
  const allow = ['203.0.113.0/24'];
  const locations = [
    { path: '/media', allow },
    { path: '/media/invoices/2026', basicAuth: true },
    { path: '/mediation', allow },
  ];
  const text = conf('/media/', planOf({ locations })).join('\n');
  expect(text.match(/location [^@{]*media[^{]*(?= {)/g)).toEqual([
    'location /media/',
    'location /media/invoices/2026/',
    'location = /media',
    'location = /media/invoices/2026',
  ]);
  const [, below = ''] = text.split('location /media/invoices/2026/ {');
  expect(below.split('\n    }')[0]!.split('\n').slice(1)).toEqual([
    '      alias /srv/data/media/invoices/2026/;',
    '      try_files $uri @app;',
    '      # Whose file a link leads to is for no uploader to say.',
    '      disable_symlinks on from=/srv/data/media;',
    '      add_header X-Content-Type-Options nosniff always;',
    '      add_header Content-Security-Policy $media_policy always;',
    '      allow 203.0.113.0/24;',
    '      deny all;',
    '      auth_basic "/media/invoices/2026";',
    '      auth_basic_user_file /etc/nginx/passwords/:media:invoices:2026;',
    '      set $authorization "";',
  ]);
  expect(renderLocations({ plan: planOf({ locations }), healthCheckPath: '/health', media: '/media/' })).not.toContain(
    '/media/',
  );
});

test.each([
  ['/user-files/', '/user-files/'],
  ['https://cdn.example.com/', '/media/'],
  ['/a b/', '/media/'],
  ['/static/', '/media/'],
])('an environment whose MEDIA_URL is %s has them at %s', (named, served) => {
  const files = renderFiles({ ...bootstrapInput(inPlace), environment: { MEDIA_URL: named } });
  expect(files[0]!.text).toContain(`location ${served} {`);
});

test('the service may write to them, and does not start without their volume', () => {
  const of = (media: boolean) =>
    renderGunicornService(planOf(), { units: [], secrets: false, data: media ? ['/srv/data/media'] : [] }).split('\n');
  expect(added(of(false).slice(4), of(true).slice(4))).toBe(
    ['# On the volume for data, without which nothing starts.', 'ReadWritePaths=/srv/data/media'].join('\n'),
  );
  expect(of(true)).toContain('After=gunicorn.socket network-online.target srv-data.mount');
  expect(of(true)).toContain('Wants=network-online.target');
});

test('so may every background worker and schedule', () => {
  const plan = planOf({
    media: { host: 'instance' },
    backgroundWorkers: [
      { name: 'mailer', kind: 'command', processes: 1, memoryPerProcess: 64, taskTimeout: 60 },
      { name: 'nightly', kind: 'schedule', processes: 1, memoryPerProcess: 64, taskTimeout: 60 },
    ],
  });
  const backgroundWorkers = [
    { name: 'mailer', kind: 'command' as const, command: 'true' },
    { name: 'nightly', kind: 'schedule' as const, command: 'true', schedule: 'daily UTC' },
  ];
  const services = renderFiles({ ...bootstrapInput(inPlace), plan, backgroundWorkers }).filter(({ text }) =>
    text.includes('\nUser=app\n'),
  );
  expect(services.map(({ path }) => path.replace(/.*\//, ''))).toEqual([
    'gunicorn.service',
    'mailer.service',
    'nightly.service',
  ]);
  for (const { text } of services) expect(text).toContain('\nReadWritePaths=/srv/data/media\n');
});

test.each([
  ['amazon-linux-2023', 'nginx'],
  ['debian-13', 'www-data'],
] as const)('on %s the folder is made before the application runs, and read by the group %s', (name, group) => {
  const script = renderBootstrap(bootstrapInput({ ...inPlace, operatingSystem: OPERATING_SYSTEMS[name] }));
  expect(script).toContain(`\nmedia=/srv/data/media media_url=/media/ nginx_group=${group}\n`);
  const steps = [...script.matchAll(/^run (\w+)/gm)].map(([, step]) => step);
  expect(steps.slice(steps.indexOf('configuration'))).toEqual([
    'configuration',
    'media',
    'secrets',
    'django',
    'check',
    'serve',
  ]);
});

test('where there are none, nothing is said of them', () => {
  expect(renderBootstrap(bootstrapInput())).not.toContain('media');
});
