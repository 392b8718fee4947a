import type { NginxInput } from './input';

export function renderNginxConf(_input: NginxInput): string {
  return '\n';
}
