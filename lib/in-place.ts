import { createHash } from 'node:crypto';
import { CfnWaitCondition, Lazy, Stack, type Duration } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import type { Construct, IDependable } from 'constructs';
import type { WebUserData } from './web-user-data';

/**
 * Moves the image of an instance into version 1 of a launch template: a newer image makes version 2, which nobody asks for, where an
 * `ImageId` of the instance would replace it.
 */
export function keepImage(scope: Construct, id: string, { instance }: ec2.Instance): void {
  // eslint-disable-next-line awscdk/no-variable-construct-id -- the image belongs to the instance, which may get another id
  const template = new ec2.CfnLaunchTemplate(scope, id, { launchTemplateData: { imageId: instance.imageId } });
  instance.imageId = undefined;
  instance.launchTemplate = { launchTemplateId: template.ref, version: '1' };
}

/** A machine boots, mounts its volume and installs what is new, in seconds: 30 to 60 in the machine tests, whose packages are near. */
const BOOT = 180;

/** Props of `waitForEachChange`. */
interface ChangeProps {
  /** What changes. */
  readonly userData: WebUserData;
  /** How long a change may take. */
  readonly timeout: Duration;
  /** What must be there before it waits. */
  readonly after: readonly IDependable[];
}

/**
 * What CloudFormation waits for after each change of the user data: a creation policy of the instance is asked once in its life. A wait condition
 * with another logical id is another one, so its id ends in the hash of the user data.
 */
export function waitForEachChange(scope: Construct, { userData, timeout, after }: ChangeProps): CfnWaitCondition {
  const { nginx, appServer } = userData.plan;
  const needed = nginx.timeoutStopSec + appServer.timeoutStopSec + BOOT;
  if (timeout.toSeconds() < needed) {
    throw new Error(
      `creationTimeout (${timeout.toSeconds()} s) must be at least ${needed} s, else a change that works is rolled back: before it begins, requests of ` +
        `requestTimeout (${userData.plan.requestTimeout} s) may end in nginx (TimeoutStopSec ${nginx.timeoutStopSec} s) and gunicorn (${appServer.timeoutStopSec} s), ` +
        `and the machine boots (${BOOT} s); raise creationTimeout or lower requestTimeout`,
    );
  }
  const condition = new CfnWaitCondition(scope, 'Served');
  condition.cfnOptions.creationPolicy = { resourceSignal: { timeout: timeout.toIsoString() } };
  condition.node.addDependency(...after);
  const logicalId = Stack.of(scope).getLogicalId(condition);
  condition.overrideLogicalId(
    Lazy.uncachedString({
      produce: ({ resolve }) => {
        const script = JSON.stringify(resolve(userData._withoutSignal()));
        return logicalId + createHash('sha256').update(script).digest('hex').slice(0, 16);
      },
    }),
  );
  return condition;
}
