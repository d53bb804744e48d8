#!/usr/bin/env bash
# Runs each fuzz target of the module in turn: go test takes one at a time.
# usage: fuzz.sh TIME
set -euo pipefail
cd "$(dirname "$0")/.."

grep -rEo --include='*_test.go' '^func Fuzz[A-Za-z0-9_]+' . | sort | while IFS=: read -r file func; do
	target=${func#func }
	echo "fuzz $target for $1"
	go test -run '^$' -fuzz "^$target\$" -fuzztime "$1" -fuzzminimizetime 1x "./$(dirname "${file#./}")" </dev/null
done
