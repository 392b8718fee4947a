import type { Size } from 'aws-cdk-lib';

/** The disk of an instance. */
export interface RootVolumeProps {
  /**
   * Size of the root volume: 8 GiB to 64 TiB, in whole GiB, and no less than the image has. What the operating system, releases, swap and
   * logs leave of it bounds what nginx may keep of uploads and of responses to slow clients.
   *
   * @default Size.gibibytes(16)
   */
  readonly volumeSize?: Size;
}
