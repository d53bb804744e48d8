#!/usr/bin/env bash
# Run by `make bench-engines`: bench-stats on a newer Docker engine, built from its Go module.
set -euo pipefail
cd "$(dirname "$0")/.."
bin=$(scripts/newer-engine.sh)
PATH=$bin:$PATH exec go run ./scripts/testbed run -- go run ./scripts/benchstats "$@"
