import type { ExplainedSetting } from './explained-setting';
import type { Plan } from './plan';

/** What differs for a path. */
export function explainedLocations({ locations }: Pick<Plan, 'locations'>): ExplainedSetting[] {
  return locations.flatMap(({ path, clientMaxBodySize, requestTimeout, allow, basicAuth }) => [
    ...(clientMaxBodySize === undefined
      ? []
      : [row('nginx', path, 'client_max_body_size', clientMaxBodySize ? `${clientMaxBodySize} MiB` : 'off')]),
    ...(requestTimeout === undefined ? [] : [row('request guard', path, 'deadline', `${requestTimeout} s`)]),
    ...(allow === undefined ? [] : [row('nginx', path, 'allow', allow.join(', '))]),
    ...(basicAuth === undefined ? [] : [row('nginx', path, 'auth_basic', 'on')]),
  ]);
}

function row(hop: string, path: string, setting: string, value: string): ExplainedSetting {
  return { hop, setting: `${setting} of ${path}`, value, because: 'locations: it, or the nearest path above it' };
}
