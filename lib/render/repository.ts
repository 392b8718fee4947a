/** Whether the URL of a repository says who asks for it, before the host or in the query. */
export function holdsCredentials(repository: string): boolean {
  return (
    /^([a-z][a-z0-9+.-]*:)?\/\/[^/]*@/i.test(repository) ||
    /^[^/@]*:[^/@]*@/.test(repository) ||
    repository.includes('?')
  );
}

/** What is said instead of showing them. */
export const CREDENTIALS_IN_REPOSITORY =
  'repository must hold neither user name, password, token nor query: it is in plain text in the template and on the machine. Use Application.fromBucket for private code';
