import { Template } from 'aws-cdk-lib/assertions';
import { machinesOf } from './stacks';

/** Prints user data and the files that it fetches as the text that the machine gets, and blanks what changes with every change of an asset. */
export const template = {
  test: (value: unknown): value is Template => value instanceof Template,
  serialize: (value: Template): string => {
    let scripts = 0;
    const json = JSON.stringify(
      value.toJSON(),
      (key, part: unknown) => (key === 'UserData' ? `<script ${++scripts}>` : part),
      2,
    );
    const blanked = [json, ...machinesOf(value).map((machine, index) => `<script ${index + 1}>\n${machine}`)]
      .join('\n\n')
      .replace(/\b[0-9a-f]{64}\b/g, '<hash>');
    // the id of an instance, or of what waits for its signal, ends in the hash of its user data
    return blanked.replace(/((?:Instance|Served)[0-9A-F]{8})[0-9a-f]{16}\b/g, '$1<hash>');
  },
};
