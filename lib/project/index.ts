export { ProjectFiles } from './files';
export { readProject, type Project, type ProjectWarning } from './project';
export { choosePython, type PythonWish } from './python-version';
