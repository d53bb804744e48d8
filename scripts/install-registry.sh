#!/bin/sh
# Installs a registry of images for the tests where there is none: Debian's and Ubuntu's docker-registry. The tests start
# their own ones; the service that the package brings isn't needed.
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
