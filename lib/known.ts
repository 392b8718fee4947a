import { Token } from 'aws-cdk-lib';

/**
 * What stands for a value that the CDK CLI has not looked up yet: the app runs once with these, to say what it wants to know, and again with
 * the answers. An error of the first run would be one of values that nobody has. (`DUMMY` and `dummyValue` in aws-cdk-lib)
 */
const LOOKED_UP_LATER = /^(vpc-12345|dummy1[a-c]|sg-12345678|ami-1234|arn:.*my-load-balancer\/50dc6c495c0c9188.*)$/;

/** Whether a text is what it will be in the template. */
export function isKnown(text: string | undefined): text is string {
  return text !== undefined && !Token.isUnresolved(text) && !LOOKED_UP_LATER.test(text);
}

/** What an imported construct throws instead of telling. */
export function told<T>(attribute: () => T): T | undefined {
  try {
    return attribute();
  } catch {
    return undefined;
  }
}
