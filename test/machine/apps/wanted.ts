import { App, Duration, SecretValue, Size, Stack } from 'aws-cdk-lib';
import { Certificate } from 'aws-cdk-lib/aws-certificatemanager';
import { InstanceType } from 'aws-cdk-lib/aws-ec2';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import {
  Application,
  AppServer,
  BackgroundWorker,
  Cache,
  Database,
  EnvironmentSecret,
  Media,
  OperatingSystem,
  WebService,
  type AssetApplicationOptions,
  type WorkerClass,
} from '../../../lib';
import { STANDALONE_PYTHONS, type PythonProfile } from '../../../lib/render/pythons';

interface StandalonePython {
  readonly version: string;
  readonly sha256: string;
}

/** What a user writes for an application; `-c wanted=...` holds it as JSON. */
interface Wanted {
  readonly directory: string;
  readonly application: AssetApplicationOptions;
  readonly instanceType?: string;
  readonly requestTimeout?: number;
  /** GiB of the root volume. */
  readonly volumeSize?: number;
  readonly workerClass?: WorkerClass;
  readonly database?: 'mysql' | 'postgres' | 'sqlite';
  readonly cache?: boolean;
  readonly media?: { readonly linkedDirs?: string[] };
  readonly celery?: string;
  readonly rq?: string[];
  /** Seconds; of every background worker. */
  readonly taskTimeout?: number;
  /** A background worker, called `worker`. */
  readonly command?: string;
  readonly environment?: Record<string, string>;
  readonly secrets?: Record<string, string>;
  readonly packageSecrets?: Record<string, string>;
  /** Builds of python-build-standalone, each in the place of the one with its line of versions. */
  readonly pythons?: readonly StandalonePython[];
  readonly extraCommands?: string[];
  readonly healthCheckPath?: string;
  /** A name of its own, with a certificate for it. */
  readonly domain?: string;
  /** Further props, as they are. */
  readonly props?: object;
}

const app = new App();
const stack = new Stack(app, 'Application');
const wanted = JSON.parse(app.node.tryGetContext('wanted') as string) as Wanted;
const taskTimeout = Duration.seconds(wanted.taskTimeout ?? 120);
wanted.pythons?.forEach(play);

new WebService(stack, 'Site', {
  operatingSystem: OperatingSystem.DEBIAN_13,
  application: Application.fromAsset(wanted.directory, wanted.application),
  instanceType: new InstanceType(wanted.instanceType ?? 't3.small'),
  requestTimeout: Duration.seconds(wanted.requestTimeout ?? 30),
  volumeSize: wanted.volumeSize ? Size.gibibytes(wanted.volumeSize) : undefined,
  appServer: wanted.workerClass && AppServer.gunicorn({ workerClass: wanted.workerClass }),
  database: wanted.database && Database[`${wanted.database}OnInstance`](),
  media: wanted.media && Media.onInstance(wanted.media),
  cache: wanted.cache ? Cache.redisOnInstance() : undefined,
  backgroundWorkers: [
    ...(wanted.celery ? [BackgroundWorker.celery({ app: wanted.celery, concurrency: 1, taskTimeout })] : []),
    ...(wanted.command ? [BackgroundWorker.command('worker', wanted.command, { taskTimeout })] : []),
    ...(wanted.rq ? [BackgroundWorker.rq({ processes: 1, queues: wanted.rq, taskTimeout })] : []),
  ],
  environment: wanted.environment,
  secrets: secrets(wanted.secrets),
  packageSecrets: secrets(wanted.packageSecrets),
  extraCommands: wanted.extraCommands,
  healthCheckPath: wanted.healthCheckPath,
  ...(wanted.domain && {
    certificate: new Certificate(stack, 'Certificate', { domainName: wanted.domain }),
    allowedHosts: [wanted.domain],
  }),
  ...wanted.props,
});

function secrets(values: Record<string, string> = {}): Record<string, EnvironmentSecret> {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [
      name,
      EnvironmentSecret.fromSecretsManager(
        new Secret(stack, name, { secretStringValue: SecretValue.unsafePlainText(value) }),
      ),
    ]),
  );
}

function play({ version, sha256 }: StandalonePython): void {
  const line = version.replace(/\d+$/, '');
  const pythons = STANDALONE_PYTHONS as PythonProfile[];
  const place = pythons.findIndex((python) => python.version.startsWith(line));
  const { version: instead, archive, ...rest } = pythons[place]!;
  pythons[place] = {
    ...rest,
    version,
    command: rest.command.replace(instead, version),
    archive: { path: archive!.path.replace(instead, version), sha256: { x86_64: sha256, aarch64: sha256 } },
  };
}
