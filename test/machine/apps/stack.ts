import { App, Duration, SecretValue, Size, Stack } from 'aws-cdk-lib';
import { Certificate } from 'aws-cdk-lib/aws-certificatemanager';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { StringParameter } from 'aws-cdk-lib/aws-ssm';
import { join } from 'node:path';
import {
  Application,
  BasicAuth,
  EnvironmentSecret,
  OperatingSystem,
  WebService,
  type WebServiceProps,
} from '../../../lib';

/**
 * Deploys one of the applications of this folder: `-c application=flask`. `-c directory=...` takes a copy of its files
 * from elsewhere.
 */
const app = new App();
const stack = new Stack(app, 'Machine');
const context = (name: string) => app.node.tryGetContext(name) as string | undefined;

const name = context('application') ?? 'flask';
const directory = context('directory') ?? join(__dirname, name);

const sites: Record<string, () => Omit<WebServiceProps, 'operatingSystem'>> = {
  flask: () => ({
    application: Application.fromAsset(directory, { wsgi: 'hello:app' }),
    clientMaxBodySize: Size.mebibytes(3),
    locations: [
      { path: '/staff', basicAuth: BasicAuth.fromSecretsManager(login()) },
      { path: '/office', allow: ['198.51.100.7/32'] },
      { path: '/static/plans', allow: ['198.51.100.7/32'] },
      { path: '/large', clientMaxBodySize: Size.mebibytes(6) },
    ],
    environment: {
      TEST_PLAIN: 'plain',
      TEST_EMPTY: '',
      TEST_SPACES: '  two before, three after   ',
      TEST_SINGLE: "it's",
      TEST_DOUBLE: 'say "when"',
      TEST_BOTH: `it's "both" \\ and $HOME and \`id\` and %n %%`,
      TEST_DOLLAR: '$HOME ${HOME} $(id)',
      TEST_PERCENT: '100%s %h',
      TEST_COMMENT: '#no comment; nothing else',
      TEST_BACKSLASH: 'a\\nb\\',
      TEST_UNICODE: 'Zürich ☂',
    },
    secrets: {
      TEST_SECRET: EnvironmentSecret.fromSecretsManager(
        secret('Whole', `first line\nsecond 'line' "of" $HOME \\ %n\n`),
      ),
      TEST_FIELD: EnvironmentSecret.fromSecretsManager(
        secret('Json', '{"user": "anna", "password": "p\\"w\\\\d`x"}'),
        'password',
      ),
      TEST_PARAMETER: EnvironmentSecret.fromSsmParameter(
        new StringParameter(stack, 'Parameter', { parameterName: '/plumbline/test', stringValue: 'parameter-7f3a91' }),
      ),
    },
  }),
  'broken-import': () => ({ application: Application.fromAsset(directory, { wsgi: 'site_app:app' }) }),
  'log-in-the-release': () => ({ application: Application.fromAsset(directory, { wsgi: 'site_app:app' }) }),
  'missing-header': () => ({ application: Application.fromAsset(directory, { wsgi: 'site_app:app' }) }),
  packages: () => ({
    application: Application.fromAsset(directory, { wsgi: 'shop:app' }),
    systemPackages: ['libmagic1'],
  }),
  fastapi: () => ({ application: Application.fromAsset(directory, { asgi: 'main:app' }) }),
  monorepo: () => ({
    application: Application.fromAsset(directory, { wsgi: 'shop.wsgi:application', pythonPath: ['libs/src'] }),
    environment: { STAGE: 'live' },
  }),
  django: () => ({
    application: Application.fromAsset(directory, { wsgi: 'config.wsgi:application', asgi: 'config.asgi:application' }),
    healthCheckPath: '/up',
    certificate: new Certificate(stack, 'Certificate', { domainName: 'shop.example.com' }),
  }),
};

function secret(id: string, value: string): Secret {
  return new Secret(stack, id, { secretStringValue: SecretValue.unsafePlainText(value) });
}

function login(): Secret {
  return new Secret(stack, 'Login', {
    secretName: 'login',
    secretStringValue: SecretValue.unsafePlainText('{"username": "anna", "password": "open sesame"}'),
  });
}

new WebService(stack, 'Site', {
  requestTimeout: Duration.seconds(20),
  operatingSystem: OperatingSystem.DEBIAN_13,
  ...sites[name]!(),
});
