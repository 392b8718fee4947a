import type { BundlingOptions } from 'aws-cdk-lib';
import { BOOLEAN, STRING, strings, constructWith, withMember, type PropTypes } from './prop-types';

/** How the application is called. Where both are given, the worker class decides which is used. */
export interface ApplicationOptions {
  /**
   * The WSGI application as `module:attribute`, for example `mysite.wsgi:application`, or the call of a factory with literals of Python,
   * for example `mysite:create_app("production")`.
   *
   * @default - only `asgi` is given
   */
  readonly wsgi?: string;

  /**
   * The ASGI application as `module:attribute`, for example `mysite.asgi:application`, or the call of a factory with literals of Python.
   *
   * @default - only `wsgi` is given
   */
  readonly asgi?: string;

  /**
   * Folder of the project, below the directory, archive or repository: its processes and commands run there, and its modules are imported
   * from there.
   *
   * @default - of a directory the folder of the `manage.py` that belongs to the application, at most three folders down; else the directory,
   * archive or repository itself
   */
  readonly workingDirectory?: string;

  /**
   * Folders that modules are imported from besides, below the directory, archive or repository; `.` is that itself.
   *
   * @default - of a directory `src` or the directory itself, where the application is there, and the `src` of a project with a build system;
   * else none
   */
  readonly pythonPath?: string[];

  /**
   * Python that runs the application, for example `3.12`. The operating system's patch of it is taken, or, where the operating system has
   * none, a build of python-build-standalone that is fetched from GitHub and checked by its digest.
   *
   * @default - of a directory what `.python-version`, `runtime.txt`, `Pipfile`, `requires-python` or a lock file asks for; else the operating
   * system's own
   */
  readonly pythonVersion?: string;

  /**
   * The file that names the packages to install, as a path in the application: a lock file, a requirements file or a `pyproject.toml`.
   *
   * @default - the first that there is of `uv.lock`, `pylock.toml`, `poetry.lock`, `Pipfile.lock`, `requirements.txt`,
   * `requirements/production.txt`, `requirements/prod.txt`, `requirements/base.txt`, `requirements/requirements.txt`, `pyproject.toml`,
   * `setup.py`, `setup.cfg`
   */
  readonly requirements?: string;

  /**
   * Groups of packages to install besides: dependency groups of a `uv.lock` or a `pyproject.toml`, groups of Poetry, categories of a
   * `Pipfile.lock`.
   *
   * @default - none
   */
  readonly dependencyGroups?: string[];

  /**
   * Extras of the project to install besides: `optional-dependencies` of a `pyproject.toml`, `extras` of Poetry, `extras_require` of setuptools.
   * A requirements file names them itself, with a line `-e .[prod]`.
   *
   * @default - none
   */
  readonly extras?: string[];
}

/** Options of an application in a local directory. */
export interface AssetApplicationOptions extends ApplicationOptions {
  /**
   * Further files that stay at home, as in `.gitignore`; a `!` re-includes. They come after the patterns of `.gitignore` and `.plumblineignore`.
   *
   * @default - what `.gitignore` and `.plumblineignore` name, `.env*`, `*.env`, databases of SQLite, keys of a person, version control, virtual environments and caches
   * stay at home
   */
  readonly exclude?: string[];

  /**
   * Builds what goes up, as for a Lambda function: wheels, generated modules, collected assets. What the build leaves is taken as it is.
   *
   * @default - the files of the directory go up
   */
  readonly bundling?: BundlingOptions;
}

/** Options of an application whose files are not seen at synthesis. */
export interface RemoteApplicationOptions extends ApplicationOptions {
  /**
   * Whether it is a Django project, so that a `SECRET_KEY` is generated where none is given.
   *
   * @default false
   */
  readonly django?: boolean;
}

/** Options of an application in a Git repository. */
export interface GitApplicationOptions extends RemoteApplicationOptions {
  /**
   * Branch, tag or commit. A commit is the only one that never changes under a running service.
   *
   * @default - the default branch
   */
  readonly ref?: string;
}

const TYPES: PropTypes<ApplicationOptions> = {
  wsgi: STRING,
  asgi: STRING,
  workingDirectory: STRING,
  pythonPath: strings('src'),
  pythonVersion: STRING,
  requirements: STRING,
  dependencyGroups: strings('production'),
  extras: strings('postgres'),
};

export const ASSET_TYPES: PropTypes<AssetApplicationOptions> = {
  ...TYPES,
  exclude: strings('*.log'),
  bundling: withMember('image', `a BundlingOptions, for example { image: DockerImage.fromRegistry('python:3.13') }`),
};

export const REMOTE_TYPES: PropTypes<RemoteApplicationOptions> = { ...TYPES, django: BOOLEAN };

export const GIT_TYPES: PropTypes<GitApplicationOptions> = { ...REMOTE_TYPES, ref: STRING };

export const BUCKET = constructWith(
  'bucketArn',
  `an s3.IBucket, for example s3.Bucket.fromBucketName(this, 'Bucket', 'name')`,
);
