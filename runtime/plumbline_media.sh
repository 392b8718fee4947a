# shellcheck shell=bash disable=SC2154 # the user data assigns what is not assigned here
#
# The files that users upload, on the volume for data.

# The application writes them; nginx reads them by their group, which everything in the folder inherits, since the
# application's umask leaves others out.
media() {
  local owner
  owner=$(id -u app):$(getent group "$nginx_group" | cut -d : -f 3)
  if [ "$(cat "$media.owner" 2>/dev/null)" = "$owner" ]; then return; fi
  # A new folder is root's, and one of another machine may have other numbers. Nothing of the application runs meanwhile that
  # could put links into root's way: what serves here knows the folder by this name and number.
  mkdir -p "$media"
  chown -hR "$owner" "$media"
  find "$media" -type d -exec chmod u+rwx,g+rxs {} + -o -type f -exec chmod u+rw,g+r {} +
  chmod o= "$media"
  echo "$owner" >"$media.owner"
}

# nginx serves what it finds at the project's MEDIA_URL, which the project has said while its static files were collected.
serve_media() { # what was said
  local url path served
  url=$(sed -n 's/^MEDIA_URL=//p' "$1" | tail -n 1)
  case $url in
    '' | "$media_url") return ;;
    /static/ | /.plumbline/*)
      echo "MEDIA_URL ($url) is where nginx serves something else: give it another, for example $media_url"
      return 1
      ;;
  esac
  if [[ ! $url =~ ^(/[A-Za-z0-9._~-]+)+/$ ]]; then
    echo "MEDIA_URL ($url) must be a path of letters, digits and - _ . ~ that ends in a slash, for example $media_url"
    return 1
  fi
  # Theirs and ours were laid out at synthesis, for the path that was known there.
  for path in ${locations:-}; do
    for served in "$media_url" "$url"; do
      if [[ $path/ == "$served"* || $served == "$path"/* ]]; then
        echo "MEDIA_URL ($url) is the settings' alone, and locations has $path: give MEDIA_URL=$url in environment, so that what locations say holds for the files"
        return 1
      fi
    done
  done
  sed -i "s|^    location $media_url {|    location $url {|" /etc/nginx/nginx.conf
}
