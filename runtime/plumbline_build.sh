# shellcheck shell=bash disable=SC2154 # the user data assigns what is not assigned here
#
# Packages that have no wheel: what their build lacks is installed, and taken away again. Root's part; the builds themselves are
# the application's user's, in plumbline_packages.sh.

# Twice as long as uwsgi or lxml take on a t3.micro (2 vCPUs), and less than the 15 minutes that CloudFormation waits.
build_limit=600

environment() { # release
  local before status=0 built_with=()
  { fetch_package_secrets && build_environment "$1"; } || status=1
  rm -f /run/plumbline-secrets/packages
  take_away "${before:-}" || echo 'what packages were built with is still installed'
  chown -hR root:app "$1/.venv"
  chmod -R u=rwX,g=rX,o= "$1/.venv"
  rm -rf /var/cache/plumbline
  return $status
}

# What private indexes ask for: in no argument, and gone once the packages are there.
fetch_package_secrets() {
  if [ -z "${package_secrets:-}" ]; then return; fi
  echo "$package_secrets" >"$logs/package-secrets"
  bash "$lib/plumbline_secrets.sh" write "$logs/package-secrets" packages
}

# Until nothing is lacking that the table knows. What uv says is kept until it is known whether it matters.
build_environment() { # release
  local end=$((SECONDS + build_limit)) said=$logs/packages lacking
  # A machine that is stopped while it removes the cache leaves half a package there.
  rm -rf /var/cache/plumbline
  until try_environment "$1" $((end - SECONDS)) 2>&1 | python_of_machine bounded >"$said"; do
    lacking=$(python_of_machine needs "$package_manager" "$python" <"$said")
    if [ $SECONDS -ge $end ]; then
      cat "$said"
      echo "error: packages took longer than $build_limit s: give Application.fromAsset what has a wheel, or a larger instance"
      return 1
    fi
    # shellcheck disable=SC2086 # a list
    if [ -z "$lacking" ] || installed $lacking; then
      cat "$said"
      echo "error: $(python_of_machine reason "$($python -I -V)" <"$said")"
      return 1
    fi
    echo "to build $(awk -F'`' '/Failed to build/ { print $2; exit }' "$said"), for as long as that takes: $lacking"
    # shellcheck disable=SC2086 # a list
    install_to_build $lacking || return 1
  done
  cat "$said"
}

try_environment() { # release, seconds
  rm -rf "$1/.venv"
  install -d -o app -g app "$1/.venv"
  # Beside a service that serves: what goes out of memory is a compiler.
  # shellcheck disable=SC2086 # a list
  as_user --working-directory="$1" -p CacheDirectory=plumbline -p CacheDirectoryMode=0700 -p PrivateTmp=yes \
    -p "RuntimeMaxSec=$2" -p MemoryMax=75% -p OOMScoreAdjust=500 -p "IPAddressDeny=$metadata_service" \
    -p EnvironmentFile=-/run/plumbline-secrets/packages \
    /bin/bash "$lib/plumbline_packages.sh" "$lib/tools/bin/uv" "$python" "$gunicorn" "${requirements:-}" "${groups:-}" "${extras:-}" "${working_directory:-}" ${drivers:-}
}

python_of_machine() {
  python3 -I "$lib/plumbline_build.py" "$@"
}

install_to_build() { # packages
  if [ ${#built_with[@]} = 0 ]; then before=$(installed_packages); fi
  built_with+=("$@")
  if [ "$package_manager" = apt ]; then
    retry apt update || return
  fi
  install_packages "$@"
}

installed_packages() {
  if [ "$package_manager" = dnf ]; then rpm -qa --qf '%{NAME}\n'; else dpkg-query -W -f '${Package}\n'; fi | sort -u
}

# What came for the builds, but for the libraries that the release's extensions link to.
take_away() { # packages from before
  local new kept gone
  if [ ${#built_with[@]} = 0 ]; then return; fi
  new=$(comm -13 <(echo "$1") <(installed_packages))
  kept=$(owners_of_libraries /var/cache/plumbline/linked | sort -u | comm -12 - <(echo "$new"))
  # shellcheck disable=SC2086 # lists
  if [ "$package_manager" = dnf ]; then
    if [ -n "$kept" ]; then dnf -q mark install $kept; fi
    gone=$(printf '%s\n' "${built_with[@]}" | sort -u | comm -12 - <(comm -23 <(echo "$new") <(echo "$kept")))
    if [ -n "$gone" ]; then dnf -q -y remove $gone; fi
  else
    # apt takes what is asked for a second time for something that is wanted
    apt-mark -qq auto $new
    if [ -n "$kept" ]; then apt-mark -qq manual $kept; fi
    # What nobody needed before is none of our business.
    gone=$(apt-get -s -o APT::AutoRemove::RecommendsImportant=0 -o APT::AutoRemove::SuggestsImportant=0 autoremove | awk '/^Remv/ { print $2 }' | sort -u | comm -12 - <(echo "$new"))
    if [ -n "$gone" ]; then apt purge $gone; fi
  fi
}

# The list is the application's user's: it may be a link, a pipe that nobody writes to, or have no end, and name what it likes.
owners_of_libraries() { # file
  local library
  { dd if="$1" iflag=nofollow,nonblock bs=64K count=4 status=none 2>/dev/null || true; } | head -n 1000 | while read -r library; do
    library=$(realpath -e -- "$library" 2>/dev/null) || continue
    case $library in
      *[*?[\\]*) continue ;; # dpkg takes it for a pattern
      /usr/* | /lib*) ;;
      *) continue ;;
    esac
    if [ "$package_manager" = dnf ]; then
      rpm -qf --qf '%{NAME}\n' "$library"
    else
      dpkg -S "$library" || dpkg -S "${library#/usr}"
    fi 2>/dev/null | cut -d : -f 1 || true
  done
}
