import { existsSync, readdirSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { Stack, Token, TokenComparison } from 'aws-cdk-lib';
import type * as iam from 'aws-cdk-lib/aws-iam';
import type * as s3 from 'aws-cdk-lib/aws-s3';
import type { Construct } from 'constructs';
import { AppServer, WorkerClass } from './app-server';
import { DirectoryAsset } from './directory-asset';
import {
  CREDENTIALS_IN_REPOSITORY,
  GROUP_NAME,
  REQUIREMENTS_FILES,
  REQUIREMENTS_PATH,
  holdsCredentials,
  isGroupName,
  isRequirementsPath,
  type ApplicationFetch,
} from './render';
import { RUNTIME_DIRECTORY } from './runtime';

/** How the application is called. Where both are given, the worker class decides which is used. */
export interface ApplicationOptions {
  /**
   * The WSGI application as `module:attribute`, for example `mysite.wsgi:application`.
   *
   * @default - only `asgi` is given
   */
  readonly wsgi?: string;

  /**
   * The ASGI application as `module:attribute`, for example `mysite.asgi:application`.
   *
   * @default - only `wsgi` is given
   */
  readonly asgi?: string;

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
}

/** Options of an application in a local directory. */
export interface AssetApplicationOptions extends ApplicationOptions {
  /**
   * Further files that stay at home, as in `.gitignore`.
   *
   * @default - version control, virtual environments and caches stay at home
   */
  readonly exclude?: string[];
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

/** What a machine needs of an application. */
interface Source {
  readonly fetch: ApplicationFetch;
  grantRead(grantee: iam.IGrantable): void;
}

/** What would make the archive large or carry one machine's state to another. */
const STAYS_AT_HOME = [
  '.git',
  '.hg',
  '__pycache__',
  '*.py[cod]',
  '.pytest_cache',
  '.mypy_cache',
  '.ruff_cache',
  '.tox',
  '.nox',
  'node_modules',
  'cdk.out',
  '.DS_Store',
];

/** The web application: where its files are, and how it is called. */
export class Application {
  /**
   * A directory whose packages are named in one of the files of `requirements`, uploaded with the deployment.
   * A change of its files replaces the instance, or is brought to one that holds its database.
   */
  public static fromAsset(directory: string, options: AssetApplicationOptions): Application {
    const problems = [...entryProblems(options), ...directoryProblems(directory, options)];
    if (problems.length > 0) throw new Error(problems.join('\n'));
    return new Application(options, existsSync(join(directory, 'manage.py')), (scope) => {
      const exclude = [...STAYS_AT_HOME, ...virtualEnvironments(directory), ...(options.exclude ?? [])];
      const asset = new DirectoryAsset(scope, 'Application', { path: resolve(directory), exclude });
      return { fetch: { kind: 's3', ...asset.object }, grantRead: (grantee) => asset.grantRead(grantee) };
    });
  }

  /** A zip file in a bucket, of another region too. Give every release a key of its own: the same key means no change. */
  public static fromBucket(bucket: s3.IBucket, key: string, options: RemoteApplicationOptions): Application {
    const problems = entryProblems(options);
    if (key === '') problems.push('key "" must name an object');
    if (problems.length > 0) throw new Error(problems.join('\n'));
    return new Application(options, options.django ?? false, (scope) => ({
      fetch: { kind: 's3', bucket: bucket.bucketName, key: encodeKey(key), region: anotherRegion(scope, bucket) },
      grantRead: (grantee) => bucket.grantRead(grantee, key),
    }));
  }

  /** A public Git repository, cloned by the machine over HTTPS. */
  public static fromGit(repository: string, options: GitApplicationOptions): Application {
    const problems = entryProblems(options);
    if (holdsCredentials(repository)) {
      problems.push(CREDENTIALS_IN_REPOSITORY);
    } else if (!/^https:\/\/[^\s'"\\]+$/.test(repository)) {
      problems.push(
        `repository ${JSON.stringify(repository)} must be an https:// address, for example https://github.com/django/djangoproject.com.git`,
      );
    }
    if (options.ref !== undefined && !/^[A-Za-z0-9_][A-Za-z0-9_./-]*$/.test(options.ref)) {
      problems.push(`ref ${JSON.stringify(options.ref)} must be a branch, a tag or a commit`);
    }
    if (problems.length > 0) throw new Error(problems.join('\n'));
    return new Application(options, options.django ?? false, () => ({
      fetch: { kind: 'git', repository, ref: options.ref },
      grantRead: () => {},
    }));
  }

  /** A small Django project that shows which release and worker answers, and can be asked to be slow. */
  public static sample(): Application {
    return Application.fromAsset(join(RUNTIME_DIRECTORY, 'sample'), {
      wsgi: 'sample.wsgi:application',
      asgi: 'sample.asgi:application',
    });
  }

  private constructor(
    private readonly options: ApplicationOptions,
    /** @internal */
    public readonly _django: boolean,
    private readonly source: (scope: Construct) => Source,
  ) {}

  /**
   * The application server that fits where the caller chose no worker class.
   *
   * @internal
   */
  public _server(appServer: AppServer = AppServer.gunicorn()): AppServer {
    return this.options.wsgi === undefined ? appServer._orClass(WorkerClass.ASGI) : appServer;
  }

  /**
   * What a worker class calls.
   *
   * @internal
   */
  public _entryPoint(workerClass: string): string {
    const { wsgi, asgi } = this.options;
    if (workerClass === 'asgi' && asgi === undefined) {
      throw new Error(
        `workerClass asgi cannot serve an application that has only wsgi (${wsgi}): give asgi, or use another worker class`,
      );
    }
    if (workerClass !== 'asgi' && wsgi === undefined) {
      throw new Error(
        `workerClass ${workerClass} cannot serve an application that has only asgi (${asgi}): give wsgi, or use WorkerClass.ASGI`,
      );
    }
    return (workerClass === 'asgi' ? asgi : wsgi)!;
  }

  /**
   * What is installed, where it is said outright.
   *
   * @internal
   */
  public get _packages(): Pick<ApplicationOptions, 'requirements' | 'dependencyGroups'> {
    const { requirements, dependencyGroups } = this.options;
    return { requirements, dependencyGroups };
  }

  /** @internal */
  public _bind(scope: Construct): Source {
    return this.source(scope);
  }
}

const IDENTIFIER = '[A-Za-z_][A-Za-z0-9_]*';
const ENTRY_POINT = new RegExp(`^${IDENTIFIER}(\\.${IDENTIFIER})*:${IDENTIFIER}(\\(\\))?$`);

function entryProblems({ wsgi, asgi, requirements, dependencyGroups = [] }: ApplicationOptions): string[] {
  const given = Object.entries({ wsgi, asgi }).filter(([, value]) => value !== undefined);
  const problems = given
    .filter(([, value]) => !ENTRY_POINT.test(value!))
    .map(
      ([name, value]) =>
        `${name} ${JSON.stringify(value)} must be module:attribute, for example mysite.${name}:application`,
    );
  if (given.length === 0) {
    problems.push('neither wsgi nor asgi is given: name the application as module:attribute');
  }
  if (requirements !== undefined && !isRequirementsPath(requirements)) {
    problems.push(`requirements ${JSON.stringify(requirements)} ${REQUIREMENTS_PATH}`);
  }
  for (const group of dependencyGroups.filter((name) => !isGroupName(name))) {
    problems.push(`dependencyGroups ${JSON.stringify(group)} ${GROUP_NAME}`);
  }
  return problems;
}

function directoryProblems(directory: string, { requirements }: ApplicationOptions): string[] {
  const quoted = `application directory ${JSON.stringify(directory)}`;
  if (!existsSync(directory)) return [`${quoted} does not exist (looked for ${resolve(directory)})`];
  if (!statSync(directory).isDirectory()) return [`${quoted} is a file: give the directory of the application`];
  const holds = (name: string) => existsSync(join(directory, name));
  if (requirements !== undefined) {
    return holds(requirements) ? [] : [`requirements ${JSON.stringify(requirements)} is not in ${quoted}`];
  }
  if (REQUIREMENTS_FILES.some(holds)) return [];
  return [
    `${quoted} has none of ${REQUIREMENTS_FILES.join(', ')}: give requirements with the file that names the packages to install`,
  ];
}

/** Whatever its name, a virtual environment has a `pyvenv.cfg` (PEP 405). It works on the machine that made it alone. */
function virtualEnvironments(directory: string): string[] {
  return readdirSync(directory)
    .filter((name) => existsSync(join(directory, name, 'pyvenv.cfg')))
    .map((name) => `/${name}/`);
}

/** The region of a bucket where it is known to be another one than that of the machine. */
function anotherRegion(scope: Construct, bucket: s3.IBucket): string | undefined {
  const { region } = bucket.env;
  return Token.compareStrings(region, Stack.of(scope).region) === TokenComparison.DIFFERENT ? region : undefined;
}

/** `encodeURIComponent` leaves `!'()*` alone; a signed path may not hold them raw. */
function encodeKey(key: string): string {
  if (Token.isUnresolved(key)) return key;
  return key
    .split('/')
    .map((part) =>
      encodeURIComponent(part).replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`),
    )
    .join('/');
}
