#!/usr/bin/env bash
# step.sh «what» command…: runs the command quietly, tells how long it took, and shows the end of its output when it fails.
what=$1 began=$SECONDS log=$(mktemp)
shift
trap 'rm -f "$log"' EXIT
printf '  %-22s …' "$what"
if "$@" >"$log" 2>&1; then
  printf '\r  %-22s done in %d s\n' "$what" $((SECONDS - began))
  exit 0
fi
printf '\r  %-22s FAILED\n' "$what"
tail -n 40 "$log" >&2
exit 1
