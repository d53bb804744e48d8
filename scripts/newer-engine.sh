#!/usr/bin/env bash
# Builds a newer Docker engine from its Go module, unless it is built already, and prints the directory of its programs. It takes
# some minutes, at the lowest priority. The engine also needs a newer runc than Debian's, which is built with libseccomp's headers
# (Debian: libseccomp-dev) and a C compiler; without them the machine's own runc is tried.
set -euo pipefail
cd "$(dirname "$0")/.."
moby=${MOBY:-v2.0.0-beta.24}
runc=${RUNC:-v1.5.2}
bin=$PWD/.tools/engine-$moby
mkdir -p "$bin"

say() { echo "$(basename "$0"): $*" >&2; }
build() { GOBIN=$bin GOFLAGS='' nice -n 19 go install "$@" >&2; }

if [ ! -x "$bin/dockerd" ]; then
	say "building dockerd $moby: some minutes, once"
	build "github.com/moby/moby/v2/cmd/dockerd@$moby"
fi
# This program publishes ports; an engine accepts only the one of its own version.
[ -x "$bin/docker-proxy" ] || build "github.com/moby/moby/v2/cmd/docker-proxy@$moby"
if [ ! -x "$bin/runc" ]; then
	if [ -e /usr/include/seccomp.h ]; then
		say "building runc $runc"
		CGO_ENABLED=1 build -tags seccomp "github.com/opencontainers/runc@$runc"
	else
		say "no libseccomp headers here (libseccomp-dev): using $(command -v runc)"
	fi
fi
echo "$bin"
