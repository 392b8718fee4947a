import type { DatabaseServerName } from '../plan/plan';
import { packagedPython, STANDALONE_PYTHONS, type PythonProfile } from './pythons';

/** How an operating system differs for the files and the bootstrap that are rendered for it. */
export interface OperatingSystemProfile {
  /** Name in context values and errors, for example `amazon-linux-2023`. */
  readonly name: string;
  /** Name for people. */
  readonly title: string;
  /** Family of package tools; `apt` starts services when it installs them, `dnf` does not. */
  readonly packageManager: 'apt' | 'dnf';
  /** The interpreter that runs the application, with the version where the system's own `python3` is too old. */
  readonly python: string;
  /** Its version: the oldest patch that a new machine installs. */
  readonly pythonVersion: string;
  /** Packages that give the interpreter and pip. */
  readonly pythonPackages: readonly string[];
  /** Interpreters that it has besides. */
  readonly otherPythons: readonly PythonProfile[];
  /** Package that gives git. */
  readonly gitPackage: string;
  /** User of nginx' workers. */
  readonly nginxUser: string;
  /** Group of nginx' workers: the group of the application's sockets. */
  readonly nginxGroup: string;
  /** The server that speaks MySQL's protocol: MariaDB where the archive has no MySQL. */
  readonly mysql: DatabaseServerProfile;
  readonly postgresql: DatabaseServerProfile;
  readonly cache: CacheServerProfile;
  /** Whether the vendor's images are without the agent of Session Manager. @default false */
  readonly withoutAgent?: boolean;
  /** Package that brings the repository of PgBouncer's package, where it is in another one than the rest. */
  readonly pgBouncerRepository?: string;
}

/** A packaged database server. */
export interface DatabaseServerProfile {
  readonly engine: DatabaseServerName;
  readonly packages: readonly string[];
  /** Name of the systemd unit, without `.service`. */
  readonly unit: string;
  /** User that the server runs as, and that owns its files. */
  readonly user: string;
  /** Folders of the packages that the volume for data holds, by their name on it. */
  readonly folders: Readonly<Record<string, string>>;
  /** Where our settings are: they are read after those of the packages. */
  readonly configuration: string;
  /** PostgreSQL: the file of the cluster that is made to include them. */
  readonly mainConfiguration?: string;
  /** PostgreSQL: the folder of the cluster, on the volume below that of `folders`, and the version that its files are bound to. */
  readonly cluster?: { readonly folder: string; readonly version: number };
  /** PostgreSQL: the command that makes the cluster. */
  readonly makeCluster?: string;
}

/** A packaged Valkey or Redis. */
export interface CacheServerProfile {
  readonly packages: readonly string[];
  /** Name of the systemd unit, without `.service`. */
  readonly unit: string;
  /** Path of the server. */
  readonly program: string;
  /** Folder that the server may write to. */
  readonly folder: string;
}

/** Encodings follow the locale of whoever makes the cluster, and a script at boot has none: SQL_ASCII. */
const INITDB = '--encoding=UTF8 --locale=C.UTF-8 --data-checksums';

const AMAZON_LINUX_2023: OperatingSystemProfile = {
  name: 'amazon-linux-2023',
  title: 'Amazon Linux 2023',
  packageManager: 'dnf',
  // Its python3 is 3.9 for life; python3.13 (3.13.15-1) stands beside it.
  // https://docs.aws.amazon.com/linux/al2023/ug/python.html; its nginx is 1.30.5: release notes of 2023.12.20260928
  python: 'python3.13',
  pythonVersion: '3.13.15',
  pythonPackages: ['python3.13', 'python3.13-pip'],
  otherPythons: ['3.11.15', '3.12.13', '3.14.7'].map((version) => {
    const command = `python${version.replace(/\.\d+$/, '')}`;
    return packagedPython(version, command, [command, `${command}-pip`]);
  }),
  gitPackage: 'git-core',
  nginxUser: 'nginx',
  nginxGroup: 'nginx',
  // mariadb118 11.8.8 since 2023.12.20260608, postgresql17: release notes of 2023.12.20260928. Layout and units are
  // Fedora's (mariadb-server.spec, postgresql.spec); there is no MySQL.
  mysql: {
    engine: 'mariadb',
    packages: ['mariadb118-server'],
    unit: 'mariadb',
    user: 'mysql',
    folders: { mysql: '/var/lib/mysql' },
    configuration: '/etc/my.cnf.d/zz-plumbline.cnf',
  },
  postgresql: {
    engine: 'postgresql',
    // pg_stat_statements and auto_explain are in contrib
    packages: ['postgresql17-server', 'postgresql17-contrib'],
    unit: 'postgresql',
    user: 'postgres',
    folders: { postgresql: '/var/lib/pgsql' },
    configuration: '/etc/plumbline/postgresql.conf',
    mainConfiguration: '/var/lib/pgsql/data/postgresql.conf',
    cluster: { folder: 'data', version: 17 },
    makeCluster: `PGSETUP_INITDB_OPTIONS="${INITDB} --auth=peer" postgresql-setup --initdb`,
  },
  // valkey 9.0.6; redis6 gets no fixes since 2026-01-31: https://docs.aws.amazon.com/linux/al2023/release-notes/
  cache: {
    packages: ['valkey'],
    unit: 'valkey',
    program: '/usr/bin/valkey-server',
    folder: '/var/lib/valkey',
  },
  // https://github.com/amazonlinux/amazon-linux-2023/issues/119, https://docs.aws.amazon.com/linux/al2023/ug/configure-spal-repository.html
  pgBouncerRepository: 'spal-release',
};

/** What Debian and Ubuntu share: Ubuntu takes both packages from Debian. */
const DEBIAN_FAMILY = {
  packageManager: 'apt',
  python: 'python3',
  // The wheel that python3-venv would copy into environments runs as it is: 1 s instead of 4.
  pythonPackages: ['python3-pip-whl'],
  otherPythons: [],
  gitPackage: 'git',
  nginxUser: 'www-data',
  nginxGroup: 'www-data',
} as const;

/** MySQL of Ubuntu: mysql-8.0 and mysql-8.4, debian/additions and debian/mysql-server.mysql.service. */
const UBUNTU_MYSQL: DatabaseServerProfile = {
  engine: 'mysql',
  packages: ['mysql-server'],
  unit: 'mysql',
  user: 'mysql',
  folders: { mysql: '/var/lib/mysql' },
  configuration: '/etc/mysql/mysql.conf.d/zz-plumbline.cnf',
};

/** Redis of Ubuntu 24.04 (7.0) and 26.04 (8). */
const UBUNTU_REDIS: CacheServerProfile = {
  packages: ['redis-server'],
  unit: 'redis-server',
  program: '/usr/bin/redis-server',
  folder: '/var/lib/redis',
};

/** PostgreSQL as postgresql-common of Debian arranges it: settings of a cluster lie in /etc, and belong to its data. */
function clusterOf(version: number): DatabaseServerProfile {
  return {
    engine: 'postgresql',
    packages: [`postgresql-${version}`],
    unit: `postgresql@${version}-main`,
    user: 'postgres',
    folders: { postgresql: '/var/lib/postgresql', 'postgresql-settings': '/etc/postgresql' },
    configuration: '/etc/plumbline/postgresql.conf',
    mainConfiguration: `/etc/postgresql/${version}/main/postgresql.conf`,
    cluster: { folder: `${version}/main`, version },
    // pg_ctlcluster passes nothing on from its unit's environment
    makeCluster: `pg_createcluster ${version} main -- ${INITDB} && echo 'PG_OOM_ADJUST_VALUE = -600' >>/etc/postgresql/${version}/main/environment`,
  };
}

// Python 3.12.3, nginx 1.24.0: https://packages.ubuntu.com/noble/
const UBUNTU_24_04: OperatingSystemProfile = {
  ...DEBIAN_FAMILY,
  name: 'ubuntu-24.04',
  pythonVersion: '3.12.3',
  title: 'Ubuntu 24.04',
  mysql: UBUNTU_MYSQL,
  postgresql: clusterOf(16),
  cache: UBUNTU_REDIS,
};

// Python 3.14.4, nginx 1.28.3: https://packages.ubuntu.com/resolute/
const UBUNTU_26_04: OperatingSystemProfile = {
  ...DEBIAN_FAMILY,
  name: 'ubuntu-26.04',
  pythonVersion: '3.14.4',
  title: 'Ubuntu 26.04',
  mysql: UBUNTU_MYSQL,
  postgresql: clusterOf(18),
  cache: UBUNTU_REDIS,
};

// Python 3.13.5, nginx 1.26.3: https://packages.debian.org/trixie/
const DEBIAN_13: OperatingSystemProfile = {
  ...DEBIAN_FAMILY,
  name: 'debian-13',
  pythonVersion: '3.13.5',
  title: 'Debian 13',
  // nor has its archive: https://docs.aws.amazon.com/systems-manager/latest/userguide/agent-install-deb.html
  withoutAgent: true,
  // MariaDB 11.8.6, valkey-server 8.1.1
  mysql: {
    engine: 'mariadb',
    packages: ['mariadb-server'],
    unit: 'mariadb',
    user: 'mysql',
    folders: { mysql: '/var/lib/mysql' },
    configuration: '/etc/mysql/mariadb.conf.d/zz-plumbline.cnf',
  },
  postgresql: clusterOf(17),
  cache: {
    packages: ['valkey-server'],
    unit: 'valkey-server',
    program: '/usr/bin/valkey-server',
    folder: '/var/lib/valkey',
  },
};

/** Every operating system that can be rendered for, by its name. */
export const OPERATING_SYSTEMS = {
  'amazon-linux-2023': AMAZON_LINUX_2023,
  'ubuntu-24.04': UBUNTU_24_04,
  'ubuntu-26.04': UBUNTU_26_04,
  'debian-13': DEBIAN_13,
} as const satisfies Readonly<Record<string, OperatingSystemProfile>>;

/** Every interpreter that a machine can have: its own first, then the others of its operating system, then those that are fetched. */
export function pythonsOf({
  pythonVersion,
  python,
  pythonPackages,
  otherPythons,
}: OperatingSystemProfile): readonly PythonProfile[] {
  return [packagedPython(pythonVersion, python, pythonPackages), ...otherPythons, ...STANDALONE_PYTHONS];
}
