#!/usr/bin/env bash
# What `make test` runs inside the test bed: every test with the race detector, then each fuzz target
# for a moment.
# usage: test.sh FUZZTIME
set -euo pipefail
cd "$(dirname "$0")/.."

report=$(mktemp)
trap 'rm -f "$report"' EXIT
go build -o "$report" ./scripts/testreport
CGO_ENABLED=1 go test -race -count=1 -timeout=10m -json ./... | "$report"
scripts/fuzz.sh "$1"
