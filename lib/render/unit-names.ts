import { OPERATING_SYSTEMS } from './operating-systems';

/** Units of the servers that may stand on a machine, on any operating system: what a worker is called does not depend on it. */
const SERVERS = Object.values(OPERATING_SYSTEMS).flatMap(({ mysql, postgresql, cache }) =>
  // of an instance of a template (postgresql@17-main) the template's, which is that of all of them
  [mysql.unit, postgresql.unit, cache.unit].map((unit) => unit.replace(/@.*/, '')),
);

/** Units of the machine itself: those of the servers, their other names, and those of Debian, Ubuntu and Amazon Linux. */
const TAKEN = new Set([
  ...['gunicorn', 'nginx', 'pgbouncer', ...SERVERS, 'mysqld', 'redis', 'ssh', 'sshd', 'cron', 'crond', 'atd'],
  ...['chrony', 'chronyd', 'dbus', 'dbus-broker', 'rsyslog', 'rsync', 'sudo', 'networking', 'acpid', 'auditd'],
  ...['apparmor', 'polkit', 'logrotate', 'fstrim', 'certbot', 'snapd', 'ufw', 'firewalld', 'unattended-upgrades'],
  ...['apt-daily', 'apt-daily-upgrade', 'dpkg-db-backup', 'man-db', 'emergency', 'rescue', 'debug-shell'],
  ...['console-getty', 'kmod', 'procps', 'hwclock', 'ldconfig', 'rc-local', 'amazon-ssm-agent'],
]);

/** What is theirs by its first word. */
const FAMILIES = /^(systemd|plumbline|cloud|initrd|user|getty|serial-getty|ec2|update-motd|dnf)(-|$)/;

/** What Celery, its scheduler and RQ are called where they are not given a name. */
const NAMES_OF_KINDS = ['celery', 'celery-beat', 'rq'];

/** Why a background worker cannot have this name: the end of a sentence that begins with it. */
export function unitNameProblem(name: string, kind: string): string | undefined {
  if (!/^[a-z][a-z0-9-]*$/.test(name)) {
    return 'must start with a letter and hold lower case letters, digits and hyphens alone';
  }
  if (TAKEN.has(name) || FAMILIES.test(name) || (NAMES_OF_KINDS.includes(name) && name !== kind)) {
    return 'must not be that of another unit on the machine: choose another';
  }
  return undefined;
}
