import { choiceProblems, type Choices } from './choices';
import { requirementsOf, requirementsProblem, wantsDjango } from './dependencies';
import { inFolder, type ProjectFiles } from './files';
import { fileOf, layoutOf, managedFolders, named, type LayoutOptions } from './layout';
import { linkedDirsWithCode } from './linked-dirs';
import { madeHere } from './made-here';
import { mediaWarnings } from './media';
import { problemOf, problemOfCelery, type Named } from './modules';
import { passedOverLocks } from './other-locks';
import type { ProjectWarning } from './project-warning';
import { pythonWishes, type PythonWish } from './python-version';
import { requirementLineProblems } from './requirement-lines';
import { djangoInRelease, othersInRelease, settingsModule } from './sqlite';

/** What is said of a project beside its files. */
export interface ProjectOptions extends LayoutOptions, Choices {
  /** Its WSGI and ASGI applications. */
  readonly applications: readonly Named[];
  /** The file that names its packages, where it is said. */
  readonly requirements?: string;
  /** The directory in messages. */
  readonly directory: string;
}

/** What is known of a project by looking at its files. */
export interface Project {
  /** Folder of the project in the directory: '' is the directory itself. */
  readonly workingDirectory: string;
  readonly pythonPath: readonly string[];
  /** Whether it is a project of Django: it has a manage.py. */
  readonly django: boolean;
  /** The file that names its packages, where that is not in the directory itself. */
  readonly requirements?: string;
  readonly pythonWishes: readonly PythonWish[];
  readonly problems: readonly string[];
  readonly warnings: readonly ProjectWarning[];
  /**
   * Where its database is known to be a file of the release.
   *
   * @param settings the module of Django's settings, where that is said
   * @param replaced whether the machine has a database that Django's settings get instead
   */
  databaseWarnings(settings: string | undefined, replaced: boolean): ProjectWarning[];
  /** Why folders cannot be kept over the releases. */
  linkedDirsProblems(folders: readonly string[]): string[];
  /** Whether something runs that needs a manage.py, and the applications of Celery. */
  workerProblems(workers: readonly { readonly kind: string; readonly app?: string }[]): string[];
}

/** Reads a project. */
export function readProject(
  files: ProjectFiles,
  { applications, directory, requirements, ...options }: ProjectOptions,
): Project {
  const modules = applications.map(({ value }) => value.split(':')[0]!);
  const layout = layoutOf(files, modules, options);
  const { workingDirectory, pythonPath } = layout;
  const roots = [workingDirectory, ...pythonPath];
  const folders = [...new Set(['', workingDirectory])];
  const django = files.has(inFolder(workingDirectory, 'manage.py'));
  const problems = [...layout.problems];
  const unnamed = requirementsProblem(files, folders, directory, requirements);
  if (unnamed !== undefined) problems.push(unnamed);
  const names = requirements ?? requirementsOf(files, folders);
  if (names !== undefined && unnamed === undefined) {
    problems.push(...choiceProblems(files, names, options), ...requirementLineProblems(files, names));
  }
  if (layout.problems.length === 0) {
    problems.push(...applications.flatMap((application) => problemOf(files, roots, application, requirements) ?? []));
  }
  return {
    workingDirectory,
    pythonPath,
    django,
    requirements: requirementsOf(files, ['']) === undefined ? requirementsOf(files, folders) : undefined,
    // the nearest pin holds, as for pyenv and uv
    pythonWishes: pythonWishes(files, [...folders].reverse()),
    problems,
    warnings: [
      ...passedOver(files, folders),
      ...(requirements === undefined && names !== undefined ? passedOverLocks(files, folders, names) : []),
      ...(django ? mediaWarnings(files) : withoutManage(files)),
      ...madeHere(files, folders),
    ],
    databaseWarnings: (settings, replaced) => {
      if (!django) return othersInRelease(files);
      const callers = modules.flatMap((module) => roots.flatMap((root) => fileOf(files, root, module) ?? []));
      const module = settings ?? settingsModule(files, [...callers, inFolder(workingDirectory, 'manage.py')]);
      return replaced || module === undefined ? [] : djangoInRelease(files, roots, module);
    },
    linkedDirsProblems: (folders) => linkedDirsWithCode(files, folders),
    workerProblems: (workers) =>
      workers.flatMap(({ kind, app }) => {
        if (app !== undefined) return problemOfCelery(files, roots, app, requirements) ?? [];
        return kind === 'rq' && !django ? [withoutRq(files, workingDirectory)] : [];
      }),
  };
}

function withoutRq(files: ProjectFiles, workingDirectory: string): string {
  const elsewhere = managedFolders(files);
  const hint =
    elsewhere.length > 0
      ? `${elsewhere.map(named).join(' and ')} has one, so give workingDirectory`
      : 'use BackgroundWorker.command for RQ without Django';
  return `BackgroundWorker.rq runs manage.py rqworker, and there is no manage.py in ${named(workingDirectory)}: ${hint}`;
}

function withoutManage(files: ProjectFiles): ProjectWarning[] {
  if (!wantsDjango(files)) return [];
  const elsewhere = managedFolders(files);
  const hint =
    elsewhere.length > 0
      ? `there is one in ${elsewhere.map(named).join(' and ')}: give workingDirectory`
      : 'add the one of django-admin startproject';
  return [
    {
      id: 'noManagePy',
      message: `Django is among the packages and no manage.py beside the application, so that it gets neither settings of the machine nor static files, migrations or a SECRET_KEY; ${hint}`,
    },
  ];
}

/** Files of other platforms, which say what is said otherwise here. */
function passedOver(files: ProjectFiles, folders: readonly string[]): ProjectWarning[] {
  return folders.flatMap((folder) => {
    const warnings: ProjectWarning[] = [];
    const conf = inFolder(folder, 'gunicorn.conf.py');
    if (files.has(conf)) {
      warnings.push({
        id: 'gunicornConf',
        message: `${conf} is passed over, since the settings of gunicorn are planned: give what is needed of it as settings of AppServer.gunicorn`,
      });
    }
    const procfile = inFolder(folder, 'Procfile');
    const processes = [...files.read(procfile).matchAll(/^([\w-]+)\s*:/gm)].map(([, name]) => name!);
    if (processes.length > 0) {
      warnings.push({
        id: 'procfile',
        message: `${procfile} (${processes.join(', ')}) is passed over: web is wsgi or asgi, release is migrate and extraCommands, others are backgroundWorkers`,
      });
    }
    return warnings;
  });
}
