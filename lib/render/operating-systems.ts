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
  /** Packages that give the interpreter and pip. */
  readonly pythonPackages: readonly string[];
  /** Package that gives git. */
  readonly gitPackage: string;
  /** User of nginx' workers. */
  readonly nginxUser: string;
  /** Group of nginx' workers: the group of the application's sockets. */
  readonly nginxGroup: string;
}

const AMAZON_LINUX_2023: OperatingSystemProfile = {
  name: 'amazon-linux-2023',
  title: 'Amazon Linux 2023',
  packageManager: 'dnf',
  // Its python3 is 3.9 for life; python3.13 (3.13.15-1) stands beside it.
  // https://docs.aws.amazon.com/linux/al2023/ug/python.html; its nginx is 1.30.5: release notes of 2023.12.20260928
  python: 'python3.13',
  pythonPackages: ['python3.13', 'python3.13-pip'],
  gitPackage: 'git-core',
  nginxUser: 'nginx',
  nginxGroup: 'nginx',
};

/** What Debian and Ubuntu share: Ubuntu takes both packages from Debian. */
const DEBIAN_FAMILY = {
  packageManager: 'apt',
  python: 'python3',
  // The wheel that python3-venv would copy into environments runs as it is: 1 s instead of 4.
  pythonPackages: ['python3-pip-whl'],
  gitPackage: 'git',
  nginxUser: 'www-data',
  nginxGroup: 'www-data',
} as const;

// Python 3.12.3, nginx 1.24.0: https://packages.ubuntu.com/noble/
const UBUNTU_24_04: OperatingSystemProfile = {
  ...DEBIAN_FAMILY,
  name: 'ubuntu-24.04',
  title: 'Ubuntu 24.04',
};

// Python 3.14.4, nginx 1.28.3: https://packages.ubuntu.com/resolute/
const UBUNTU_26_04: OperatingSystemProfile = {
  ...DEBIAN_FAMILY,
  name: 'ubuntu-26.04',
  title: 'Ubuntu 26.04',
};

// Python 3.13.5, nginx 1.26.3: https://packages.debian.org/trixie/
const DEBIAN_13: OperatingSystemProfile = {
  ...DEBIAN_FAMILY,
  name: 'debian-13',
  title: 'Debian 13',
};

/** Every operating system that can be rendered for, by its name. */
export const OPERATING_SYSTEMS = {
  'amazon-linux-2023': AMAZON_LINUX_2023,
  'ubuntu-24.04': UBUNTU_24_04,
  'ubuntu-26.04': UBUNTU_26_04,
  'debian-13': DEBIAN_13,
} as const satisfies Readonly<Record<string, OperatingSystemProfile>>;
