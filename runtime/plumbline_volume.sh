# shellcheck shell=bash disable=SC2154 # the user data assigns what is not assigned here
#
# The file system of the volume for data. A volume is formatted only where it is provably empty: formatting is the one step
# that nothing brings back.

# What marks a volume as in use lies at its ends: superblocks at most 64 KiB from the start (btrfs), partition tables and RAID
# within 128 KiB of either end (GPT, md), labels of ZFS 512 KiB at both, keys of LUKS1, which look like nothing, within 2 MiB.
# ext4 that has lost its beginning has a copy of it at 128 MiB, from which it can be repaired.
edge=$((4 << 20)) copy=$((128 << 20))

# ext4 is on the volume afterwards, or a sentence says why not.
file_system() { # device
  local found=0 probe kind
  probe=$(blkid -p -o export "$1") || found=$?
  kind=$(sed -En 's/^(PT)?TYPE=//p' <<<"$probe" | head -n 1)
  case $found in
    0)
      if [ "$kind" = ext4 ]; then return; fi
      echo "$data_volume holds ${kind:-something} instead of ext4 and stays as it is: give a volume or snapshot of such data"
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
    echo "$data_volume is empty, and no new volume: not formatted. Give another volume or snapshotId, or neither for a new one"
    return 1
  fi
  mkfs.ext4 -q "$1" </dev/null
}

# Both ends of the volume and the place of the copy, read and compared, so that a read error is none of "empty".
zeroes() { # device
  local size start same=0
  size=$(blockdev --getsize64 "$1") || size=0
  if [ "$size" -lt $((2 * edge)) ]; then
    echo "$data_volume has $size bytes, too few for data: not formatted. Look at it in EC2"
    return 1
  fi
  for start in 0 $copy $((size - edge)); do
    if [ "$start" -gt $((size - edge)) ]; then continue; fi
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

# In fstab by its name: what was made from a snapshot of it has its UUID, and whoever attaches one to look at it would find
# that one mounted at the next boot. `mount` alone takes a file system that the repair at boot gave up on.
mount_volume() { # device, folder
  in_fstab "$1 $2 ext4 nofail,x-systemd.device-timeout=300 0 2"
  mountpoint -q "$2" || { whole "$1" && mounted "$2"; } || {
    echo "$data_volume cannot be mounted: its file system is damaged. Give a snapshot from before, as snapshotId"
    return 1
  }
}

# Whether nothing is left that is damaged, after what can be repaired without a question.
whole() { # device
  local status=0
  e2fsck -p "$1" || status=$?
  [ $status -lt 4 ]
}

# The files on the volume are those of what will use them: of the server, or of uploads alone. Where there is a server, what
# it has says enough, since uploads may have come later. A server of another kind or version begins anew beside
# them without a word, and Debian's packages move them away.
fits_server() { # folder that the volume is mounted at
  local mysql=$1/mysql found
  case ${database:-media} in
    media)
      if [ -d "$1/media" ]; then return; fi
      ;;
    postgresql)
      found=$(cd "$1" && find postgresql -maxdepth 3 -name PG_VERSION -printf '%h\n' 2>/dev/null | sort | paste -sd ' ') || true
      if [ -e "$1/postgresql/$cluster/PG_VERSION" ]; then
        found=$(<"$1/postgresql/$cluster/PG_VERSION")
        if [ "$found" = "$cluster_version" ]; then return; fi
        echo "$data_volume has PostgreSQL $found and this machine $cluster_version: upgrade it with pg_upgrade, or take the operating system that it was made on"
        return 1
      elif [ -n "$found" ]; then
        echo "$data_volume has PostgreSQL in $found, this machine wants $cluster: take the operating system that it was made on, or dump and load"
        return 1
      fi
      ;;
    # its own tables are in mysql.ibd (MySQL 8) or in Aria (MariaDB)
    mariadb)
      if [ -e "$mysql/mysql.ibd" ] && [ ! -e "$mysql/aria_log_control" ]; then
        echo "$data_volume has data of MySQL, which MariaDB cannot read: take an operating system with MySQL, or dump and load"
        return 1
      fi
      if [ -e "$mysql/aria_log_control" ]; then return; fi
      ;;
    mysql)
      if [ -e "$mysql/aria_log_control" ]; then
        echo "$data_volume has data of MariaDB, which MySQL cannot read: take an operating system with MariaDB, or dump and load"
        return 1
      fi
      if [ -e "$mysql/ibdata1" ]; then return; fi
      ;;
    sqlite)
      if [ -e "$1/sqlite/${database_file##*/}" ]; then return; fi
      ;;
  esac
  if [ "${new_volume:-}" != true ]; then
    found=$(cd "$1" && find . -mindepth 1 -maxdepth 1 -printf '%P ' 2>/dev/null) || true
    echo "$data_volume has no ${database:+data of }${database:-media}, only ${found:-nothing }and is no new volume: give one that has"
    return 1
  fi
}
