/** A path that stands for itself in nginx' configuration and in the request, in whichever way it is written there. */
const PATH = /^(\/[\w.~@+-]+)*\/?$/;

/** What is longer than nginx reads of a request: large_client_header_buffers has 16k for its first line. */
const LONGEST = 1024;

/** Paths of our own: nginx' health check goes through there. */
const OURS = /^\/\.plumbline(\/|$)/;

/** Why a path cannot be given to nginx as one; undefined where it can. */
export function nginxPathProblem(path: string): string | undefined {
  if (!path.startsWith('/')) return 'must start with /';
  if (path.length > LONGEST) return `must have ${LONGEST} characters at most`;
  if (/\/(\.{0,2}\/|\.{1,2}$)/.test(path)) return 'must not hold //, /./ or /../: nginx compares paths without them';
  if (!PATH.test(path)) {
    return 'must be a path of letters, digits and - _ . ~ @ + between slashes: it is compared as it stands, neither as a pattern nor with %-escapes';
  }
  if (OURS.test(path)) return 'is where the health check goes: use another path';
  return undefined;
}
