import type { BootstrapInput } from './input';

/** The whole user data script. Throws an Error that names every value that cannot be rendered. */
export function renderBootstrap(_input: BootstrapInput): string {
  return '#!/bin/bash\n';
}
