#!/bin/sh
# Installs Docker's tools for the tests if they are missing: the docker-compose of Debian or Ubuntu, and with it Docker's client
# for Python. Neither has a service.
set -eu
. "$(dirname "$0")/packages.sh"

have docker-compose && exit 0
[ -z "${WHARF_TEST_COMPOSE:-}" ] || exit 0
have apt-get || die "some tests need docker-compose: install it, or set WHARF_TEST_COMPOSE to it"
apt_install docker-compose python3-docker
have docker-compose || die "docker-compose is still missing after the installation"
