export { ProjectFiles } from './files';
export { MEDIA_WARNING } from './media';
export { readProject, type Project, type ProjectWarning } from './project';
export { choosePython, type PythonWish } from './python-version';
