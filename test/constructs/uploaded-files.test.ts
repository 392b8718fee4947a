import { chmodSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { AssetApplicationOptions } from '../../lib';
import { uploadedFiles } from '../../lib/uploaded-files';
import { folderWith } from '../support/stacks';
import { of, PROJECT, uploaded, write } from '../support/uploaded';

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
    const uploads = Array.from({ length: 50 }, (_, index) => `media/cat [${index}].x${index}`);
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
    for (let index = 0; index < 5000; index += 1) writeFileSync(join(folder, `media/${index}`), '');
    expect(uploadedFiles(folder, []).exclude).toEqual(['/media/*', '!/media/.gitkeep']);
    expect(uploaded(of(folder)).files).toContain('media/.gitkeep');
  });

  test('is told by an ending where as much goes up beside it', () => {
    const names = ['a.jpg', 'b.JPG', 'c d.jpg', 'A.txt', 'a.tar.gz', 'b.gz', 'jpg', 'x.jpg.txt', 'sub.jpgs/a.jpg'];
    const ignored = ['*.jpg', '*.JPG', 'a.tar.gz'];
    const folder = folderWith({ ...PROJECT, ...Object.fromEntries(names.map((name) => [`x/${name}`, ''])) });
    expect(uploadedFiles(folder, ignored).exclude).toEqual(['/x/*.jpg', '/x/a.tar.gz', '/x/sub.jpgs/a.jpg']);
    expect(uploaded(of(folder, { exclude: ignored })).files).toEqual([
      'app.py',
      'requirements.txt',
      ...['x/A.txt', 'x/b.gz', 'x/jpg', 'x/x.jpg.txt'],
    ]);
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
