/*
 * `cdk-plumbline/planner`: numbers and texts without the CDK, for programs that have neither an app nor node. Its structs are not part of
 * the constructs' API, and may change with a minor version.
 */
export * from './plan';
export * from './render';
