import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { DockerImage } from 'aws-cdk-lib';
import { Annotations, Match } from 'aws-cdk-lib/assertions';
import { Application, BackgroundWorker, OperatingSystem, type AssetApplicationOptions } from '../../lib';
import { folderWith, machineOf, makeStack, serve } from '../support/stacks';
import { of, PROJECT, uploaded, write } from '../support/uploaded';

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

  test('may leave links to folders and to nothing', () => {
    const bundling = built((output) => {
      write(output, { ...PROJECT, 'real/x.py': '' });
      symlinkSync('real', join(output, 'folder'));
      symlinkSync('gone', join(output, 'dump.sql'));
    });
    expect(uploaded(of(folderWith({}), bundling)).files).toContain('real/x.py');
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
