import { Token } from 'aws-cdk-lib';
import type { SecretSource } from './render';

/** The variables by which applications are told their servers on most platforms, beside those of the machine. */
export interface EnvironmentUrls {
  /** Those that anybody may read. */
  readonly environment: Record<string, string>;
  /** Those with a password in them, which the machine puts together where it fetches its secrets. */
  readonly secrets: SecretSource[];
}

/**
 * URLs of the servers in `PLUMBLINE_*` of an environment.
 *
 * @param given names of variables that have a value: they stand
 * @param secret names of variables whose values are secrets
 * @param django whether settings of Django read them
 */
export function environmentUrls(
  environment: Readonly<Record<string, string>>,
  given: readonly string[],
  secret: readonly string[],
  django: boolean,
): EnvironmentUrls {
  const { PLUMBLINE_CACHE_URL: cache, PLUMBLINE_BROKER_URL: broker } = environment;
  const celery = broker && forCelery(withPassword(broker, secret));
  const urls = Object.entries({
    DATABASE_URL: sqliteUrl(environment) ?? databaseUrl(environment, secret, django ? 'postgres' : 'postgresql'),
    // django-environ has no unix://: it makes one of a redis:// without a host
    CACHE_URL: cache && withPassword(cache.replace(/^unix:(.*)\?db=0$/, 'redis:$1'), secret),
    REDIS_URL: cache && withPassword(cache, secret),
    CELERY_BROKER_URL: celery,
    CELERY_RESULT_BACKEND: celery,
  }).flatMap(([name, url]) => (url && !given.includes(name) ? [{ name, url }] : []));
  const isSecret = ({ url }: { url: string }) => url.includes('{PLUMBLINE_');
  return {
    environment: Object.fromEntries(urls.filter((one) => !isSecret(one)).map(({ name, url }) => [name, url])),
    secrets: urls.filter(isSecret).map(({ name, url }) => ({ name, kind: 'composed', id: url })),
  };
}

/**
 * In the form that dj-database-url, django-environ, SQLAlchemy, asyncpg and libpq read: a socket is in the query. The scheme of PostgreSQL
 * is Heroku's for Django, where settings ask for its beginning; SQLAlchemy has not known that since 1.4.
 */
function databaseUrl(
  environment: Readonly<Record<string, string>>,
  secret: readonly string[],
  postgres: 'postgres' | 'postgresql',
): string | undefined {
  const { PLUMBLINE_DATABASE_HOST: host, PLUMBLINE_DATABASE_PORT: port, PLUMBLINE_DATABASE_CA: ca } = environment;
  if (host === undefined) return undefined;
  const postgresql = environment.PLUMBLINE_DATABASE_ENGINE === 'postgresql';
  const user = part(environment, secret, 'PLUMBLINE_DATABASE_USER');
  const password = part(environment, secret, 'PLUMBLINE_DATABASE_PASSWORD');
  const account = password === '' ? user : `${user}:${password}`;
  const socket = !Token.isUnresolved(host) && host.startsWith('/');
  const query = postgresql
    ? [
        ...(socket ? [`host=${host}`, ...(port ? [`port=${port}`] : [])] : []),
        ...(ca ? ['sslmode=verify-full', `sslrootcert=${encodeURI(ca)}`] : []),
      ]
    : ['charset=utf8mb4', ...(socket ? [`unix_socket=${host}`] : []), ...(ca ? [`ssl_ca=${encodeURI(ca)}`] : [])];
  const local = postgresql ? '' : 'localhost';
  const server = socket ? local : `${host}:${port}`;
  const name = part(environment, secret, 'PLUMBLINE_DATABASE_NAME');
  const url = `${postgresql ? postgres : 'mysql'}://${account}@${server}/${name}`;
  return query.length > 0 ? `${url}?${query.join('&')}` : url;
}

/** The path and nothing else: many read it by what stands behind the third slash, and would open a file with a query in its name. */
function sqliteUrl({
  PLUMBLINE_DATABASE_ENGINE: engine,
  PLUMBLINE_DATABASE_NAME: file,
}: Readonly<Record<string, string>>) {
  return engine === 'sqlite' ? `sqlite:///${file}` : undefined;
}

/** A part of a URL: what it says, or where the machine puts it in. */
function part(environment: Readonly<Record<string, string>>, secret: readonly string[], name: string): string {
  if (secret.includes(name)) return `{${name}}`;
  const value = environment[name] ?? '';
  return Token.isUnresolved(value) ? value : encodeURIComponent(value);
}

function withPassword(url: string, secret: readonly string[]): string {
  return secret.includes('PLUMBLINE_CACHE_PASSWORD') ? url.replace('://', '://:{PLUMBLINE_CACHE_PASSWORD}@') : url;
}

/** Celery starts with no rediss:// that leaves open whether the server's certificate is checked. */
function forCelery(url: string): string {
  return url.startsWith('rediss:') ? `${url}?ssl_cert_reqs=required` : url;
}
