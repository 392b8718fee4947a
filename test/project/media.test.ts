import { ProjectFiles, readProject } from '../../lib/project';

/** The warnings about files of models of a Django project that has these files besides. */
function warnings(files: Record<string, string>, manage = 'manage.py') {
  const all: Record<string, string> = { 'requirements.txt': 'Django', 'app.py': 'app = 1', [manage]: '', ...files };
  return readProject(new ProjectFiles(Object.keys(all).sort(), (path) => all[path]!), {
    directory: 'shop',
    applications: [{ prop: 'wsgi', value: 'app:app' }],
  })
    .warnings.filter(({ id }) => id === 'mediaWithoutPlace')
    .map(({ message }) => message.replace(/: Django's default storage .*$/, ''));
}

const model = (field: string, imports = 'from django.db import models') =>
  `${imports}\n\n\nclass Product(models.Model):\n    name = models.CharField()\n    ${field}\n`;

test.each([
  ['models.py', model('photo = models.ImageField(upload_to="x")'), 'photo in models.py'],
  ['shop/models.py', model('data = models.FileField()'), 'data in shop/models.py'],
  ['shop/models/product.py', model('data = models.FileField()'), 'data in shop/models/product.py'],
  ['shop/models.py', model('data: str = models.FileField(\n        "data",\n    )'), 'data in shop/models.py'],
  [
    'shop/models.py',
    model('data = FileField()', 'from django.db.models import FileField, Model'),
    'data in shop/models.py',
  ],
  [
    'shop/models.py',
    model('data = FileField()', 'from django.db.models import (\n    FileField,\n)'),
    'data in shop/models.py',
  ],
  ['shop/models.py', model('data = models.FileField(help_text="storage=here")'), 'data in shop/models.py'],
])('a field for files is found in %s', (path, text, found) => {
  expect(warnings({ [path]: text })).toEqual([found]);
});

test('three are named, and how many more there are', () => {
  const fields = ['a', 'b', 'c', 'd', 'e'].map((name) => `${name} = models.FileField()`).join('\n    ');
  expect(warnings({ 'models.py': model(fields) })).toEqual([
    'a in models.py, b in models.py, c in models.py, and 2 more',
  ]);
});

test.each([
  ['a form', { 'shop/models.py': 'from django import forms\n\nfile = forms.FileField()' }],
  ['a form by its bare name', { 'shop/models.py': 'from django.forms import FileField\n\nfile = FileField()' }],
  ['a storage of its own', { 'models.py': model('data = models.FileField(\n        storage=private,\n    )') }],
  ['a comment', { 'models.py': model('# data = models.FileField()') }],
  ['a test', { 'shop/tests/models.py': model('data = models.FileField()') }],
  ['a migration', { 'shop/migrations/0001.py': 'data = models.FileField()' }],
])('%s is none', (_, files) => {
  expect(warnings(files)).toEqual([]);
});

test.each([
  ['the old name', 'DEFAULT_FILE_STORAGE = env("STORAGE")'],
  ['django-storages', 'STORAGES = {"default": {"BACKEND": "storages.backends.s3.S3Storage"}}'],
  ['another storage', 'STORAGES = {\n  "default": {\n    "BACKEND": "cloudinary_storage.MediaStorage",\n  },\n}'],
])('nothing is said where the settings may store files elsewhere, by %s', (_, settings) => {
  const files = { 'models.py': model('data = models.FileField()') };
  expect(warnings({ ...files, 'site/settings/production.py': settings })).toEqual([]);
});

test.each([
  ['says it', 'STORAGES = {"default": {"BACKEND": "django.core.files.storage.FileSystemStorage"}}'],
  [
    'is about static files',
    'STORAGES = {"staticfiles": {"BACKEND": "whitenoise.storage.CompressedStaticFilesStorage"}}',
  ],
  ['is about a cache', 'CACHES = {"default": {"BACKEND": "django.core.cache.backends.redis.RedisCache"}}'],
])('the file system is told where the settings are those that it %s', (_, settings) => {
  const files = { 'models.py': model('data = models.FileField()') };
  expect(warnings({ ...files, 'settings.py': settings })).toEqual(['data in models.py']);
});

test('a project that is none of Django is not looked at', () => {
  expect(warnings({ 'models.py': model('data = models.FileField()') }, 'no-manage.py')).toEqual([]);
});
