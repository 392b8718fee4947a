import { App, Duration, Stack } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import { Application, AppServer, OperatingSystem, WebService, type GunicornOptions } from '../../lib';

/** The value of `-c service=…`, as JSON. */
interface Service {
  readonly os: string;
  /** Directory of the application; without one it is the sample. */
  readonly directory?: string;
  readonly wsgi?: string;
  readonly asgi?: string;
  readonly gunicorn?: GunicornOptions;
  readonly instanceType?: string;
  readonly requestTimeout?: number;
  readonly environment?: { [name: string]: string };
  readonly healthCheckPath?: string;
}

// One WebService with any application, for the scenarios that the reference stack has no context for.
const app = new App();
const service = JSON.parse(app.node.getContext('service') as string) as Service;
const { directory, wsgi, asgi, environment, healthCheckPath } = service;
new WebService(new Stack(app, 'Service'), 'Service', {
  application: directory ? Application.fromAsset(directory, { wsgi, asgi }) : Application.sample(),
  operatingSystem: OperatingSystem.all().find(({ name }) => name === service.os),
  appServer: AppServer.gunicorn(service.gunicorn),
  instanceType: new ec2.InstanceType(service.instanceType ?? 't3.small'),
  requestTimeout: Duration.seconds(service.requestTimeout ?? 300),
  environment,
  healthCheckPath,
});
