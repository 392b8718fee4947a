# shellcheck shell=sh
# Shows where what is. As part of /etc/profile.d for login shells; for Session Manager, whose shell is none, by ENV, which sh
# reads when a person types into it; whoever comes by SSH has seen /etc/motd.d.
case $- in
  *i*) if [ -z "${SSH_CONNECTION:-}${PLUMBLINE_SHOWN:-}" ]; then cat /etc/motd.d/plumbline; fi ;;
esac
export PLUMBLINE_SHOWN=1
