# shellcheck shell=bash disable=SC2154,SC2164 # the user data assigns what is not assigned here, and ends where a step fails
#
# The steps of a machine that is changed in place, since a volume of its own holds its data.
# shellcheck source=/dev/null
. "$lib/plumbline_volume.sh"

# What the machine served with before this run: its files below `files`, the names of those that it did not have in
# `added`, its release in `current`, its background workers in `workers`. `started` are those of this run; the lists of what
# serves are in $state.
before=$state/before
app=${app:-/srv/app}
pythons=${pythons:-$lib/python}

# The volume, and the folders on it that stand for those of the packages. Packages, units and AppArmor see the paths that
# they know. CloudFormation attaches the volume while the machine boots.
data() {
  local device=/dev/disk/by-id/nvme-Amazon_Elastic_Block_Store_${data_volume/-/} end=$((SECONDS + 300))
  local name folder
  until [ -b "$device" ]; do
    if [ $SECONDS -ge $end ]; then
      echo "$data_volume is not attached after 300 s"
      return 1
    fi
    sleep 0.5
  done
  file_system "$device"
  mount_volume "$device" /srv/data
  resize2fs "$device" # where the volume has grown
  fits_server /srv/data
  for folder in ${folders:-}; do
    name=${folder%%:*} folder=${folder#*:}
    mkdir -p "/srv/data/$name" "$folder"
    in_fstab "/srv/data/$name $folder none bind,nofail,x-systemd.requires-mounts-for=/srv/data 0 0"
    mounted "$folder"
  done
  # Debian's package would make a cluster in the locale of this script, which has none, and none where there is one already.
  if [ "${database:-} $package_manager" = 'postgresql apt' ]; then
    mkdir -p /etc/postgresql-common
    echo 'create_main_cluster = false' >/etc/postgresql-common/createcluster.conf
  fi
}

mounted() { # folder of fstab
  mountpoint -q "$1" || { mkdir -p "$1" && mount "$1"; }
}

# Keeps what the new files replace, takes away those that are no longer wanted, and lets the old background workers end
# what they work on. In the folder of the new files. Nothing is taken away before everything is kept, on the disk.
keep_files() {
  local path keeping=$state/keeping
  # A run that the power cut short, or a full disk, has left what served before it.
  if [ -d "$before" ]; then restore || return 1; fi
  forget
  rm -rf "$keeping"
  mkdir -p "$keeping/files"
  find . -type f -printf '/%P\n' | sort >"$keeping/new"
  touch "$state"/{files,workers,servers}
  cp "$state/workers" "$keeping/workers"
  while read -r path; do
    if [ -e "$path" ]; then cp -a --parents "$path" "$keeping/files/"; else echo "$path" >>"$keeping/added"; fi
  done < <(sort -u "$keeping/new" "$state/files")
  if [ -L "$app/current" ]; then readlink "$app/current" >"$keeping/current"; fi
  sync -f "$state"
  mv -T "$keeping" "$before"
  # shellcheck disable=SC2046 # a list, of units that may be gone where the power was cut
  if [ -s "$before/workers" ]; then
    systemctl disable -q $(<"$before/workers") || true
    systemctl stop --no-block $(<"$before/workers") || true
  fi
  while read -r path; do
    rm -f "$path"
  done < <(comm -13 "$before/new" "$state/files")
}

# There is nothing to go back to. What `restore` asks for goes first, so that half of the rest is never taken for the whole.
forget() {
  rm -f "$before/current"
  rm -rf "$before"
}

# Back to what served before this run.
restore() {
  local path back=true
  if [ ! -s "$before/current" ]; then return; fi
  echo '== back to the release that served before'
  # shellcheck disable=SC2046 # a list
  if [ -e "$before/started" ]; then
    systemctl disable -q $(<"$before/started")
    systemctl stop --no-block $(<"$before/started")
  fi
  if [ -e "$before/added" ]; then
    while read -r path; do
      rm -f "$path"
    done <"$before/added"
  fi
  cp -a "$before/files/." / || back=false
  systemctl daemon-reload
  if [ -n "${database_unit:-}" ] && ! systemctl is-active -q "$database_unit"; then systemctl restart "$database_unit"; fi
  ln -sfn "$(<"$before/current")" "$app/current"
  seal "$(realpath "$app/current")" # its own steps may just have been run anew
  systemctl stop gunicorn gunicorn.socket
  systemctl start gunicorn.socket gunicorn
  systemctl reload-or-restart nginx
  # shellcheck disable=SC2046 # a list
  if [ -s "$before/workers" ]; then
    systemctl enable -q $(<"$before/workers")
    systemctl restart --no-block $(<"$before/workers")
  fi
  # What is kept stays until all of it is back: the disk may be full, and the next boot tries again.
  if [ $back = false ]; then
    echo 'files of the release before could not be put back: make room, and restart the machine'
    return 1
  fi
  forget
}

# This release serves. Of the others the one before it stays; of the servers those that it needs.
settle() { # background workers
  local release python current previous unit
  current=$(readlink "$app/current")
  previous=$(cat "$before/current" 2>/dev/null) || true
  cp "$before/new" "$state/new"
  forget
  for release in "$app"/releases/*; do
    case releases/${release##*/} in
      "$current" | "$previous") ;;
      *) rm -rf "$release" ;;
    esac
  done
  # A Python that was fetched, 100 MB, stays as long as a release runs on it.
  for python in "$pythons"/*; do
    grep -qsF "home = $python/" "$app"/releases/*/.venv/pyvenv.cfg || rm -rf "$python"
  done
  while read -r unit; do
    case " ${database_unit:-} ${cache_unit:-} " in
      *" $unit "*) ;;
      *) systemctl disable -q --now "$unit" ;;
    esac
  done <"$state/servers"
  for unit in ${database_unit:-} ${cache_unit:-}; do echo "$unit"; done >"$state/list"
  mv "$state/list" "$state/servers"
  for unit in "$@"; do echo "$unit"; done >"$state/list"
  mv "$state/list" "$state/workers"
  mv "$state/new" "$state/files"
}
