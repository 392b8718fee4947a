import { DATA_VOLUME_SOURCE_TYPES, type DataVolumeSource } from './data-volume-source';
import { strings, type PropTypes } from './prop-types';

/** Where the files are that users upload, and what else of the application is kept there. */
export interface MediaOnInstanceOptions extends DataVolumeSource {
  /**
   * Folders of the application that it writes to, for example `data` or `instance`: those that a container would have as volumes. They
   * are on the volume, the same for every release, and each release has links in their place (`linked_dirs` of Capistrano). What a release
   * brings in such a folder is put there when there is none yet, and what is there stays. Below the folder that goes up; letters, digits
   * and `- _ .` between slashes.
   *
   * @default - none: the release is read-only, `MEDIA_ROOT` is kept
   */
  readonly linkedDirs?: string[];
}

export const MEDIA_ON_INSTANCE_TYPES: PropTypes<MediaOnInstanceOptions> = {
  ...DATA_VOLUME_SOURCE_TYPES,
  linkedDirs: strings('data'),
};
