import { CfnOutput, Stack, type StackProps } from 'aws-cdk-lib';
import { Certificate } from 'aws-cdk-lib/aws-certificatemanager';
import type { Construct } from 'constructs';
import { WebService, type RequestPathPlan, type WebServiceProps } from '../lib';

export interface ReferenceStackProps extends WebServiceProps, StackProps {
  /** @default - HTTP */
  readonly certificateArn?: string;
}

/** One instance behind a load balancer in a VPC of its own, with the sample application. */
export class ReferenceStack extends Stack {
  constructor(scope: Construct, id: string, props: ReferenceStackProps) {
    super(scope, id, props);
    const { certificateArn } = props;
    const site = new WebService(this, 'Site', {
      ...props,
      certificate: certificateArn ? Certificate.fromCertificateArn(this, 'Certificate', certificateArn) : undefined,
    });
    new CfnOutput(this, 'Url', { value: site.url! });
    if (site.dataVolume) new CfnOutput(this, 'DataVolume', { value: site.dataVolume.volumeId });
    const { databaseSecret } = site.dataServices;
    if (databaseSecret) new CfnOutput(this, 'DatabaseSecret', { value: databaseSecret.secretArn });
    new CfnOutput(this, 'Plan', { value: summary(site.plan) });
  }
}

/** The ladder in one line, from the inside out. Outputs of CloudFormation hold ASCII only. */
function summary({
  instance,
  appServer,
  requestTimeout,
  statementTimeout,
  nginx,
  loadBalancer,
  database,
  connections,
}: RequestPathPlan): string {
  return [
    `${instance.instanceType}: ${appServer.workers} ${appServer.workerClass} workers, ${appServer.slots} slots`,
    `statement ${statementTimeout} s < request ${requestTimeout} s < gunicorn timeout ${appServer.timeout} s` +
      ` < nginx proxy_read_timeout ${nginx.proxyReadTimeout} s < load balancer idle ${loadBalancer.idleTimeout} s`,
    `nginx keepalive_timeout ${nginx.keepaliveTimeout} s, deregistration ${loadBalancer.deregistrationDelay} s`,
    ...(database && connections
      ? [`${database.engine}: at most ${connections.total} of ${connections.maxConnections} connections`]
      : []),
  ].join('; ');
}
