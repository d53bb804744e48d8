#!/usr/bin/env bash
# What `make bench-engines` runs: bench-stats on a newer Docker engine, built from its Go module. That takes
# some minutes, once, at the lowest priority. It wants a newer runc than Debian's too, which needs libseccomp's
# headers (Debian: libseccomp-dev) and a C compiler; without them the machine's own runc is tried.
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
if [ ! -x "$bin/runc" ]; then
	if [ -e /usr/include/seccomp.h ]; then
		echo "bench-engines: building runc $runc"
		build -tags seccomp "github.com/opencontainers/runc@$runc"
	else
		echo "bench-engines: no libseccomp headers here (libseccomp-dev): using $(command -v runc)"
	fi
fi
PATH=$bin:$PATH exec go run ./scripts/testbed run -- go run ./scripts/benchstats "$@"
