#!/usr/bin/env bash
# Runs each fuzz target of the module, as many in parallel as there are processors: go test runs only one target, and most
# wait for their servers.
# usage: fuzz.sh TIME
set -euo pipefail
cd "$(dirname "$0")/.."

# fuzz runs a target for a while and prints its last lines, or all of its output if it fails.
fuzz() {
	local target=${2#func } out
	if ! out=$(go test -vet=off -run '^$' -fuzz "^$target\$" -fuzztime "$TIME" -fuzzminimizetime 1x -parallel 1 "./$(dirname "${1#./}")" 2>&1); then
		printf 'FAIL %s\n%s\n' "$target" "$out"
		return 1
	fi
	printf 'fuzz %s for %s: %s\n' "$target" "$TIME" "${out##*$'\n'}"
}
export -f fuzz
export TIME=$1

grep -rEo --include='*_test.go' '^func Fuzz[A-Za-z0-9_]+' . | sort | tr ':' '\n' |
	xargs -d '\n' -n 2 -P "$(nproc)" bash -c 'fuzz "$@"' fuzz
