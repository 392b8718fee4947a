import type { BootstrapInput } from './input';
import { hasControls, withoutTokens } from './text';

const VARIABLE = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** Every value that would break out of the file it is written to, one message each. */
export function refusals(input: BootstrapInput): string[] {
  const problems: string[] = [];
  const must = (holds: boolean, prop: string, value: string, rule: string) => {
    if (!holds) problems.push(`${prop} ${JSON.stringify(value)} ${rule}`);
  };
  const matches = (pattern: RegExp, prop: string, value: string, rule: string) =>
    must(pattern.test(withoutTokens(value)), prop, value, rule);

  const { application, runtime, signal } = input;
  matches(
    /^[A-Za-z_]\w*(\.[A-Za-z_]\w*)*:[A-Za-z_]\w*(\(\))?$/,
    'wsgi',
    application.wsgi,
    'must be module:attribute, for example mysite.wsgi:application',
  );
  const objects = [runtime, ...(application.fetch.kind === 's3' ? [application.fetch] : [])];
  for (const { bucket, key } of objects) {
    matches(/^[a-z0-9.-]*$/, 'bucket', bucket, 'must be a bucket name: lower case, digits, dots and hyphens');
    matches(
      /^[\w.~/%-]*$/,
      'key',
      key,
      'must be percent-encoded: only letters, digits and - _ . ~ / stand for themselves',
    );
  }
  if (application.fetch.kind === 'git') {
    const { repository, ref } = application.fetch;
    matches(
      /^[^\s'"\\-][^\s'"\\]*$/,
      'repository',
      repository,
      'must be the URL of a git repository, without spaces and quotes',
    );
    matches(
      /^([^\s'"\\-][^\s'"\\]*)?$/,
      'ref',
      ref ?? '',
      'must be a branch, tag or commit, without spaces and quotes',
    );
  }
  for (const host of input.allowedHosts) {
    matches(/^[A-Za-z0-9.*:[\]_-]*$/, 'allowedHosts', host, 'must be a host name, as in the ALLOWED_HOSTS of Django');
  }
  for (const range of input.trustedProxies) {
    matches(/^[0-9a-fA-F.:/]*$/, 'trustedProxies', range, 'must be an address range, for example 10.0.0.0/16');
  }
  if (input.healthCheckPath !== undefined) {
    matches(
      /^\/[\w.~/-]*$/,
      'healthCheckPath',
      input.healthCheckPath,
      'must be a path of letters, digits and - _ . ~ / that starts with /',
    );
  }
  for (const [name, value] of Object.entries(input.environment)) {
    must(VARIABLE.test(name), 'environment', name, 'must be the name of a variable: letters, digits and underscores');
    must(
      !hasControls(value),
      `environment ${name}`,
      value,
      'must not hold a line break or another control character: use secrets for it',
    );
  }
  for (const { name, id, jsonField } of input.secrets) {
    must(VARIABLE.test(name), 'secrets', name, 'must be the name of a variable: letters, digits and underscores');
    matches(/^[\w/+=.@:-]*$/, `secrets ${name}`, id, 'must be the ARN or name of a secret or parameter');
    must(
      !hasControls(jsonField ?? ''),
      `secrets ${name}`,
      jsonField ?? '',
      'must be the name of a JSON field, without control characters',
    );
  }
  for (const [prop, value] of Object.entries({ region: input.region, urlSuffix: input.urlSuffix, ...signal })) {
    matches(/^[A-Za-z0-9.-]*$/, prop, value, 'must consist of letters, digits, dots and hyphens');
  }
  for (const { name, commands } of input.extraCommands ?? []) {
    must(
      /^[a-z][a-z0-9 -]*$/.test(name),
      'extraCommands',
      name,
      'must be a name of lower case letters, digits, spaces and hyphens',
    );
    for (const command of commands) {
      const free = !command.split('\n').includes('EOF');
      must(
        free && !hasControls(command.replace(/[\n\t]/g, '')),
        `extraCommands ${name}`,
        command,
        'must not hold a line EOF or a control character',
      );
    }
  }
  for (const [name, value] of Object.entries(input.plan.extraNginxDirectives)) {
    must(/^[a-z][a-z0-9_]*$/.test(name), 'nginxDirectives', name, 'must be the name of a directive');
    must(
      !hasControls(value) && !/[;{}#]/.test(withoutTokens(value)),
      `nginxDirectives ${name}`,
      value,
      'must be one value without ; { } # or a line break',
    );
  }
  return problems;
}
