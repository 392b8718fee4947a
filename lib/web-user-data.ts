import { Aws, CfnResource, Duration, Lazy, Stack, Validations } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as secretsmanager from 'aws-cdk-lib/aws-secretsmanager';
import { Construct, type IConstruct } from 'constructs';
import { merged } from './data-access';
import { dataVolumeOf, originOf, withoutVolume } from './data-volume-options';
import { DataServices } from './data-services';
import { namesWithoutEffect, refuseNames } from './environment-names';
import { EnvironmentSecret } from './environment-secret';
import { environmentUrls } from './environment-urls';
import { passwordsOf } from './location-options';
import { longestBytes } from './longest-text';
import { machineEnvironment } from './machine-environment';
import { OperatingSystem } from './operating-system';
import { otherAccount, otherEnvironments, principalHere } from './other-stacks';
import { reportViolations } from './plan-violations';
import { MEDIA_WARNING } from './project';
import { refuse } from './plan/refuse';
import { refuseOtherTypes } from './prop-types';
import {
  RDS_BUNDLE,
  renderBootstrap,
  renderFiles,
  type BootstrapInput,
  type FilesInput,
  type SignalTarget,
} from './render';
import type { RequestPathPlan } from './request-path-plan';
import type { MachineProps } from './machine-props';
import { runtimeAsset } from './runtime';
import { USER_DATA_TYPES, type WebUserDataProps } from './web-user-data-props';
import { PRIVATE_RANGES } from './vpc-ranges';

/** What EC2 accepts, before base64: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/user-data.html */
const LONGEST_USER_DATA = 16384;

/** Long enough for Django (50 characters); letters and digits pass through every file format. */
const SECRET_KEY_LENGTH = 50;

/**
 * The user data that makes a bare machine serve an application as planned: nginx, the application server, their systemd units,
 * the application and its packages.
 *
 * `WebService` uses it; it also fits an instance or a launch template of your own.
 *
 * Resources defined: two assets (the application, and the modules that run beside it), and a secret for Django's `SECRET_KEY`
 * where it is needed.
 */
export class WebUserData extends Construct {
  /**
   * User data for a plan.
   *
   * @throws when the plan breaks a rule, or a value cannot be written into a file of the machine
   */
  public static forPlan(scope: Construct, id: string, props: WebUserDataProps): WebUserData {
    return new WebUserData(scope, id, props);
  }

  /** What an instance or a launch template takes. Commands that are added run after the machine serves. */
  public readonly userData: ec2.UserData;

  /** The numbers. */
  public readonly plan: RequestPathPlan;

  /** The operating system that the script is written for. */
  public readonly operatingSystem: OperatingSystem;

  /** The database and the cache. */
  public readonly dataServices: DataServices;

  /** The secret that was generated for Django's `SECRET_KEY`, if any. */
  public readonly secretKey?: secretsmanager.ISecret;

  private readonly grants: Array<(grantee: iam.IGrantable) => void>;
  private readonly input: BootstrapInput;
  private readonly script: string;
  private readonly withoutSignal: () => string;
  private signal?: SignalTarget;
  private volume?: ec2.IVolume;
  private grantedMore = () => true;

  private constructor(scope: Construct, id: string, props: WebUserDataProps) {
    super(scope, id);
    refuseOtherTypes(props, USER_DATA_TYPES);
    reportViolations(this, props.plan);
    this.plan = props.plan;
    const { database, media, backgroundWorkers = [], ...planned } = props.plan._props;
    refuseNames(props, media?._planInput().host);
    const volume = dataVolumeOf(props.plan._props);
    this.operatingSystem = props.operatingSystem ?? planned.operatingSystem ?? OperatingSystem.AMAZON_LINUX_2023;
    this.dataServices = props.dataServices ?? new DataServices(this, 'DataServices', { plan: props.plan });
    refuseAnotherPlan(this.dataServices, props.plan, this.operatingSystem);

    const workers = backgroundWorkers.map((worker) => worker._source());
    const application = props.application._bind(this, this.operatingSystem._profile, workers);
    if (!props.plan.requestGuard && props.healthCheckPath === undefined && !application.django) {
      throw new Error(
        'requestGuard is off, so that nothing answers the health check for the application: give healthCheckPath',
      );
    }
    const withoutEffect = namesWithoutEffect(props).map((message) => ({ id: 'environmentWithoutEffect', message }));
    const settings = props.environment?.DJANGO_SETTINGS_MODULE;
    const linkedDirs = media?._linkedDirs ?? [];
    // else it may be in a folder that is kept
    const inRelease = linkedDirs.length > 0 ? [] : application.databaseWarnings(settings, database !== undefined);
    const warnings = [...application.warnings, ...inRelease, ...withoutEffect];
    warnings
      .filter(({ id }) => !(media && id === MEDIA_WARNING))
      .forEach(({ id, message }) => Validations.of(this).addWarning(`cdk-plumbline:WebService.${id}`, message));
    const access = this.dataServices._access;
    const secrets = merged([props.secrets ?? {}, ...access.map((service) => service.secrets)]);
    if (application.django && !('SECRET_KEY' in { ...props.environment, ...secrets })) {
      this.secretKey = new secretsmanager.Secret(this, 'SecretKey', {
        description: 'SECRET_KEY of a Django project',
        generateSecretString: { passwordLength: SECRET_KEY_LENGTH, excludePunctuation: true },
      });
      secrets.SECRET_KEY = EnvironmentSecret.fromSecretsManager(this.secretKey);
    }
    const packageSecrets = props.packageSecrets ?? {};
    const passwords = passwordsOf(planned.locations ?? []);
    const foreign = Object.fromEntries([
      ...Object.entries(secrets).map(([name, one]) => [`secrets ${name}`, one._resource] as const),
      ...Object.entries(packageSecrets).map(([name, one]) => [`packageSecrets ${name}`, one._resource] as const),
      ...passwords.map(({ path, secret }) => [`basicAuth of ${path}`, secret._resource] as const),
    ]);
    const problems = [
      ...application.linkedDirsProblems(linkedDirs),
      ...otherEnvironments(this, foreign),
      ...otherAccount(this, 'the bucket of media', this.dataServices.mediaBucket),
    ];
    if (props.instanceMetadata === false && this.dataServices.mediaBucket) {
      problems.push(
        'instanceMetadata is false, and Media.bucket is read and written with the credentials that the metadata service gives: leave instanceMetadata out',
      );
    }
    refuse(problems);
    const environment = machineEnvironment(props.plan._plan, access);
    const given = Object.keys({ ...props.environment, ...props.secrets });
    const urls = environmentUrls(environment, given, Object.keys(secrets), application.django);
    const pooled = access.find((service) => service.pooled)?.pooled;
    const account = access.find((service) => service.account)?.account;
    const loadBalancerRanges = props.loadBalancerRanges ?? PRIVATE_RANGES;
    const files: FilesInput = {
      plan: props.plan._plan,
      operatingSystem: this.operatingSystem._profile,
      application: {
        fetch: application.fetch,
        wsgi: props.application._entryPoint(props.plan.appServer.workerClass),
        ...application.layout,
        ...application.packages,
      },
      systemPackages: props.systemPackages,
      environment: props.environment ?? {},
      machineEnvironment: { ...environment, ...urls.environment },
      secrets: [...Object.entries(secrets).map(([name, secret]) => secret._named(name)), ...urls.secrets],
      passwords: passwords.map(({ path, secret }) => ({ path, id: secret._named(path).id })),
      allowedHosts: props.allowedHosts,
      healthCheckPath: props.healthCheckPath,
      trustedProxies: [...new Set([...loadBalancerRanges, ...(props.trustedProxies ?? [])])],
      beforeLoadBalancer: props.trustedProxies,
      schemeHeader: props.trustedSchemeHeader,
      tls: props.tls,
      database: database && {
        onInstance: database._volume !== undefined,
        caBundle: (pooled?.certificateBundle ?? environment.PLUMBLINE_DATABASE_CA) === RDS_BUNDLE,
        pooled,
        account: account && {
          ...account,
          databaseName: environment.PLUMBLINE_DATABASE_NAME!,
          user: account.user.secretArn,
          administrator: account.administrator.secretArn,
        },
      },
      media: media?._volume !== undefined,
      linkedDirs,
      migrate: props.migrate,
      collectStatic: props.collectStatic,
      backgroundWorkers: workers,
    };
    const runtime = runtimeAsset(this, renderFiles(files));
    this.grants = [
      (grantee) => application.grantRead(grantee),
      (grantee) => runtime.grantRead(grantee),
      ...access.flatMap(({ grant }) => grant ?? []),
      ...(account ? [(grantee: iam.IGrantable) => void account.administrator.grantRead(grantee)] : []),
      ...[...Object.values(secrets), ...Object.values(packageSecrets), ...passwords.map(({ secret }) => secret)].map(
        (secret) => (grantee: iam.IGrantable) => secret._grantRead(this, grantee),
      ),
    ];

    this.input = {
      ...files,
      runtime: runtime.object,
      packageSecrets: Object.entries(packageSecrets).map(([name, secret]) => secret._named(name)),
      dataVolume: volume && Lazy.string({ produce: () => this.volume?.volumeId }),
      newVolume: volume && originOf(volume) === '',
      region: Stack.of(this).region,
      urlSuffix: Stack.of(this).urlSuffix,
      extraCommands: props.extraCommands && [{ name: 'extra commands', commands: props.extraCommands }],
    };
    // now, so that values that cannot be rendered are named where they are given; later again, when it is known who waits for a signal
    renderBootstrap(this.input);
    this.script = Lazy.uncachedString({
      produce: () => renderBootstrap({ ...this.inputOfNow(props), signal: this.signal }),
    });
    this.withoutSignal = () => renderBootstrap(this.inputOfNow(props));
    this.userData = ec2.UserData.custom(this.script);
    this.node.addValidation({
      validate: () => [...this.tooLong(props), ...(this.volume ? [] : withoutVolume(props.plan._props))],
    });
  }

  /**
   * Allows a role to read what the machine fetches: the application, the modules beside it, the secrets. A role of another stack gets a
   * policy in this one; a machine, such as an Auto Scaling group, gets it where it is.
   */
  public grant(grantee: iam.IGrantable): void {
    const principal = grantee === grantee.grantPrincipal ? principalHere(this, grantee) : grantee;
    this.grants.forEach((grant) => grant(principal));
  }

  /**
   * Lets the machine tell CloudFormation whether it serves.
   *
   * @param resource the instance, Auto Scaling group or wait condition whose creation policy waits for the signal
   * @param grantee the role of the machine
   */
  public signalTo(resource: IConstruct, grantee: iam.IGrantable): void {
    const cfnResource = CfnResource.isCfnResource(resource) ? resource : resource.node.defaultChild;
    if (!CfnResource.isCfnResource(cfnResource)) {
      throw new Error(`${resource.node.path} is not a resource that CloudFormation can wait for`);
    }
    if (this.signal) throw new Error(`${this.node.path} already signals to a resource: make user data for each`);
    const timeout = cfnResource.cfnOptions.creationPolicy?.resourceSignal?.timeout;
    this.signal = {
      stack: cfnResource.stack.stackName,
      logicalId: cfnResource.logicalId,
      timeout: timeout === undefined ? undefined : Duration.parse(timeout).toSeconds(),
    };
    // where the resource is, since the id of the stack is that of the stack which has the policy
    principalHere(cfnResource.node.scope as Construct, grantee).grantPrincipal.addToPrincipalPolicy(
      new iam.PolicyStatement({ actions: ['cloudformation:SignalResource'], resources: [Aws.STACK_ID] }),
    );
  }

  /**
   * Where the data on the instance is kept.
   *
   * @internal
   */
  public _mount(volume: ec2.IVolume): void {
    this.volume = volume;
  }

  /**
   * The whole script as it would be if nobody waited for its signal.
   *
   * @internal
   */
  public _withoutSignal(): string {
    return this.userData.render().replace(this.script, this.withoutSignal);
  }

  /**
   * Whether the role of the machine was granted something for the application: asked at synthesis, after all grants.
   *
   * @internal
   */
  public _askForGrants(grantedMore: () => boolean): void {
    this.grantedMore = grantedMore;
  }

  private inputOfNow({ instanceMetadata }: MachineProps): BootstrapInput {
    return {
      ...this.input,
      instanceMetadata: instanceMetadata ?? (this.dataServices.mediaBucket !== undefined || this.grantedMore()),
    };
  }

  private tooLong(props: WebUserDataProps): string[] {
    const bytesOf = (text: string) => longestBytes(Stack.of(this).resolve(text));
    const bytes = bytesOf(this.userData.render());
    if (bytes <= LONGEST_USER_DATA) return [];
    const { locations, extraNginxDirectives, extraGunicornSettings } = props.plan._plan;
    const parts: Array<[string, unknown]> = [
      ['extraCommands', props.extraCommands],
      ['environment', props.environment],
      ['secrets', this.input.secrets],
      ['locations', locations],
      ['trustedProxies', this.input.beforeLoadBalancer],
      ['nginxDirectives', extraNginxDirectives],
      ['settings of the application server', extraGunicornSettings],
    ];
    const [name, largest] = parts
      .map(([part, value]) => [part, bytesOf(JSON.stringify(value ?? ''))] as const)
      .reduce((most, part) => (part[1] > most[1] ? part : most));
    const part = `${name} (${largest} bytes)`;
    return [
      `user data can take ${bytes} bytes, ${bytes - LONGEST_USER_DATA} more than the ${LONGEST_USER_DATA} that EC2 accepts: ` +
        (['extraCommands', 'environment'].includes(name)
          ? `move ${part} into a file of the application`
          : `shorten ${part}, where each token counts with the longest text that it may become`),
    ];
  }
}

/** Throws where the machine would be another than the one that was planned. */
function refuseAnotherPlan(dataServices: DataServices, plan: RequestPathPlan, { name }: OperatingSystem): void {
  if (dataServices._plan !== plan) throw new Error('dataServices was made for another plan: give both the same');
  const planned = (plan._props.operatingSystem ?? OperatingSystem.AMAZON_LINUX_2023).name;
  if (plan._plan.database && planned !== name) {
    throw new Error(
      `operatingSystem (${name}) is not the one that the database was planned for (${planned}): give it to RequestPathPlan.of`,
    );
  }
}
