import { Template } from 'aws-cdk-lib/assertions';
import { readableUserData } from './stacks';

/** Prints user data as the text that the machine gets, and blanks what changes with every change of an asset. */
export const template = {
  test: (value: unknown): value is Template => value instanceof Template,
  serialize: (value: Template): string => {
    const scripts: string[] = [];
    const json = JSON.stringify(
      value.toJSON(),
      (key, part: unknown) => {
        if (key !== 'UserData') return part;
        scripts.push(readableUserData(part));
        return `<script ${scripts.length}>`;
      },
      2,
    );
    const blanked = [json, ...scripts.map((script, index) => `<script ${index + 1}>\n${script}`)]
      .join('\n\n')
      .replace(/\b[0-9a-f]{64}\b/g, '<hash>');
    // the id of an instance ends in the hash of its user data
    return blanked.replace(/(Instance[0-9A-F]{8})[0-9a-f]{16}\b/g, '$1<hash>');
  },
};
