# shellcheck shell=bash disable=SC2154 # the user data assigns what is not assigned here
#
# The files that users upload, on the volume for data, and the folders of the project that are kept there.

# The application writes them; nginx reads what was uploaded by its group, which everything in the folder inherits, since the
# application's umask leaves others out.
media() {
  hand_over "$media" "$(getent group "$nginx_group" | cut -d : -f 3)" g+rxs
  if [ -n "${linked_dirs:-}" ]; then
    hand_over "$linked" "$(id -g app)" g+rx
    link_dirs
  fi
}

hand_over() { # folder, number of its group, what that may do with folders
  local owner
  owner=$(id -u app):$2
  if [ "$(cat "$1.owner" 2>/dev/null)" = "$owner" ]; then return; fi
  # A new folder is root's, and one of another machine may have other numbers. Nothing of the application runs meanwhile that
  # could put links into root's way: what serves here knows the folder by this name and number.
  mkdir -p "$1"
  chown -hR "$owner" "$1"
  find "$1" -type d -exec chmod "u+rwx,$3" {} + -o -type f -exec chmod u+rw,g+r {} +
  chmod o= "$1"
  echo "$owner" >"$1.owner"
}

# What a release brings is put there when there is nothing yet: whole, since it comes into its place by its name. By the
# application's user, whose files both are: root would follow links of theirs.
link_dirs() {
  local folder
  for folder in $linked_dirs; do
    # shellcheck disable=SC2016 # of the inner shell
    as_user --working-directory=/srv/app/next bash -euc '
      umask 027
      if [ ! -e "$1" ]; then
        rm -rf "$1.new"
        mkdir -p "$1.new"
        if [ -d "$0" ]; then cp -r "$0/." "$1.new"; fi
        mv "$1.new" "$1"
      fi
      mkdir -p "$(dirname "$0")"
      rm -rf "$0"
      ln -s "$1" "$0"
    ' "$folder" "$linked/$folder"
  done
}

# nginx serves what it finds at the project's MEDIA_URL, which the project has said while its static files were collected.
serve_media() { # what was said
  local url path served
  url=$(sed -n 's/^MEDIA_URL=//p' "$1" | tail -n 1)
  case $url in
    '' | "$media_url") return ;;
    /static/* | /.plumbline/*)
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
