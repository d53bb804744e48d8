#!/bin/sh
# Installs the docker.io of Debian or Ubuntu, unless dockerd is already installed. It doesn't start
# the engine: the service manager or scripts/run.sh does.
set -eu
. "$(dirname "$0")/packages.sh"

wanted=""
have dockerd || wanted="docker.io"
have ip || wanted="$wanted iproute2"
[ -n "$wanted" ] || exit 0

have apt-get || die "no Docker engine here. Install one first: https://docs.docker.com/engine/install/
(only Debian and Ubuntu are served by this script)"

# Since Debian 13 the docker command has its own package.
if ! have docker && apt-cache show docker-cli >/dev/null 2>&1; then
	wanted="$wanted docker-cli"
fi
# shellcheck disable=SC2086 # several packages
apt_install $wanted
have dockerd || die "dockerd is still missing after the installation"
have ip || die "ip is still missing after the installation"
