import { existsSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { Stack, Token, TokenComparison } from 'aws-cdk-lib';
import type * as iam from 'aws-cdk-lib/aws-iam';
import type * as s3 from 'aws-cdk-lib/aws-s3';
import type { Construct } from 'constructs';
import { AppServer, WorkerClass } from './app-server';
import {
  ASSET_TYPES,
  BUCKET,
  GIT_TYPES,
  REMOTE_TYPES,
  type ApplicationOptions,
  type AssetApplicationOptions,
  type GitApplicationOptions,
  type RemoteApplicationOptions,
} from './application-options';
import { DirectoryAsset } from './directory-asset';
import { refuse } from './plan/refuse';
import {
  choosePython,
  readProject,
  type Project,
  type ProjectFiles,
  type ProjectWarning,
  type PythonWish,
} from './project';
import { STRING, refuseOtherOptions } from './prop-types';
import {
  CREDENTIALS_IN_REPOSITORY,
  EXTRA_NAME,
  FOLDER,
  FOLDER_RULE,
  GROUP_NAME,
  REQUIREMENTS_PATH,
  entryPointProblem,
  holdsCredentials,
  isGroupName,
  isRequirementsPath,
  pythonsOf,
  type ApplicationFetch,
  type ApplicationLayout,
  type BackgroundWorkerSource,
  type OperatingSystemProfile,
  type PythonProfile,
} from './render';
import { RUNTIME_DIRECTORY } from './runtime';
import { allFiles, uploadedFiles } from './uploaded-files';

/** What a machine needs of an application. */
interface Source {
  readonly fetch: ApplicationFetch;
  /** What its files say, where they are seen. */
  readonly project?: Project;
  grantRead(grantee: iam.IGrantable): void;
}

/** The web application: where its files are, and how it is called. */
export class Application {
  /**
   * A directory whose packages are named in one of the files of `requirements`, uploaded with the deployment.
   * A change of its files replaces the instance, or is brought to one that holds its database.
   *
   * @throws when the files show that it cannot be served: no file names packages, or the application is not where it is said to be
   */
  public static fromAsset(directory: string, options: AssetApplicationOptions): Application {
    refuseOtherOptions(options, ASSET_TYPES, { directory: [directory, STRING] });
    const problems = [...optionProblems(options), ...directoryProblems(directory)];
    refuse(problems);
    const { bundling } = options;
    const { files, exclude, executables, problems: links } = uploadedFiles(directory, options.exclude ?? []);
    const project = bundling ? undefined : projectOf(files, directory, options, links);
    return new Application(options, (scope) => {
      const path = resolve(directory);
      const asset = new DirectoryAsset(scope, 'Application', { path, exclude, executables, bundling });
      const grantRead = (grantee: iam.IGrantable) => asset.grantRead(grantee);
      const built = bundling && Stack.of(scope).bundlingRequired;
      return {
        fetch: { kind: 's3', ...asset.object },
        project: built ? projectOf(allFiles(asset.built), directory, options, []) : project,
        grantRead,
      };
    });
  }

  /** A zip file in a bucket, of another region too. Give every release a key of its own: the same key means no change. */
  public static fromBucket(bucket: s3.IBucket, key: string, options: RemoteApplicationOptions): Application {
    refuseOtherOptions(options, REMOTE_TYPES, { bucket: [bucket, BUCKET], key: [key, STRING] });
    const problems = optionProblems(options);
    if (key === '') problems.push('key "" must name an object');
    refuse(problems);
    return new Application(options, (scope) => ({
      fetch: { kind: 's3', bucket: bucket.bucketName, key: encodeKey(key), region: anotherRegion(scope, bucket) },
      grantRead: (grantee) => bucket.grantRead(grantee, key),
    }));
  }

  /** A public Git repository, cloned by the machine over HTTPS. */
  public static fromGit(repository: string, options: GitApplicationOptions): Application {
    refuseOtherOptions(options, GIT_TYPES, { repository: [repository, STRING] });
    const problems = optionProblems(options);
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
    refuse(problems);
    return new Application(options, () => ({
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
    private readonly options: RemoteApplicationOptions,
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
   * The application on a machine with an operating system, and with workers beside it.
   *
   * @internal
   */
  public _bind(scope: Construct, system: OperatingSystemProfile, workers: readonly BackgroundWorkerSource[]): Bound {
    const { fetch, project, grantRead } = this.source(scope);
    const python = pythonOf(system, this.options.pythonVersion, project?.pythonWishes ?? []);
    const problems = [...(project?.workerProblems(workers) ?? []), ...(typeof python === 'string' ? [python] : [])];
    refuse(problems);
    const { workingDirectory, pythonPath } = project ?? this.options;
    return {
      fetch,
      grantRead,
      django: project?.django ?? this.options.django ?? false,
      layout: {
        workingDirectory: workingDirectory || undefined,
        pythonPath: pythonPath?.length ? pythonPath.map((folder) => folder || '.') : undefined,
        python: typeof python === 'string' ? undefined : python,
      },
      packages: {
        requirements: this.options.requirements ?? project?.requirements,
        dependencyGroups: this.options.dependencyGroups,
        extras: this.options.extras,
      },
      warnings: project?.warnings ?? [],
      databaseWarnings: (settings, replaced) => project?.databaseWarnings(settings, replaced) ?? [],
      linkedDirsProblems: (folders) => project?.linkedDirsProblems(folders) ?? [],
    };
  }
}

/** An application, as a machine has it. */
interface Bound {
  readonly fetch: ApplicationFetch;
  readonly django: boolean;
  readonly layout: ApplicationLayout;
  readonly packages: Pick<ApplicationOptions, 'requirements' | 'dependencyGroups' | 'extras'>;
  readonly warnings: readonly ProjectWarning[];
  readonly databaseWarnings: Project['databaseWarnings'];
  readonly linkedDirsProblems: Project['linkedDirsProblems'];
  grantRead(grantee: iam.IGrantable): void;
}

function optionProblems(options: ApplicationOptions): string[] {
  const {
    requirements,
    dependencyGroups = [],
    extras = [],
    workingDirectory,
    pythonPath = [],
    pythonVersion,
  } = options;
  const problems = entryProblems(options);
  const checkFolder = (prop: string, folder: string) => {
    if (!FOLDER.test(folder)) problems.push(`${prop} ${JSON.stringify(folder)} ${FOLDER_RULE}`);
  };
  if (requirements !== undefined && !isRequirementsPath(requirements)) {
    problems.push(`requirements ${JSON.stringify(requirements)} ${REQUIREMENTS_PATH}`);
  }
  for (const group of dependencyGroups.filter((name) => !isGroupName(name))) {
    problems.push(`dependencyGroups ${JSON.stringify(group)} ${GROUP_NAME}`);
  }
  for (const extra of extras.filter((name) => !isGroupName(name))) {
    problems.push(`extras ${JSON.stringify(extra)} ${EXTRA_NAME}`);
  }
  if (workingDirectory !== undefined) checkFolder('workingDirectory', workingDirectory);
  pythonPath.filter((folder) => folder !== '.').forEach((folder) => checkFolder('pythonPath', folder));
  if (pythonVersion !== undefined && !/^3\.\d+$/.test(pythonVersion)) {
    problems.push(`pythonVersion ${JSON.stringify(pythonVersion)} must be a line of versions, for example 3.13`);
  }
  return problems;
}

function entryProblems({ wsgi, asgi }: ApplicationOptions): string[] {
  const given = Object.entries({ wsgi, asgi }).filter(([, value]) => value !== undefined);
  if (given.length === 0) return ['neither wsgi nor asgi is given: name the application as module:attribute'];
  return given.flatMap(([name, value]) => {
    const problem = entryPointProblem(name, value!);
    return problem === undefined ? [] : [`${name} ${JSON.stringify(value)} ${problem}`];
  });
}

/** What the files say. Throws what they show to be wrong, all at once. */
function projectOf(
  files: ProjectFiles,
  directory: string,
  options: ApplicationOptions,
  links: readonly string[],
): Project {
  const { wsgi, asgi, workingDirectory, pythonPath, requirements, dependencyGroups, extras } = options;
  const project = readProject(files, {
    directory,
    requirements,
    dependencyGroups,
    extras,
    workingDirectory,
    pythonPath: pythonPath?.map((folder) => (folder === '.' ? '' : folder)),
    applications: Object.entries({ wsgi, asgi }).flatMap(([prop, value]) => (value ? [{ prop, value }] : [])),
  });
  const problems = [...links, ...project.problems];
  refuse(problems);
  return project;
}

/** The Python of a machine, or why there is none. */
function pythonOf(
  system: OperatingSystemProfile,
  asked: string | undefined,
  found: readonly PythonWish[],
): PythonProfile | undefined | string {
  const wishes = asked === undefined ? found : [{ source: 'pythonVersion', text: asked, pin: true }];
  if (wishes.length === 0) return undefined;
  const choices = pythonsOf(system);
  const python = choosePython(choices, system.pythonVersion, wishes);
  if (python) return python === choices[0] ? undefined : python;
  const has = (packaged: boolean) => choices.filter((one) => one.packaged === packaged).map(({ version }) => version);
  return (
    `${wishes.map(({ source, text }) => `${source} (${text})`).join(' and ')} can be had by no Python here: ${system.title} has ` +
    `${has(true).join(', ')}, and ${has(false).join(', ')} can be fetched; ask for one of them, or choose another operatingSystem`
  );
}

function directoryProblems(directory: string): string[] {
  const quoted = `application directory ${JSON.stringify(directory)}`;
  if (!existsSync(directory)) return [`${quoted} does not exist (looked for ${resolve(directory)})`];
  if (!statSync(directory).isDirectory()) return [`${quoted} is a file: give the directory of the application`];
  return [];
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
