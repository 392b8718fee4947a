import { ProjectFiles, readProject } from '../../lib/project';

function warnings(files: Record<string, string>, wsgi = 'app:app', settings?: string, replaced = false) {
  const all: Record<string, string> = { 'requirements.txt': '', 'app.py': 'app = 1', ...files };
  const project = readProject(new ProjectFiles(Object.keys(all).sort(), (path) => all[path]!), {
    directory: 'shop',
    applications: [{ prop: 'wsgi', value: wsgi }],
  });
  expect(project.problems).toEqual([]);
  return project.databaseWarnings(settings, replaced).map(({ id, message }) => `${id}: ${message}`);
}

const IN_RELEASE = (file: string) => [
  `sqliteInRelease: ${file} has the default database in a file of SQLite in the release, which nobody may write to on a machine: give database, for example Database.sqliteOnInstance(), which takes its place`,
];

const names = (module: string) => `os.environ.setdefault("DJANGO_SETTINGS_MODULE", "${module}")\napplication = 1\n`;
const DEFAULT = `
DATABASES = {
    'default': {
        'ENGINE': 'django.db.backends.sqlite3',  # a comment
        'NAME': BASE_DIR / 'db.sqlite3',
    }
}
`;
const django = (settings: string, more: Record<string, string> = {}) => ({
  'manage.py': names('mysite.settings'),
  'mysite/__init__.py': '',
  'mysite/wsgi.py': names('mysite.settings'),
  'mysite/settings.py': `from pathlib import Path\n\nBASE_DIR = Path(__file__).resolve().parent.parent\n${settings}\n`,
  ...more,
});
const ofDjango = (settings: string, more?: Record<string, string>) =>
  warnings(django(settings, more), 'mysite.wsgi:application');

describe('a project of Django', () => {
  test.each([
    ['as startproject writes it', DEFAULT],
    ['with a path of strings', DEFAULT.replace(`BASE_DIR / 'db.sqlite3'`, `os.path.join(BASE_DIR, "db.sqlite3")`)],
    ['with a path from the folder that it runs in', DEFAULT.replace(`BASE_DIR / 'db.sqlite3'`, `'db.sqlite3'`)],
    ['with options', DEFAULT.replace(`'NAME'`, `'OPTIONS': {'timeout': 20}, 'NAME'`)],
    [
      'of another kind of SQLite',
      DEFAULT.replace('django.db.backends.sqlite3', 'django.contrib.gis.db.backends.spatialite'),
    ],
    ['with another setting from the environment', `SECRET_KEY = os.environ["SECRET_KEY"]${DEFAULT}`],
  ])('is told that its default database is in the release: %s', (_, settings) => {
    expect(ofDjango(settings)).toEqual(IN_RELEASE('mysite/settings.py'));
  });

  test.each([
    ['has another database', DEFAULT.replace('sqlite3', 'postgresql')],
    ['lets the environment decide', DEFAULT.replace(`BASE_DIR / 'db.sqlite3'`, `os.environ.get("DB", "db.sqlite3")`)],
    ['reads a URL', `DATABASES = {"default": dj_database_url.config(default="sqlite:///db.sqlite3")}`],
    ['reads a URL with django-environ', `DATABASES = {"default": env.db(default="sqlite:///db.sqlite3")}`],
    ['reads a URL afterwards', `${DEFAULT}if "DATABASE_URL" in os.environ:\n    DATABASES["default"] = parse()`],
    ['has one of two', `if DEBUG:\n    DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": "x"}}`],
    ['takes others of a file that is not here', `${DEFAULT}from .local import *`],
    ['is changed by a platform', `${DEFAULT}django_heroku.settings(locals())`],
    ['has it elsewhere', DEFAULT.replace(`BASE_DIR / 'db.sqlite3'`, `"/var/lib/app/db.sqlite3"`)],
    ['has it where nobody knows', DEFAULT.replace(`BASE_DIR / 'db.sqlite3'`, `DATA / 'db.sqlite3'`)],
    ['has it in memory', DEFAULT.replace(`BASE_DIR / 'db.sqlite3'`, `':memory:'`)],
    ['has none', 'DATABASES = {}'],
    ['has it in a comment', `# DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": "x"}}`],
    [
      'makes settings of a class',
      'class Prod(Configuration):\n    DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": "x"}}',
    ],
  ])('that %s is told nothing', (_, settings) => {
    expect(ofDjango(settings)).toEqual([]);
  });

  const split = django('', {
    'manage.py': names('mysite.settings.dev'),
    'mysite/wsgi.py': names('mysite.settings.production'),
    'mysite/settings/__init__.py': '',
    'mysite/settings/base.py': `BASE_DIR = 1\n${DEFAULT}`,
    'mysite/settings/dev.py': 'from .base import *\n',
    'mysite/settings/production.py': 'from .base import *\nDEBUG = False\n',
    'mysite/settings/postgres.py': 'from mysite.settings.base import *\nDATABASES = {"default": env.db()}\n',
  });

  test('is told of the file that its settings take it from', () => {
    expect(warnings(split, 'mysite.wsgi:application')).toEqual(IN_RELEASE('mysite/settings/base.py'));
  });

  test('is told nothing where the environment names other settings, or the machine has a database', () => {
    expect(warnings(split, 'mysite.wsgi:application', 'mysite.settings.dev')).toEqual(
      IN_RELEASE('mysite/settings/base.py'),
    );
    expect(warnings(split, 'mysite.wsgi:application', 'mysite.settings.postgres')).toEqual([]);
    expect(warnings(split, 'mysite.wsgi:application', undefined, true)).toEqual([]);
  });
});

const OTHERS = (file: string) => [
  `sqliteInRelease: ${file} has a file of SQLite in the release, which nobody may write to on a machine: read the place from DATABASE_URL, which is there with a database, for example Database.sqliteOnInstance()`,
];

describe('an application without Django', () => {
  test.each([
    ['Flask’s tutorial', 'app.config.from_mapping(\n    DATABASE=os.path.join(app.instance_path, "flaskr.sqlite"),\n)'],
    ['Flask-SQLAlchemy', 'app.config["SQLALCHEMY_DATABASE_URI"] = "sqlite:///project.db"'],
    ['a path that is put together', 'URI = "sqlite:///" + os.path.join(basedir, "app.db")'],
    ['SQLAlchemy', 'engine = create_engine("sqlite+aiosqlite:///./test.db", echo=True)'],
    ['Python’s own', 'connection = sqlite3.connect("guestbook.db")'],
  ])('is told of a file of the release: %s', (_, code) => {
    const told = OTHERS('shop/db.py');
    expect(warnings({ 'shop/db.py': `import os\n${code}\n` })).toEqual(told);
    // it reads no settings of a machine
    expect(warnings({ 'shop/db.py': `import os\n${code}\n` }, 'app:app', undefined, true)).toEqual(told);
  });

  test.each([
    ['lets the environment decide', 'URI = os.environ.get("DATABASE_URL", "sqlite:///app.db")'],
    ['lets it decide in two lines', 'URI = os.getenv("DATABASE_URL")\nif not URI:\n    URI = "sqlite:///app.db"'],
    ['has settings of pydantic', 'class Settings(BaseSettings):\n    database_url: str = "sqlite:///./app.db"'],
    [
      'reads variables with a prefix',
      'app.config["SQLALCHEMY_DATABASE_URI"] = "sqlite:///x.db"\napp.config.from_prefixed_env()',
    ],
    ['has another for production', 'class Dev:\n    URI = "sqlite:///dev.db"\nclass Prod:\n    URI = "mysql://db/app"'],
    ['has it in memory', 'engine = create_engine("sqlite:///:memory:")\nother = create_engine("sqlite://")'],
    ['has it elsewhere', 'engine = create_engine("sqlite:////var/lib/app/app.db")'],
    ['has it in a comment', '# engine = create_engine("sqlite:///app.db")'],
    ['has no database', 'print("SQLite")'],
  ])('that %s is told nothing', (_, code) => {
    expect(warnings({ 'shop/db.py': `import os\n${code}\n` })).toEqual([]);
  });

  test('is told nothing of its tests and scripts', () => {
    const files = {
      'tests/db.py': 'u = "sqlite:///x.db"',
      'scripts/load.py': 'u = "sqlite:///x.db"',
      'conftest.py': 'u = "sqlite:///x.db"',
    };
    expect(warnings(files)).toEqual([]);
  });
});
