import type { Plan } from '../plan/plan';
import type { OperatingSystemProfile } from './operating-systems';

export function renderGunicornService(_plan: Plan, _secrets: boolean): string {
  return '\n';
}

export function renderGunicornSocket(_plan: Plan, _operatingSystem: OperatingSystemProfile): string {
  return '\n';
}

export function renderNginxDropIn(_plan: Plan): string {
  return '\n';
}
