# shellcheck shell=bash disable=SC2154,SC2164 # the user data assigns what is not assigned here, and ends where a step fails
#
# The database of SQLite, a file on the volume for data that the application alone may open.

sqlite() {
  local folder=${database_file%/*} owner
  owner=$(id -u app):$(id -g app)
  # The folder too: SQLite keeps the log of what was written (-wal) and its index (-shm) beside the file. A volume of another
  # machine may have other numbers for its users; here the application has not started yet then.
  mkdir -p "$folder"
  if [ "$(cat "$folder.owner" 2>/dev/null)" != "$owner" ]; then
    chmod 700 "$folder"
    chown -hR "$owner" "$folder"
    echo "$owner" >"$folder.owner"
  fi
  as_user -p UMask=0077 "$python" -I "$lib/plumbline_sqlite_file.py" "$database_file"
}
