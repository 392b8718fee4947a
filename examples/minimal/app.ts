import { join } from 'node:path';
import { App, CfnOutput, Duration, Stack } from 'aws-cdk-lib';
import { Application, WebService } from '../../lib';

/** A Django project whose reports take up to two minutes. */
export const app = new App();
const stack = new Stack(app, 'Minimal');

const site = new WebService(stack, 'Site', {
  application: Application.fromAsset(join(__dirname, '../mysite'), { wsgi: 'mysite.wsgi:application' }),
  requestTimeout: Duration.minutes(2),
});
new CfnOutput(stack, 'Url', { value: site.url! });
