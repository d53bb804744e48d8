#!/bin/sh
# Installs a Docker engine where there is none: Debian's and Ubuntu's docker.io. Does nothing where
# dockerd is already there. Starting it is left to the service manager, or to scripts/run.sh.
set -eu
. "$(dirname "$0")/packages.sh"

wanted=""
have dockerd || wanted="docker.io"
have ip || wanted="$wanted iproute2"
[ -n "$wanted" ] || exit 0

have apt-get || die "no Docker engine here. Install one first: https://docs.docker.com/engine/install/
(only Debian and Ubuntu are served by this script)"

# From Debian 13 on the command is a package of its own.
if ! have docker && apt-cache show docker-cli >/dev/null 2>&1; then
	wanted="$wanted docker-cli"
fi
# shellcheck disable=SC2086 # several packages
apt_install $wanted
have dockerd || die "dockerd is still missing after the installation"
have ip || die "ip is still missing after the installation"
