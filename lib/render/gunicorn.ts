import type { GunicornInput } from './input';

export function renderGunicornConf(_input: GunicornInput): string {
  return '\n';
}
