#!/usr/bin/env bash
# Runs a command together with busy loops, one shell each, which end with it.
# usage: busy.sh LOOPS COMMAND...
set -euo pipefail

loops=$1
shift
pids=()
trap 'kill "${pids[@]}" 2>/dev/null || true' EXIT
for _ in $(seq "$loops"); do
	while :; do :; done &
	pids+=($!)
done
"$@"
