import { ProjectFiles, readProject } from '../../lib/project';

const APP = 'app = 1';

/** A project of these files, as it is called by `wsgi`. */
function read(
  files: Record<string, string>,
  wsgi = 'app:app',
  more: { workingDirectory?: string; pythonPath?: string[] } = {},
) {
  const all = { 'requirements.txt': '', ...files };
  return readProject(new ProjectFiles(Object.keys(all).sort(), (path) => all[path as keyof typeof all]), {
    directory: 'shop',
    applications: [{ prop: 'wsgi', value: wsgi }],
    ...more,
  });
}

const layoutOf = (...args: Parameters<typeof read>) => {
  const { workingDirectory, pythonPath, django, problems } = read(...args);
  return { workingDirectory, pythonPath, django, problems };
};
const found = (workingDirectory: string, pythonPath: string[] = [], django = true) => ({
  workingDirectory,
  pythonPath,
  django,
  problems: [],
});

describe('the folder of a project', () => {
  test.each<[string, Record<string, string>, string, ReturnType<typeof found>]>([
    ['the directory itself', { 'manage.py': '', 'a/wsgi.py': APP }, 'a.wsgi:app', found('')],
    ['src', { 'src/manage.py': '', 'src/a/wsgi.py': APP }, 'a.wsgi:app', found('src')],
    ['three folders down', { 'x/y/z/manage.py': '', 'x/y/z/a/wsgi.py': APP }, 'a.wsgi:app', found('x/y/z')],
    [
      'the one of several that has the application',
      { 'one/manage.py': '', 'one/a/wsgi.py': APP, 'two/manage.py': '', 'two/b/wsgi.py': APP },
      'b.wsgi:app',
      found('two'),
    ],
    [
      'not that of an example',
      { 'app.py': APP, 'examples/manage.py': '', 'examples/app.py': APP, 'tests/site/manage.py': '' },
      'app:app',
      found('', [], false),
    ],
    [
      'not four folders down',
      { 'app.py': APP, 'w/x/y/z/manage.py': '', 'w/x/y/z/app.py': APP },
      'app:app',
      found('', [], false),
    ],
    [
      'not where the application is elsewhere',
      { 'app.py': APP, 'tools/manage.py': '' },
      'app:app',
      found('', [], false),
    ],
    [
      'beside the packages of a monorepo',
      { 'apps/shop/manage.py': '', 'apps/shop/a/wsgi.py': APP, 'libs/common/__init__.py': '' },
      'a.wsgi:app',
      found('apps/shop'),
    ],
    ['beside its application in src', { 'manage.py': '', 'src/a/wsgi.py': APP }, 'a.wsgi:app', found('', ['src'])],
    ['beside its application above', { 'bin/manage.py': '', 'wsgi.py': APP }, 'wsgi:app', found('', [], false)],
    [
      'src, beside a folder of templates that is named alike',
      { 'a/templates/x.html': '', 'src/a/__init__.py': APP },
      'a:app',
      found('', ['src'], false),
    ],
    ['without manage.py, in src', { 'src/a/__init__.py': APP }, 'a:app', found('', ['src'], false)],
  ])('is %s', (_, files, wsgi, layout) => {
    expect(layoutOf(files, wsgi)).toEqual(layout);
  });

  test('has the packages of a src layout beside it, and no bare modules', () => {
    const project = { 'app.py': 'from shop import app', 'pyproject.toml': '[project]' };
    expect(read({ ...project, 'src/shop/__init__.py': APP }).pythonPath).toEqual(['src']);
    expect(read({ ...project, 'src/shop.py': APP }).pythonPath).toEqual([]);
    expect(read({ ...project, 'src/shop/__init__.py': '', 'src/main.py': APP }, 'src.main:app').pythonPath).toEqual([]);
  });

  test('is the one that is given', () => {
    const files = { 'manage.py': '', 'b/manage.py': '', 'b/app.py': APP, 'libs/x.py': '' };
    expect(layoutOf(files, 'app:app', { workingDirectory: 'b', pythonPath: ['', 'libs'] })).toEqual(
      found('b', ['', 'libs']),
    );
  });

  test('may name the packages, or a file that is given does', () => {
    const files = new ProjectFiles(['backend/manage.py', 'backend/poetry.lock', 'backend/app.py'], () => APP);
    const project = { directory: 'shop', applications: [{ prop: 'wsgi', value: 'app:app' }] };
    expect(readProject(files, project)).toMatchObject({ requirements: 'backend/poetry.lock', problems: [] });
    const { problems } = readProject(files, { ...project, requirements: 'poetry.lock' });
    expect(problems).toEqual(['requirements "poetry.lock" is not in application directory "shop"']);
  });

  test('may name its packages in a setup.cfg alone, and not where that holds settings of tools', () => {
    const readWith = (setup: string) => {
      const texts: Record<string, string> = { 'setup.cfg': setup, 'app.py': APP };
      const files = new ProjectFiles(Object.keys(texts), (path) => texts[path]!);
      return readProject(files, { directory: 'shop', applications: [{ prop: 'wsgi', value: 'app:app' }] }).problems;
    };
    expect(readWith('[metadata]\nname = shop\n[options]\ninstall_requires =\n    flask\n')).toEqual([]);
    expect(readWith('[flake8]\nmax-line-length = 88\n')).toEqual([
      expect.stringMatching(/^application directory "shop" has none of .*setup\.cfg: give requirements /),
    ]);
  });

  test('names the packages where the pyproject.toml above holds settings of tools alone', () => {
    const texts: Record<string, string> = {
      'pyproject.toml': '[tool.ruff]\n',
      'backend/manage.py': '',
      'backend/requirements.txt': 'django',
      'backend/app.py': APP,
    };
    const all = new ProjectFiles(Object.keys(texts), (path) => texts[path]!);
    const project = { directory: 'shop', applications: [{ prop: 'wsgi', value: 'app:app' }] };
    expect(readProject(all, project)).toMatchObject({ requirements: 'backend/requirements.txt', problems: [] });
    const one = new ProjectFiles(['app.py', 'pyproject.toml'], (path) => (path === 'app.py' ? APP : texts[path]!));
    expect(readProject(one, project).problems).toEqual([
      expect.stringMatching(/has none of .* \(pyproject\.toml has neither \[project\] nor \[tool\.poetry\]\)$/),
    ]);
  });

  test('may have its packages in a list of any name that is given', () => {
    const files = new ProjectFiles(['deps/live.txt'], () => 'django-oscar');
    const applications = [{ prop: 'wsgi', value: 'oscar.wsgi:app' }];
    expect(readProject(files, { directory: 'shop', applications, requirements: 'deps/live.txt' }).problems).toEqual([]);
  });

  test('fails where two have the application', () => {
    const files = { 'one/manage.py': '', 'one/app.py': APP, 'two/manage.py': '', 'two/app.py': APP };
    expect(read(files).problems).toEqual([
      'one/manage.py and two/manage.py are projects that have app: choose one with workingDirectory',
    ]);
  });

  test('fails where there is no such folder', () => {
    const files = { 'backend/manage.py': '', 'backend/app.py': APP };
    expect(read(files, 'app:app', { workingDirectory: 'back', pythonPath: ['libs'] }).problems).toEqual([
      'workingDirectory "back" is no folder of the application directory; manage.py is in backend/',
      'pythonPath "libs" is no folder of the application directory',
    ]);
  });
});

describe('an application', () => {
  test.each<[string, Record<string, string>, string]>([
    ['is a name that is assigned', { 'app.py': 'import x\napp: Flask = Flask(__name__)' }, 'app:app'],
    ['is a function or a class', { 'app.py': 'async def app(scope):\n    x = 1\n' }, 'app:app'],
    ['is imported', { 'app.py': 'from shop import (\n    one,\n    app,  # ours\n)' }, 'app:app'],
    ['is imported under another name', { 'app.py': 'from shop import make as app' }, 'app:app'],
    ['is one of all that are imported', { 'app.py': 'from shop import *' }, 'app:app'],
    ['is assigned with others', { 'app.py': 'x, app = make()' }, 'app:app'],
    ['is assigned under a condition', { 'app.py': 'try:\n    app = 1\nexcept E:\n    pass' }, 'app:app'],
    ['is made global by a function', { 'app.py': 'def make():\n    global app\n    app = 1\nmake()' }, 'app:app'],
    ['is made by the module itself', { 'app.py': 'globals()["a" + "pp"] = 1' }, 'app:app'],
    [
      'is made by a function of the module',
      { 'app.py': 'def make():\n    globals()["a" + "pp"] = 1\nmake()' },
      'app:app',
    ],
    ['is set by a function', { 'app.py': 'def make():\n    sys.modules[__name__].app = 1\nmake()' }, 'app:app'],
    ['is of a package beside a module of its name', { 'app.py': 'run()', 'app/__init__.py': APP }, 'app:app'],
    ['is found by __getattr__', { 'app.py': 'def __getattr__(name):\n    return 1' }, 'app:app'],
    ['is what a factory makes', { 'app.py': 'def create_app():\n    pass' }, 'app:create_app()'],
    ['is a module of a package', { 'a/__init__.py': '', 'a/app.py': '' }, 'a:app'],
    ['is compiled', { 'a/app.cpython-313-x86_64-linux-gnu.so': '' }, 'a.app:app'],
    ['comes with a package', { 'requirements.txt': 'django-oscar[all]==4.0  # ours' }, 'oscar.wsgi:app'],
    [
      'comes with a package that a lock names',
      { 'uv.lock': '[[package]]\nname = "graphite-web"' },
      'graphite.wsgi:app',
    ],
    [
      'comes with a package of a list that another includes',
      { 'requirements.txt': '-r deps/live.txt', 'deps/live.txt': 'django-oscar' },
      'oscar.wsgi:app',
    ],
    [
      'is in a folder that setuptools are told of',
      { 'pyproject.toml': '[tool.setuptools.packages.find]\nwhere = ["lib"]', 'lib/a/__init__.py': APP },
      'a:app',
    ],
    ['is in a folder of setup.py', { 'setup.py': 'setup(package_dir={"": "lib"})', 'lib/a/__init__.py': APP }, 'a:app'],
    ['comes from a repository', { 'requirements.txt': 'git+https://example.com/x.git@abc' }, 'shop.wsgi:app'],
    ['is of a namespace that packages share', { 'requirements.txt': 'acme-web', 'acme/x.py': '' }, 'acme.web:app'],
    ['is of a package that extends its path', { 'a/__init__.py': '__path__ = 1' }, 'a.web:app'],
    [
      'stands behind strings that look like code',
      { 'app.py': `x = """\ndef app'(\n"""\ny = '#"'\napp = 1` },
      'app:app',
    ],
    ['stands in a file that nobody can read', { 'app.py': 'x = "broken\nz = (1' }, 'app:app'],
  ])('%s', (_, files, wsgi) => {
    expect(read(files, wsgi).problems).toEqual([]);
  });

  test.each<[string, Record<string, string>, string, string]>([
    [
      'its module is not there',
      { 'app.py': APP },
      'not_there:app',
      'wsgi "not_there:app" names no module of the application, which has neither not_there.py nor not_there/__init__.py: there is app:app',
    ],
    [
      'a package has no such module',
      { 'mysite/__init__.py': '', 'mysite/wsgi.py': 'application = 1', 'requirements.txt': 'mysite-base' },
      'mysite.wsgy:application',
      'wsgi "mysite.wsgy:application" names no module of the application, which has neither mysite/wsgy.py nor mysite/wsgy/__init__.py: there is mysite.wsgi:application',
    ],
    [
      'another package has such a module',
      { 'config/wsgi.py': 'application = 1' },
      'mysite.wsgi:application',
      'wsgi "mysite.wsgi:application" names no module of the application, which has neither mysite/wsgi.py nor mysite/wsgi/__init__.py: there is config.wsgi:application',
    ],
    [
      'another folder has it',
      { 'backend/app.py': APP },
      'app:app',
      'wsgi "app:app" names no module of the application, which has neither app.py nor app/__init__.py: backend has it, so give workingDirectory or pythonPath: "backend"',
    ],
    [
      'nothing is like it',
      {},
      'app:app',
      'wsgi "app:app" names no module of the application, which has neither app.py nor app/__init__.py: name one that is there, or the package that brings it among the requirements',
    ],
    [
      'a package has its short name by chance',
      { 'requirements.txt': 'webshops' },
      'shop:app',
      'wsgi "shop:app" names no module of the application, which has neither shop.py nor shop/__init__.py: name one that is there, or the package that brings it among the requirements',
    ],
    [
      'it is in a function alone',
      { 'app.py': '"""app"""\n# app\ndef create_app():\n    app = 1\n    return app\n' },
      'app:app',
      'wsgi "app:app" names nothing that app.py defines: it has create_app',
    ],
    [
      'it is an attribute of something else',
      { 'app.py': 'import shop\nshop.app.run()\napplication = 1' },
      'app:app',
      'wsgi "app:app" names nothing that app.py defines: it has application',
    ],
    [
      'its package has no file that could define it',
      { 'shop/app.py': APP },
      'shop:app',
      'wsgi "shop:app" names nothing: shop/ has no __init__.py that could define it, there is shop.app:app',
    ],
  ])('fails where %s', (_, files, wsgi, problem) => {
    expect(read(files, wsgi).problems).toEqual([problem]);
  });

  test('fails with every problem at once', () => {
    const files = new ProjectFiles(['app.py'], () => '');
    const applications = ['wsgi', 'asgi'].map((prop) => ({ prop, value: 'app:app' }));
    expect(readProject(files, { directory: 'shop', applications }).problems).toHaveLength(3);
  });
});

describe('a background worker', () => {
  const problems = (files: Record<string, string>, worker: { kind: string; app?: string }) =>
    read({ 'app.py': APP, ...files }).workerProblems([worker]);

  test.each<[string, Record<string, string>, { kind: string; app?: string }]>([
    ['is a package with a module celery', { 'a/__init__.py': '', 'a/celery.py': '' }, { kind: 'celery', app: 'a' }],
    ['is a package that may hold it', { 'a/__init__.py': 'from .tasks import worker' }, { kind: 'celery', app: 'a' }],
    ['is a name in a module', { 'tasks.py': 'queue = Celery()' }, { kind: 'celery', app: 'tasks:queue' }],
    ['is a name after a dot', { 'tasks.py': 'queue = Celery()' }, { kind: 'celery', app: 'tasks.queue' }],
    ['is a name of a package', { 'a/__init__.py': 'celery = Celery()' }, { kind: 'celery', app: 'a.celery' }],
    ['is RQ beside a manage.py', { 'manage.py': '' }, { kind: 'rq' }],
    ['is a command', {}, { kind: 'command' }],
  ])('%s', (_, files, worker) => {
    expect(problems(files, worker)).toEqual([]);
  });

  test.each<[string, Record<string, string>, { kind: string; app?: string }, string]>([
    [
      'its package is empty',
      { 'a/__init__.py': '# nothing\n' },
      { kind: 'celery', app: 'a' },
      'BackgroundWorker app "a" names no application of Celery: a/__init__.py is empty, and there is no a/celery.py',
    ],
    [
      'its module has no such name',
      { 'tasks.py': 'celery = 1' },
      { kind: 'celery-beat', app: 'tasks:app' },
      'BackgroundWorker app "tasks:app" names nothing that tasks.py defines: it has celery',
    ],
    [
      'RQ has no manage.py',
      {},
      { kind: 'rq' },
      'BackgroundWorker.rq runs manage.py rqworker, and there is no manage.py in the directory itself: use BackgroundWorker.command for RQ without Django',
    ],
  ])('fails where %s', (_, files, worker, problem) => {
    expect(problems(files, worker)).toEqual([problem]);
  });
});

test.each<[string, Record<string, string>, string[]]>([
  ['nothing', { 'media/__init__.py': '', 'media/x.py': '', 'data.db': 'Berkeley' }, []],
  ['nothing but what holds a folder in git', { 'media/.gitkeep': '', 'uploads/a/.gitignore': '*' }, []],
  [
    'Django without a manage.py',
    { 'requirements.txt': 'Django>=5' },
    [
      'noManagePy: Django is among the packages and no manage.py beside the application, so that it gets neither settings of the machine nor static files, migrations or a SECRET_KEY; add the one of django-admin startproject',
    ],
  ],
  [
    'Django with a manage.py elsewhere',
    { 'pyproject.toml': '[project]\ndependencies = ["django"]', 'tools/manage.py': '' },
    [
      'noManagePy: Django is among the packages and no manage.py beside the application, so that it gets neither settings of the machine nor static files, migrations or a SECRET_KEY; there is one in tools/: give workingDirectory',
    ],
  ],
  ['packages of Django alone', { 'requirements.txt': 'django-environ==1\ndjangorestframework' }, []],
  [
    'an extra of another package that is named alike',
    { 'poetry.lock': '[[package]]\nname = "x"\n\n[package.extras]\ndjango = ["django (>=2)"]\n' },
    [],
  ],
  [
    'a configuration of gunicorn',
    { 'gunicorn.conf.py': '' },
    [
      'gunicornConf: gunicorn.conf.py is passed over, since the settings of gunicorn are planned: give what is needed of it as settings of AppServer.gunicorn',
    ],
  ],
  [
    'a Procfile',
    { Procfile: 'web: gunicorn x\nrelease: python manage.py migrate\n# a: b' },
    [
      'procfile: Procfile (web, release) is passed over: web is wsgi or asgi, release is migrate and extraCommands, others are backgroundWorkers',
    ],
  ],
  [
    'a database and what users have uploaded',
    { 'app.db': 'SQLite format 3\0', 'media/cat.jpg': '' },
    [
      'localDatabase: app.db goes up, a database of SQLite, which no release can write to: name it in .gitignore or .plumblineignore where it is not part of the release',
      'mediaFolder: media/ goes up, as if what users upload were code: name it in .gitignore or .plumblineignore where it is not part of the release',
    ],
  ],
])('warns of %s', (_, files, warnings) => {
  expect(read({ 'app.py': APP, ...files }).warnings.map(({ id, message }) => `${id}: ${message}`)).toEqual(warnings);
});
