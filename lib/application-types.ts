import type {
  ApplicationOptions,
  AssetApplicationOptions,
  GitApplicationOptions,
  RemoteApplicationOptions,
} from './application';
import { BOOLEAN, STRING, strings, withMember, type PropTypes } from './prop-types';

const TYPES: PropTypes<ApplicationOptions> = {
  wsgi: STRING,
  asgi: STRING,
  workingDirectory: STRING,
  pythonPath: strings('src'),
  pythonVersion: STRING,
  requirements: STRING,
  dependencyGroups: strings('production'),
  extras: strings('postgres'),
};

export const ASSET_TYPES: PropTypes<AssetApplicationOptions> = {
  ...TYPES,
  exclude: strings('*.log'),
  bundling: withMember('image', `a BundlingOptions, for example { image: DockerImage.fromRegistry('python:3.13') }`),
};

export const REMOTE_TYPES: PropTypes<RemoteApplicationOptions> = { ...TYPES, django: BOOLEAN };

export const GIT_TYPES: PropTypes<GitApplicationOptions> = { ...REMOTE_TYPES, ref: STRING };

export const BUCKET = withMember(
  'bucketArn',
  `an s3.IBucket, for example s3.Bucket.fromBucketName(this, 'Bucket', 'name')`,
);
