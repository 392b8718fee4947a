import type { OperatingSystemProfile } from './operating-systems';
import type { PasswordSource, RenderedFile } from './input';
import { UNITS } from './systemd';
import { lines } from './text';

/** What runtime/plumbline_secrets.sh reads: the path of a location and the secret with its names and passwords, a line each. */
const LIST = '/etc/plumbline/passwords';

/** The unit that fetches them, without its ending. nginx wants it, and starts with those of the last time where it fails. */
export const PASSWORDS_UNIT = 'plumbline_passwords';

/** How long a password that was changed in Secrets Manager is not yet known. */
const LOOKS_EVERY = '10min';

/** What fetches the names and passwords that nginx asks for; nothing where it asks for none. */
export function passwordFiles(
  passwords: readonly PasswordSource[],
  { nginxGroup }: OperatingSystemProfile,
): RenderedFile[] {
  if (passwords.length === 0) return [];
  return [
    { path: LIST, text: lines(passwords.map(({ path, id }) => `${path} ${id}`)) },
    { path: `${UNITS}/${PASSWORDS_UNIT}.service`, text: service(nginxGroup) },
    { path: `${UNITS}/${PASSWORDS_UNIT}.timer`, text: timer() },
  ];
}

function service(group: string): string {
  return lines(
    '# nginx itself must not reach the service that gives out the credentials of the role.',
    '[Unit]',
    'Description=Fetches the names and passwords that nginx asks for',
    'Wants=network-online.target',
    'After=network-online.target',
    'Before=nginx.service',
    '',
    '[Service]',
    'Type=oneshot',
    `ExecStart=/bin/bash /usr/local/lib/plumbline/plumbline_secrets.sh passwords ${LIST} ${group}`,
    'LogLevelMax=notice',
    '# AWS answers in less than a second; curl tries three times, each connects within 5 s.',
    'TimeoutStartSec=60',
    'CapabilityBoundingSet=CAP_CHOWN',
    'SystemCallFilter=@system-service',
  );
}

function timer(): string {
  return lines(
    '[Unit]',
    'Description=Looks whether the names and passwords that nginx asks for have changed',
    '',
    '[Timer]',
    `OnActiveSec=${LOOKS_EVERY}`,
    `OnUnitInactiveSec=${LOOKS_EVERY}`,
  );
}
