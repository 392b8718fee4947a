export { ProjectFiles } from './files';
export { MEDIA_WARNING } from './media';
export { readProject, type Project } from './project';
export type { ProjectWarning } from './project-warning';
export { choosePython, type PythonWish } from './python-version';
