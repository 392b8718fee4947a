import { Application } from './application';
import { EnvironmentSecret } from './environment-secret';
import { OPERATING_SYSTEM } from './operating-system';
import { BOOLEAN, STRING, instanceOf, kindOf, mapOf, needed, secretOf, strings, type PropTypes } from './prop-types';
import type { MachineProps } from './web-user-data';

// TypeScript takes a secret itself for one, where somebody said `as any`; its value is told by its kind alone
const SECRETS = mapOf(
  secretOf(EnvironmentSecret, 'an EnvironmentSecret: EnvironmentSecret.fromSecretsManager(secret)'),
  'an object of EnvironmentSecrets by the names of the variables',
  kindOf,
);

export const MACHINE_TYPES: PropTypes<MachineProps> = {
  application: needed(instanceOf(Application, `an Application, for example Application.fromAsset('mysite', { wsgi })`)),
  environment: mapOf(
    {
      ...STRING,
      problems: (prop, value) => STRING.problems(prop, value).map((one) => `${one}: write it as one, or leave it out`),
    },
    `an object of texts by the names of the variables, for example { DEBUG_LEVEL: '1' }`,
    kindOf,
  ),
  secrets: SECRETS,
  packageSecrets: SECRETS,
  systemPackages: strings('libmagic1'),
  migrate: BOOLEAN,
  collectStatic: BOOLEAN,
  extraCommands: strings('as_app python manage.py warm_up'),
  instanceMetadata: BOOLEAN,
  trustedProxies: strings('10.0.0.0/16'),
  trustedSchemeHeader: STRING,
  healthCheckPath: STRING,
  operatingSystem: OPERATING_SYSTEM,
};
