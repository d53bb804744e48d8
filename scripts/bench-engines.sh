#!/usr/bin/env bash
# What `make bench-engines` runs: bench-stats on a newer Docker engine, built from its Go module. That takes
# some minutes, once, at the lowest priority. A newer runc is built beside it where libseccomp's headers are;
# else the machine's own runs the containers.
set -euo pipefail
cd "$(dirname "$0")/.."
moby=${MOBY:-v2.0.0-beta.24}
runc=${RUNC:-v1.5.2}
bin=$PWD/.tools/engine-$moby
mkdir -p "$bin"

build() { GOBIN=$bin GOFLAGS='' nice -n 19 go install "$@"; }

if [ ! -x "$bin/dockerd" ]; then
	echo "bench-engines: building dockerd $moby: some minutes, once"
	build "github.com/moby/moby/v2/cmd/dockerd@$moby"
fi
if [ ! -x "$bin/runc" ] && [ -e /usr/include/seccomp.h ]; then
	echo "bench-engines: building runc $runc"
	build -tags seccomp "github.com/opencontainers/runc@$runc"
fi
PATH=$bin:$PATH exec go run ./scripts/testbed run -- go run ./scripts/benchstats "$@"
