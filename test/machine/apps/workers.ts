import { App, Stack } from 'aws-cdk-lib';
import { InstanceType } from 'aws-cdk-lib/aws-ec2';
import { Application, AppServer, WebService } from '../../../lib';

/** The sample on an instance with as many workers as the caller says: `-c instanceType=t3.micro -c workers=2`. */
const app = new App();
new WebService(new Stack(app, 'Workers'), 'Site', {
  application: Application.sample(),
  instanceType: new InstanceType(app.node.getContext('instanceType') as string),
  appServer: AppServer.gunicorn({ workers: Number(app.node.getContext('workers')) }),
});
