#!/bin/sh
# Installs the docker-registry of Debian or Ubuntu for the tests if it is missing. The package's service isn't used, since the tests
# start their own registries.
set -eu
. "$(dirname "$0")/packages.sh"

have docker-registry && exit 0
[ -z "${WHARF_TEST_REGISTRY:-}" ] || exit 0
have apt-get || die "the tests of pulls need docker-registry: install it, or set WHARF_TEST_REGISTRY to the program"
apt_install docker-registry
if [ -d /run/systemd/system ]; then
	quiet as_root systemctl disable --now docker-registry || say "docker-registry's own service may be running on port 5000"
fi
have docker-registry || die "docker-registry is still missing after the installation"
