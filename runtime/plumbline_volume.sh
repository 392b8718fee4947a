# shellcheck shell=bash disable=SC2154 # the user data assigns what is not assigned here
#
# The file system of the volume for data. A volume is formatted only where it is provably empty: formatting is the one step
# that nothing brings back.

# What marks a volume as in use lies at its ends: superblocks at most 64 KiB from the start (btrfs), partition tables and RAID
# within 128 KiB of either end (GPT, md), labels of ZFS 512 KiB at both, keys of LUKS1, which look like nothing, within 2 MiB.
edge=$((4 << 20))

# ext4 is on the volume afterwards, or a sentence says why not.
file_system() { # device
  local found=0 probe kind
  probe=$(blkid -p -o export "$1") || found=$?
  kind=$(sed -En 's/^(PT)?TYPE=//p' <<<"$probe" | head -n 1)
  case $found in
    0)
      if [ "$kind" = ext4 ]; then return; fi
      echo "$data_volume holds ${kind:-something} instead of ext4 and stays as it is: give the volume or snapshot of a database"
      return 1
      ;;
    2) ;; # it finds nothing, or cannot read
    *)
      echo "$data_volume holds what blkid cannot tell ($found) and stays as it is: look with wipefs -n"
      return 1
      ;;
  esac
  zeroes "$1"
  if [ "${new_volume:-}" != true ]; then
    echo "$data_volume is empty, and no new volume: not formatted. Give another volume or snapshotId, or neither for a new database"
    return 1
  fi
  mkfs.ext4 -q "$1" </dev/null
}

# Both ends of the volume, read and compared, so that a read error is none of "empty".
zeroes() { # device
  local size start same=0
  size=$(blockdev --getsize64 "$1") || size=0
  if [ "$size" -lt $((2 * edge)) ]; then
    echo "$data_volume has $size bytes, too few for a database: not formatted. Look at it in EC2"
    return 1
  fi
  for start in 0 $((size - edge)); do
    cmp -s -n "$edge" -i "$start:0" "$1" /dev/zero || same=$?
    case $same in
      0) ;;
      1)
        echo "$data_volume is not empty and has no file system: not formatted. Give a snapshot from before, as snapshotId"
        return 1
        ;;
      *)
        echo "$data_volume cannot be read at byte $start: not formatted. Look at its status in EC2"
        return 1
        ;;
    esac
  done
}
