import { chmodSync, existsSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { App, DockerImage, Stack } from 'aws-cdk-lib';
import { Annotations, Match } from 'aws-cdk-lib/assertions';
import { Application, BackgroundWorker, OperatingSystem, type AssetApplicationOptions } from '../../lib';
import { uploadedFiles } from '../../lib/uploaded-files';
import { folderWith, machineOf, makeStack, serve } from '../support/stacks';

const PROJECT = { 'requirements.txt': 'Flask', 'app.py': 'app = 1' };
const of = (directory: string, options: Partial<AssetApplicationOptions> = {}) =>
  Application.fromAsset(directory, { wsgi: 'app:app', ...options });

/** Where the archive is made of: its name is the hash of what is in it. */
function uploaded(application: Application): { name: string; files: string[] } {
  const app = new App();
  serve({ application }, new Stack(app, 'Test'));
  const { directory } = app.synth();
  const name = readdirSync(directory).find((one) => existsSync(join(directory, one, 'app.py')))!;
  const folder = join(directory, name);
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => !entry.isDirectory()).map((entry) => join(entry.parentPath, entry.name));
  return { name, files: files.map((file) => file.slice(folder.length + 1)).sort() };
}

function write(folder: string, files: Record<string, string>): void {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
}

/** What goes up of these files, beside those of the project. */
const goesUp = (files: Record<string, string>, options: Partial<AssetApplicationOptions> = {}) =>
  uploaded(of(folderWith({ ...PROJECT, ...files }), options)).files.filter((file) => !(file in PROJECT));

describe('what goes up', () => {
  test('is nothing of the machine that it was written on', () => {
    const own = [
      '.env',
      '.env.production',
      'x/.env',
      'db.sqlite3',
      'a.sqlite',
      'db.sqlite3-wal',
      '.coverage',
      'htmlcov/i',
    ];
    const more = ['.idea/x', '.vscode/y', 'a.py.swp', 'b.py~', 'debug.log', 'my env/pyvenv.cfg', 'a/other/pyvenv.cfg'];
    expect(goesUp(Object.fromEntries([...own, ...more].map((name) => [name, '1'])))).toEqual([]);
  });

  test('is nothing of the person who wrote it, unless it is re-included', () => {
    const keys = ['.ssh/config', 'id_rsa', 'id_rsa.pub', 'x/id_ed25519', '.aws/credentials', 'x/.docker/config.json'];
    const files = ['.netrc', '.pypirc', '.git-credentials', 'prod.env', 'config.env', '.envrc', '.bash_history'];
    const states = ['terraform.tfstate', 'x/terraform.tfstate.backup', 'prod.tfvars', '.psql_history', 'dump.rdb'];
    const all = Object.fromEntries([...keys, ...files, ...states].map((name) => [name, '1']));
    expect(goesUp(all)).toEqual([]);
    const exclude = ['!prod.env', '!x/.docker/config.json'];
    expect(goesUp(all, { exclude })).toEqual(['prod.env', 'x/.docker/config.json']);
    const ours = {
      'rds-ca.pem': '',
      '.flaskenv': '',
      'environment/x.py': '',
      '.docker/nginx.conf': '',
      'history.py': '',
    };
    expect(goesUp(ours)).toEqual(Object.keys(ours).sort());
  });

  test('follows .gitignore, with what is re-included and what a folder of it says', () => {
    const files = {
      '.gitignore': '# made\n*.csv\n!kept.csv\n/top\nmade/\ndocs/*.pdf\n\\#x\nspace\\ \n',
      'a.csv': '',
      'kept.csv': '',
      top: '',
      'sub/top': '',
      'sub/made/x': '',
      'docs/a.pdf': '',
      'sub/docs/a.pdf': '',
      '#x': '',
      'sub/.gitignore': '*.txt\n/only\n!b.csv\nx/y\n',
      'sub/a.txt': '',
      'sub/deep/a.txt': '',
      'sub/only': '',
      'sub/deep/only': '',
      'sub/b.csv': '',
      'sub/x/y': '',
      'sub/z/x/y': '',
      'a.txt': '',
    };
    expect(goesUp(files)).toEqual([
      '.gitignore',
      'a.txt',
      'kept.csv',
      'sub/.gitignore',
      'sub/b.csv',
      'sub/deep/only',
      'sub/docs/a.pdf',
      'sub/top',
      'sub/z/x/y',
    ]);
  });

  test('has what a build made where .plumblineignore re-includes it', () => {
    const files = {
      '.gitignore': 'dist/\n*.mo\n',
      '.plumblineignore': '!/static/dist/\n!*.mo\n!.env.build\n/notes\n',
      'static/dist/site.css': '',
      'dist/package.whl': '',
      'locale/de/django.mo': '',
      '.env.build': '',
      notes: '',
    };
    const up = ['.env.build', '.gitignore', '.plumblineignore', 'locale/de/django.mo', 'static/dist/site.css'];
    expect(goesUp(files)).toEqual(up);
    expect(goesUp(files, { exclude: ['*.css', '!notes'] })).toEqual([...up.slice(0, 4), 'notes']);
  });

  test('is the same release after a run of tests, and another one after a change', () => {
    const folder = folderWith({ ...PROJECT, '.gitignore': '*\n!*.py\n!*.txt\n!*/\n' });
    const before = uploaded(of(folder)).name;
    write(folder, { '__pycache__/app.cpython-313.pyc': '1', '.pytest_cache/v/x.py': '1', '.coverage': '1' });
    write(folder, { '.nyc_output/x.py': '', '.pytype/x.py': '', '.eggs/x.py': '', '.dmypy.json': '' });
    write(folder, { '.venv/pyvenv.cfg': '', '.venv/lib/a.py': '', '.mypy_cache/3/a.txt': '', 'htmlcov/index.txt': '' });
    expect(uploaded(of(folder)).name).toBe(before);
    write(folder, { 'app.py': 'app = 2' });
    expect(uploaded(of(folder)).name).not.toBe(before);
  });

  test("is nothing that a run of tests leaves, and what may be an application's own by its name", () => {
    const left = ['coverage.json', 'coverage.lcov', 'junit.xml', 'nosetests.xml', 'test-results/x.json'];
    const kept = ['build/x.py', 'cover/x.png', 'prof/x.py'];
    expect(goesUp(Object.fromEntries([...left, ...kept].map((name) => [name, '1'])))).toEqual(kept);
    expect(goesUp({ 'data/coverage.json': '' }, { exclude: ['!/data/coverage.json'] })).toEqual(['data/coverage.json']);
  });

  test('is another release where a file may be executed', () => {
    const folder = folderWith({ ...PROJECT, run: '' });
    const before = uploaded(of(folder)).name;
    chmodSync(join(folder, 'run'), 0o755);
    expect(uploaded(of(folder)).name).not.toBe(before);
  });

  test('has links, and of those that lead elsewhere what they lead to', () => {
    const common = folderWith({ '__init__.py': '', 'x.py': '' });
    const folder = folderWith({ ...PROJECT, 'real/y.py': '' });
    symlinkSync(common, join(folder, 'common'));
    symlinkSync('real', join(folder, 'linked'));
    expect(uploaded(of(folder)).files).toEqual([
      'app.py',
      'common/__init__.py',
      'common/x.py',
      'linked',
      'real/y.py',
      'requirements.txt',
    ]);
    expect(() => of(folder, { wsgi: 'linked.y:app' })).toThrow(
      'wsgi "linked.y:app" names nothing that linked/y.py defines',
    );
    expect(() => of(folder, { wsgi: 'common.x:app' })).toThrow(
      'wsgi "common.x:app" names nothing that common/x.py defines',
    );
  });

  test('has no link to what stays at home, or to nothing', () => {
    const folder = folderWith({ ...PROJECT, '.env': '', '.venv/pyvenv.cfg': '', '.venv/lib/x.py': '' });
    symlinkSync('gone', join(folder, 'a'));
    symlinkSync('.env', join(folder, 'b'));
    symlinkSync('.venv/lib', join(folder, 'c'));
    expect(uploaded(of(folder)).files).toEqual(Object.keys(PROJECT).sort());
  });

  test('has no virtual environment that a link leads to', () => {
    const environment = folderWith({ 'pyvenv.cfg': '', 'lib/manage.py': '' });
    const folder = folderWith(PROJECT);
    symlinkSync(environment, join(folder, 'venv'));
    expect(uploaded(of(folder)).files).toEqual(Object.keys(PROJECT).sort());
  });

  test('is less than all of a folder that a link leads to, too', () => {
    const own = ['.env', 'sub/.env.local', 'sub/.git/config', 'big.log', 'sub/made/x', 'seen.csv', 'x/local.txt'];
    const common = folderWith({
      ...Object.fromEntries(own.map((name) => [name, ''])),
      'sub/.gitignore': 'made/\n',
      'sub/y.py': '',
      'x/.gitignore': 'local.*\n!*.log\n',
      'x/kept.log': '',
      'env/pyvenv.cfg': '',
    });
    const further = folderWith({ '.env': '', 'z.py': '' });
    symlinkSync(further, join(common, 'further'));
    symlinkSync('.env', join(common, 'settings'));
    const folder = folderWith({ ...PROJECT, '.gitignore': '/libs/common/*.csv\n', 'libs/a.py': '' });
    symlinkSync(common, join(folder, 'libs/common'));
    expect(uploaded(of(folder, { exclude: ['settings'] })).files).toEqual([
      '.gitignore',
      'app.py',
      'libs/a.py',
      'libs/common/further/z.py',
      'libs/common/sub/.gitignore',
      'libs/common/sub/y.py',
      'libs/common/x/.gitignore',
      'libs/common/x/kept.log',
      'requirements.txt',
    ]);
  });

  test('fails with links beyond it that lead to one another without end', () => {
    const common = folderWith({ 'x.py': '' });
    const other = folderWith({ 'y.py': '' });
    symlinkSync(other, join(common, 'other'));
    symlinkSync(common, join(other, 'common'));
    const folder = folderWith(PROJECT);
    symlinkSync(common, join(folder, 'common'));
    expect(() => of(folder)).toThrow(
      `symbolic link common/other/common (to ${common}) points to a folder that it is in, which has no end: remove it`,
    );
  });

  test('minds capitals, as git does', () => {
    const files = {
      '.gitignore': 'Models/\nRE[A-Z]D?E\n',
      'shop/models/a.py': '',
      'x/Models/w': '',
      README: '',
      rexdme: '',
    };
    expect(goesUp(files)).toEqual(['.gitignore', 'rexdme', 'shop/models/a.py']);
  });

  test('fails where what goes up is told from what stays at home by case alone', () => {
    const files = { ...PROJECT, '.gitignore': 'Models/\n', 'shop/models/a.py': '', 'shop/Models/w': '' };
    expect(() => of(folderWith(files))).toThrow(
      'shop/Models stays at home and shop/models goes up: rename one, since CDK takes no notice of case',
    );
  });

  test('is what there is in a folder of which most stays at home', () => {
    const uploads = Array.from({ length: 50 }, (_, index) => `media/cat${index} [x].jpg`);
    const files = {
      ...Object.fromEntries(
        [...uploads, 'a.bak', 'b.bak', 'c.bak', 'd.bak', 'e.bak', 'f.bak'].map((name) => [name, '']),
      ),
      '.gitignore': 'media/*\n!media/.gitkeep\n!media/#kept !x\n*.bak\n',
      'media/.gitkeep': '',
      'media/#kept !x/a/b.txt': '',
      'media/#kept !x/a/c.bak': '',
      'media/#kept !x/d.txt': '',
    };
    const folder = folderWith({ ...PROJECT, ...files });
    symlinkSync('#kept !x/d.txt', join(folder, 'media/link'));
    const application = of(folder, { exclude: ['!media/link'] });
    expect(uploaded(application).files).toEqual([
      '.gitignore',
      'app.py',
      'media/#kept !x/a/b.txt',
      'media/#kept !x/d.txt',
      'media/.gitkeep',
      'media/link',
      'requirements.txt',
    ]);
  });

  test('is found in seconds beside very many files that stay at home', () => {
    const folder = folderWith({ ...PROJECT, '.gitignore': 'media/*\n!media/.gitkeep\n', 'media/.gitkeep': '' });
    for (let index = 0; index < 5000; index += 1) writeFileSync(join(folder, `media/${index}.jpg`), '');
    const { exclude } = uploadedFiles(folder, []);
    expect(exclude).toEqual(['/media/*', '!/media/.gitkeep']);
    expect(uploaded(of(folder)).files).toContain('media/.gitkeep');
  });

  test('fails without what the packages are installed from', () => {
    const files = { 'requirements.txt': 'flask\n./wheels/foo-1.0-py3-none-any.whl\n-r gone.txt', 'app.py': 'app = 1' };
    const folder = folderWith({ ...files, '.gitignore': 'wheels/', 'wheels/foo-1.0-py3-none-any.whl': '' });
    expect(() => of(folder)).toThrow(
      /^requirements\.txt:2: \S*\.whl stays at home by .*\nrequirements\.txt:3: gone\.txt is not in /,
    );
    write(folder, { '.plumblineignore': '!/wheels/', 'gone.txt': '' });
    expect(() => of(folder)).not.toThrow();
  });

  test('fails with a link that would lead elsewhere on another machine', () => {
    const folder = folderWith({ ...PROJECT, '.env': '' });
    symlinkSync('.', join(folder, 'b'));
    symlinkSync(join(folder, 'app.py'), join(folder, 'c'));
    expect(() => of(folder)).toThrow(
      new Error(
        'symbolic link b (to .) points to a folder that it is in, which has no end: remove it\n' +
          `symbolic link c (to ${join(folder, 'app.py')}) holds a path of this machine: make it relative`,
      ),
    );
  });
});

describe('a project in a folder', () => {
  const files = {
    'requirements.txt': 'Django',
    'backend/manage.py': '',
    'backend/shop/wsgi.py': 'app = 1',
    'libs/x.py': '',
  };

  test('runs there', () => {
    const application = of(folderWith(files), { wsgi: 'shop.wsgi:app', pythonPath: ['libs', '.'] });
    const { template } = serve({ application, backgroundWorkers: [BackgroundWorker.rq()] });
    const machine = machineOf(template());
    expect(machine).toContain('\nworking_directory=backend\n');
    expect(machine.match(/^WorkingDirectory=\/srv\/app\/current\/backend$/gm)).toHaveLength(2);
    const path = 'PYTHONPATH=/usr/local/lib/plumbline:/srv/app/current/libs:/srv/app/current ';
    expect(machine.split(path)).toHaveLength(3);
    template().resourceCountIs('AWS::SecretsManager::Secret', 1);
  });

  test('is named where the files are not seen', () => {
    const options = { wsgi: 'a:b', workingDirectory: 'src', pythonPath: ['lib'], pythonVersion: '3.12' };
    const machine = machineOf(
      serve({ application: Application.fromGit('https://example.com/a.git', options) }).template(),
    );
    expect(machine).toContain('WorkingDirectory=/srv/app/current/src\n');
    expect(machine).toMatch(/packages='python3\.12 python3\.12-pip .*' python=python3\.12\n/);
  });

  test('fails by a path that leads elsewhere, and a Python that is none', () => {
    const rule =
      'must be a folder of the application, for example src or backend/site: letters, digits and - _ . between slashes';
    const options = { workingDirectory: '../a', pythonPath: ['.', '/lib'], pythonVersion: '3.12.1' };
    expect(() => of(folderWith(PROJECT), options)).toThrow(
      new Error(
        `workingDirectory "../a" ${rule}\npythonPath "/lib" ${rule}\n` +
          'pythonVersion "3.12.1" must be a line of versions, for example 3.13',
      ),
    );
  });
});

describe('the Python of a project', () => {
  test('is fetched and checked where the operating system lacks it', () => {
    const application = of(folderWith({ ...PROJECT, '.python-version': '3.12' }));
    const machine = machineOf(serve({ application, operatingSystem: OperatingSystem.DEBIAN_13 }).template());
    expect(machine).toContain('python=/usr/local/lib/plumbline/python/3.12.13/bin/python3\n');
    expect(machine).toMatch(/python_archive='20260414\/cpython-3\.12\.13%2B20260414-ARCHITECTURE-.*'\n/);
    expect(machine).toMatch(/python_sha256='x86_64=[0-9a-f]{64} aarch64=[0-9a-f]{64}'\n/);
    expect(machine).toContain('run packages packages\nrun python fetch_python\nrun tools tools\n');
  });

  test('fails where there is none, with those that there are', () => {
    const application = of(folderWith({ ...PROJECT, 'pyproject.toml': '[project]\nrequires-python = ">=3.15"\n' }));
    expect(() => serve({ application, operatingSystem: OperatingSystem.UBUNTU_24_04 })).toThrow(
      new Error(
        'requires-python of pyproject.toml (>=3.15) can be had by no Python here: Ubuntu 24.04 has 3.12.3, and ' +
          '3.11.15, 3.12.13, 3.13.13, 3.14.4 can be fetched; ask for one of them, or choose another operatingSystem',
      ),
    );
  });
});

describe('bundling', () => {
  const built = (make: (output: string) => void): Partial<AssetApplicationOptions> => ({
    bundling: {
      image: DockerImage.fromRegistry('none'),
      local: { tryBundle: (output) => (make(output), true) },
    },
  });

  test('makes what goes up and what is looked at', () => {
    const source = folderWith({ 'build.me': '' });
    const bundling = built((output) =>
      write(output, { ...PROJECT, 'src/manage.py': '', '.env': '', 'src/app.py': 'app = 1' }),
    );
    const application = of(source, { ...bundling, workingDirectory: 'src' });
    expect(uploaded(application).files).toEqual(['.env', 'app.py', 'requirements.txt', 'src/app.py', 'src/manage.py']);
    const { template } = serve({ application });
    expect(machineOf(template())).toContain('WorkingDirectory=/srv/app/current/src\n');
    template().resourceCountIs('AWS::SecretsManager::Secret', 1);
  });

  test('fails where it has not made the application', () => {
    const application = of(
      folderWith({ 'app.py': 'app = 1' }),
      built((output) => write(output, { 'requirements.txt': '' })),
    );
    expect(() => serve({ application })).toThrow('wsgi "app:app" names no module of the application');
  });

  test('is left out of a stack that is not deployed now', () => {
    const application = of(
      folderWith({}),
      built(() => expect('it was built').toBe('')),
    );
    const stack = makeStack({ flags: { 'aws:cdk:bundling-stacks': ['Other'] } });
    expect(() => serve({ application }, stack)).not.toThrow();
  });
});

test('what is passed over is a warning that can be acknowledged', () => {
  const stack = makeStack();
  serve({ application: of(folderWith({ ...PROJECT, Procfile: 'web: gunicorn app:app' })) }, stack);
  const warnings = Annotations.fromStack(stack).findWarning('*', Match.stringLikeRegexp('Procfile'));
  expect(warnings).toHaveLength(1);
  expect(JSON.stringify(warnings)).toContain('cdk-plumbline:WebService.procfile');
});
