#!/usr/bin/env bash
# Run by `make test` inside the test bed: every test with the race detector, then each fuzz target
# for a short time.
# usage: test.sh FUZZTIME [TIMES]
set -euo pipefail
cd "$(dirname "$0")/.."

built=$(mktemp -d)
trap 'rm -rf "$built"' EXIT
go build -o "$built" ./scripts/testreport .
export WHARF_TEST_BINARY=$built/wharf # otherwise each package that runs it builds it
times=${2:-1}
# SQLite is C code translated to Go that uses only its own memory. Race and pointer checks in it would take half of the time.
unwatched='-gcflags=modernc.org/sqlite/lib=-race=false -d=checkptr=0'
# As many tests of a package run in parallel as there are processors, unless PARALLEL is set. Together the packages use the
# processors fully: more would only make each test wait longer.
parallel=${PARALLEL:-$(nproc)}
CGO_ENABLED=1 go test -race "$unwatched" -ldflags=-s -vet=off -p=${PACKAGES:-$(($(nproc) + 1))} -count="$times" -parallel="$parallel" -timeout=$((15 * times))m -json ./... | "$built/testreport"
scripts/fuzz.sh "$1"
