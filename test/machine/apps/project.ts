import { App } from 'aws-cdk-lib';
import { referenceProps } from '../../../bin/reference-context';
import { ReferenceStack } from '../../../bin/reference-stack';
import { Application } from '../../../lib';

/** The reference stack with a project of the user's: `-c directory=DIR -c wsgi=mysite.wsgi:application`, or `asgi`, or both. */
const app = new App();
const context = (name: string) => app.node.tryGetContext(name) as string | undefined;
const [wsgi, asgi] = [context('wsgi'), context('asgi')];

new ReferenceStack(app, 'Reference', {
  ...referenceProps((name) => context(name) ?? (name === 'workerClass' && !wsgi ? 'asgi' : undefined)),
  application: Application.fromAsset(context('directory')!, { wsgi, asgi }),
});
