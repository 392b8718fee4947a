import { App } from 'aws-cdk-lib';
import { referenceProps } from './reference-context';
import { ReferenceStack } from './reference-stack';

const app = new App();
new ReferenceStack(
  app,
  'Reference',
  referenceProps((name) => app.node.tryGetContext(name) as unknown),
);
