#!/bin/sh
# Installs a C compiler if there is none: Go's race detector needs one. wharf itself doesn't.
set -eu
. "$(dirname "$0")/packages.sh"

cc=$(go env CC)
have "${cc%% *}" && exit 0
have apt-get || die "Go's race detector needs a C compiler ($cc): install one first"
apt_install gcc libc6-dev
have gcc || die "gcc is still missing after the installation"
