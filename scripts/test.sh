#!/usr/bin/env bash
# What `make test` runs inside the test bed: every test with the race detector, then each fuzz target
# for a moment.
# usage: test.sh FUZZTIME [TIMES]
set -euo pipefail
cd "$(dirname "$0")/.."

report=$(mktemp)
trap 'rm -f "$report"' EXIT
go build -o "$report" ./scripts/testreport
times=${2:-1}
CGO_ENABLED=1 go test -race -count="$times" -timeout=$((15 * times))m -json ./... | "$report"
scripts/fuzz.sh "$1"
