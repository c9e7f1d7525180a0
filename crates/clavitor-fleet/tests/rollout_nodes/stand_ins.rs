//! What a node has beside real sshd and real nix: stand-ins for the service manager, the program and switch-to-configuration. They keep units, timers and systems for real.

/// Keeps units as files with the process that is theirs. A timer is a process that sleeps; nothing but stopping it stops it.
pub(crate) const SYSTEMD_RUN: &str = r#"#!/bin/bash
unit=; after=; 
while [ "$1" != -- ]; do
  case $1 in --unit=*) unit=${1#*=} ;; --on-active=*) after=${1#*=} ;; --setenv=*) export "${1#*=}" ;; esac
  shift
done
shift
mkdir -p /run/units
if [ -n "$after" ]; then
  [ ! -e /run/units/$unit.timer ] || { echo "Unit $unit.timer was already loaded" >&2; exit 1; }
  setsid bash -c 'exec 9>&-; sleep "$0"; rm -f /run/units/'$unit'.timer; echo $$ >/run/units/'$unit'.service; "$@"; rm -f /run/units/'$unit'.service' "$after" "$@" </dev/null >>/srv/timer.log 2>&1 &
  echo $! >/run/units/$unit.timer
  exit 0
fi
setsid bash -c 'exec 9>&-; trap "" HUP PIPE; "$@"; echo $? >/run/units/'$unit'.code; rm -f /run/units/'$unit'.service' run "$@" </dev/null >/srv/$unit.log 2>&1 &
echo $! >/run/units/$unit.service
wait $!
cat /srv/$unit.log
exit "$(cat /run/units/$unit.code)"
"#;

/// Answers about those units and stops them.
pub(crate) const SYSTEMCTL: &str = r#"#!/bin/bash
[ "$1" != --quiet ] || shift
case $1 in
is-active)
  shift
  for unit; do
    case $unit in
    clavitor.service) [ -e /run/current-system/works ] && exit 0 ;;
    *) [ -e /run/units/$unit ] && exit 0 ;;
    esac
  done
  exit 3 ;;
stop)
  for unit in "${@:2}"; do
    [ -e /run/units/$unit ] || continue
    pid=$(cat /run/units/$unit)
    rm -f /run/units/$unit
    kill -- -"$pid" 2>/dev/null
  done ;;
show) echo "{ path=/srv/bin/clavitor ; argv[]=/srv/bin/clavitor serve ; ignore_errors=no }" ;;
esac
exit 0
"#;

/// The program's two verbs that a rollout uses.
pub(crate) const CLAVITOR: &str = r#"#!/bin/bash
case $1 in
backup) [ ! -e /srv/slow-backup ] || sleep 2; echo sealed >"${@: -1}" ;;
vitals)
  ready=false; [ -e /run/current-system/works ] && ready=true
  echo "{\"version\":\"$(cat /run/current-system/version)\",\"ready\":$ready,\"checks\":[]}" ;;
esac
"#;

/// A system: its activation sets the link, as NixOS does; one that cuts takes the network away, and the older one brings it back.
pub(crate) const SWITCH: &str = r#"#!/bin/bash
system=$(dirname "$(dirname "$(readlink -f "$0")")")
echo "$(date +%s) $1 $system" >>/srv/switches.log
case $1 in
boot) echo "$system" >/srv/boot-loader; exit 0 ;;
test)
  ln -sfn "$system" /run/current-system.new && mv -T /run/current-system.new /run/current-system
  if [ -e "$system/cuts" ]; then ip link set pub0 down; else ip link set pub0 up; fi
  exit 0 ;;
esac
exit 1
"#;
