#!/usr/bin/env bash
# Runs the demonstration so that Ctrl-C in a terminal reaches it alone: make, interrupted itself, would end with an error although all was
# stopped well. With job control the demonstration is the terminal's foreground job; without a terminal there is nothing to arrange.
cd "$(dirname "$0")/.."
if [ -t 0 ]; then
  set -m
  bin/ochno demo --dir .run
  exit $?
fi
exec bin/ochno demo --dir .run
