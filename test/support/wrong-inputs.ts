import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { WebService, type Application, type WebServiceProps } from '../../lib';
import { flask, makeStack, outdirOf } from './stacks';

/** What TypeScript would refuse, as a program gives it that is JavaScript, or says `as any`. */
export const any = (value: unknown) => value as never;

/** A title, a program, and all that it is told. */
export type Input = readonly [title: string, program: (stack: Stack) => unknown, message: string];

/** One for all: to read its files costs more than to refuse the rest. */
let application: Application;

/** A service with props of any type. */
export function serviceWith(stack: Stack, props: Readonly<Record<string, unknown>>): WebService {
  application ??= flask();
  return new WebService(stack, 'Site', { application, ...(props as Partial<WebServiceProps>) });
}

/** Each program fails with its message, and leaves no template. */
export function failsWithEach(inputs: readonly Input[]): void {
  test.each(inputs)('fails with %s', (_, program, message) => {
    const stack = makeStack({ env: { account: '123456789012', region: 'eu-central-1' } });
    const synthesize = () => {
      program(stack);
      Template.fromStack(stack);
    };
    expect(synthesize).toThrow(new Error(message));
    expect(existsSync(join(outdirOf(stack), stack.templateFile))).toBe(false);
  });
}
