import { RemovalPolicy, Token } from 'aws-cdk-lib';
import { SubnetType } from 'aws-cdk-lib/aws-ec2';
import { misspelt, nearest } from './plan/nearest';
import { refuse } from './plan/refuse';

/*
 * What a prop takes, as far as a running program can tell. TypeScript checks it too, but not where somebody wrote `as any`, `!` after a
 * variable of `process.env`, or plain JavaScript: there a number for a `Duration` would be a `TypeError` of a line in here.
 *
 * Classes of aws-cdk-lib are known by a member and not by `instanceof`, since an app may have two copies of the package.
 */
export interface PropType {
  /** What is wrong with a value, each with the part of the prop where it is. */
  problems(prop: string, value: unknown): string[];
  /** Whether the prop may be left out. */
  readonly optional: boolean;
}

/** A type for every prop of a struct. */
export type PropTypes<T extends object> = { readonly [K in keyof Required<T>]: PropType };

/** What is wrong with the names and the types of props, one message each. A message never has the text of a token, nor what may be a secret. */
export function typeProblems<T extends object>(props: T, types: PropTypes<T>): string[] {
  return problemsOf(props, types, (name, names) => {
    // others are a program's own, which extends our structs and passes the whole
    const meant = misspelt(name, names);
    return meant && `${name} is no prop: the nearest name is ${meant}`;
  });
}

/**
 * @param positional what stands before the props, by its name
 * @throws one error for all values of another type
 */
export function refuseOtherTypes<T extends object>(props: T, types: PropTypes<T>, positional: Positional = {}): void {
  refuse([...positionalProblems(positional), ...typeProblems(props, types)]);
}

/**
 * The same for options of a factory, which nobody extends: a name that is none of theirs would have no effect.
 *
 * @throws one error for all names that are no options, and all values of another type
 */
export function refuseOtherOptions<T extends object>(
  options: T,
  types: PropTypes<T>,
  positional: Positional = {},
  unknown: Unknown = noOption,
): void {
  refuse([...positionalProblems(positional), ...problemsOf(options, types, unknown)]);
}

function noOption(name: string, names: string[]): string {
  const meant = nearest(name, names);
  return `${name} is no option: ${meant ? `the nearest name is ${meant}` : `use one of ${names.join(', ')}`}`;
}

/** What is wrong with a name that no type has, if anything. */
type Unknown = (name: string, names: string[]) => string | undefined;

/** What stands before props or options, by its name. */
type Positional = Readonly<Record<string, readonly [value: unknown, type: PropType]>>;

function positionalProblems(positional: Positional): string[] {
  return Object.entries(positional).flatMap(([name, [value, type]]) => type.problems(name, value));
}

function problemsOf<T extends object>(props: T, types: PropTypes<T>, unknown: Unknown): string[] {
  if (!isObject(props)) return [`the props (${shown(props)}) must be an object with the names and values of props`];
  const names = Object.keys(types);
  const given = Object.keys(props).filter((name) => props[name] !== undefined);
  return [
    ...given.flatMap((name) => (names.includes(name) ? [] : (unknown(name, names) ?? []))),
    ...Object.entries<PropType>(types).flatMap(([prop, type]) => {
      const value: unknown = (props as Record<string, unknown>)[prop];
      return value === undefined && type.optional ? [] : type.problems(prop, value);
    }),
  ];
}

/** How a value is told. */
type Show = (value: unknown) => string;

/** A class, its constructor may be private. */
interface Class {
  readonly prototype: object;
}

const isInstanceOf = (type: Class) => (value: unknown) =>
  value instanceof (type as unknown as abstract new () => object);

const simple = (holds: (value: unknown) => boolean, rule: string, show: Show = shown): PropType => ({
  optional: true,
  problems: (prop, value) => (holds(value) ? [] : [`${prop} (${show(value)}) must be ${rule}`]),
});

/** A type that a prop must have a value of. */
export const needed = (type: PropType): PropType => ({ ...type, optional: false });

/** Elements of an array, each with its index. */
export const arrayOf = (type: PropType, rule: string): PropType => ({
  optional: true,
  problems: (prop, value) =>
    Array.isArray(value)
      ? value.flatMap((one, index) => type.problems(`${prop}[${index}]`, one))
      : [`${prop} (${shown(value)}) must be ${rule}`],
});

/** Values of an object, each with its name. */
export const mapOf = (type: PropType, rule: string, show: Show = shown): PropType => ({
  optional: true,
  problems: (prop, value) =>
    isObject(value)
      ? Object.entries(value).flatMap(([name, one]) => type.problems(`${prop} ${name}`, one))
      : [`${prop} (${show(value)}) must be ${rule}`],
});

/** An object with props of its own. A name that is none of theirs is refused: plain JavaScript would see no effect of it. */
export const structOf = <T extends object>(types: PropTypes<T>, rule: string): PropType => ({
  optional: true,
  problems: (prop, value) =>
    isObject(value)
      ? [
          ...Object.keys(value).flatMap((name) => unknownName(prop, name, Object.keys(types))),
          ...problemsOf(value as T, types, () => undefined).map((problem) => `${prop}.${problem}`),
        ]
      : [`${prop} (${shown(value)}) must be ${rule}`],
});

/** What is wrong with a name of a prop, where plain JavaScript would see no effect of it. */
export function unknownName(prop: string, name: string, names: readonly string[]): string[] {
  if (names.includes(name)) return [];
  const meant = nearest(name, names);
  return [`${prop}.${name} is no prop: ${meant ? `the nearest name is ${meant}` : `use one of ${names.join(', ')}`}`];
}

const hasMethod = (name: string) => (value: unknown) =>
  typeof value === 'object' && value !== null && typeof (value as Record<string, unknown>)[name] === 'function';

/** Whether a member is there; its value is not asked for, since some members throw. */
const hasMember = (name: string) => (value: unknown) => typeof value === 'object' && value !== null && name in value;

/** An instance of a class of this library. */
export const instanceOf = (type: Class, rule: string): PropType => simple(isInstanceOf(type), rule);

/** The same, where what stands in its place may hold a password: its kind alone is told. */
export const secretOf = (type: Class, rule: string): PropType => simple(isInstanceOf(type), rule, kindOf);

/** A value object of aws-cdk-lib, known by a member. */
export const withMember = (name: string, rule: string, show: Show = shown): PropType =>
  simple(hasMember(name), rule, show);

/** A construct, known by a member and by the tree that it is in: an object with the same member alone, such as `{ vpcId }`, is none. */
export const constructWith = (name: string, rule: string, show: Show = shown): PropType =>
  simple((value) => hasMember(name)(value) && hasMember('node')(value), rule, show);

/** A value of an enumeration. */
export const oneOf = (values: object, name: string): PropType =>
  simple(
    (value) => Object.values(values).includes(value),
    `a ${name}: ${Object.keys(values)
      .map((key) => `${name}.${key}`)
      .join(', ')}`,
  );

export const STRING = simple((value) => typeof value === 'string', 'a string');
export const NUMBER = simple((value) => typeof value === 'number', 'a number');
export const BOOLEAN = simple((value) => typeof value === 'boolean', 'true or false');
export const DURATION = simple(hasMethod('toMilliseconds'), 'a Duration, for example Duration.seconds(60)');
export const SIZE = simple(hasMethod('toKibibytes'), 'a Size, for example Size.gibibytes(20)');
export const ANYTHING: PropType = { optional: true, problems: () => [] };

/** Texts of a prop, and an example of one in the message. */
export const strings = (example: string) => arrayOf(STRING, `an array of strings, for example ['${example}']`);

export const VPC = constructWith('vpcId', `an ec2.IVpc, for example ec2.Vpc.fromLookup(this, 'Vpc', { vpcId })`);
const SELECTION = {
  subnetType: oneOf(SubnetType, 'SubnetType'),
  subnets: arrayOf(constructWith('subnetId', 'an ec2.ISubnet'), 'an array, for example vpc.publicSubnets'),
};
export const SUBNETS: PropType = {
  optional: true,
  problems: (prop, value) =>
    isObject(value) && !hasMember('subnetId')(value)
      ? Object.entries(SELECTION).flatMap(([name, type]) =>
          value[name] === undefined ? [] : type.problems(`${prop}.${name}`, value[name]),
        )
      : [
          `${prop} (${shown(value)}) must be an ec2.SubnetSelection, for example { subnetType: ec2.SubnetType.PUBLIC } or { subnets: vpc.publicSubnets }`,
        ],
};
export const INSTANCE_TYPE = simple(
  hasMember('architecture'),
  `an ec2.InstanceType, for example new ec2.InstanceType('t4g.small')`,
);
export const SECRET = constructWith(
  'secretArn',
  `a secretsmanager.ISecret, for example secretsmanager.Secret.fromSecretNameV2(this, 'Secret', 'name')`,
  kindOf,
);
export const CONNECTABLE = withMember('connections', 'an ec2.IConnectable: what has connections');
export const REMOVAL_POLICY = oneOf(RemovalPolicy, 'RemovalPolicy');

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !Token.isUnresolved(value);
}

/** A value for a message. */
export function shown(value: unknown): string {
  if (Token.isUnresolved(value)) return 'a token';
  if (typeof value === 'string') return JSON.stringify(value);
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : kindOf(value);
}

/** The kind of a value that nobody should read in a log. */
export function kindOf(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (Array.isArray(value)) return value.length === 0 ? 'an empty array' : 'an array';
  if (typeof value !== 'object') return `a ${typeof value}`;
  const { name = 'Object' } = (value.constructor as { name?: string } | undefined) ?? {};
  // aws-cdk-lib is compiled with `class Secret2` for `Secret`
  return name === 'Object' ? 'an object' : `an instance of ${name.replace(/2$/, '')}`;
}
