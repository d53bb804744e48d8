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
# SQLite's code, made of C, reads and writes memory of its own alone: watched for races and bad pointers it takes half of all time.
unwatched='-gcflags=modernc.org/sqlite/lib=-race=false -d=checkptr=0'
# Many tests wait more than they compute: twice as many at once as there are processors, unless PARALLEL says otherwise.
parallel=${PARALLEL:-$((2 * $(nproc)))}
CGO_ENABLED=1 go test -race "$unwatched" -count="$times" -parallel="$parallel" -timeout=$((15 * times))m -json ./... | "$report"
scripts/fuzz.sh "$1"
