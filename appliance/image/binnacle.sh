#!/bin/sh
# The command `binnacle` inside the container. Its first process, `binnacle up`, stays and keeps the control plane, as systemd
# does on a machine: Envoy outlives a control plane that was killed, but nothing outlives a container's first process.
binnacle() {
  exec /usr/local/bin/node @FLAGS@ /opt/binnacle/src/cli.ts "$@"
}

if [ "$$" != 1 ] || [ "${1:-}" != up ]; then binnacle "$@"; fi

# Whether an Envoy runs; what has ended and was not asked for its exit status yet (Z) does not.
envoy_runs() {
  for stat in /proc/[0-9]*/stat; do
    read -r line <"$stat" || continue
    case $line in
      *"(envoy) Z"*) ;;
      *"(envoy) "*) return 0 ;;
    esac
  done 2>/dev/null
  return 1
}

asked=
child=
trap 'asked=yes; [ -z "$child" ] || kill -TERM "$child"' TERM INT
while :; do
  binnacle "$@" &
  child=$!
  # A signal that came before it had a name is handed on now.
  [ -z "$asked" ] || kill -TERM "$child"
  # A signal ends the wait, not the child. Processes whose parents have gone are waited for along the way.
  while :; do
    wait "$child"
    code=$?
    kill -0 "$child" 2>/dev/null || break
  done
  child=
  # One that ends in order has ended its Envoy: then so do we, with its code.
  if [ -n "$asked" ] || ! envoy_runs; then exit "$code"; fi
  echo "binnacle: the control plane ended with code $code; Envoy serves on, another control plane is started" >&2
  /usr/local/bin/node -e 'setTimeout(() => {}, 1000)'
  # Asked to end while there was nobody to hand that on to.
  if [ -n "$asked" ]; then exit "$code"; fi
done
