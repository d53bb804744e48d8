#!/bin/sh
# Installs the nginx of Debian or Ubuntu for the tests if it is missing. The package's service isn't started, since the tests
# start nginx themselves.
set -eu
. "$(dirname "$0")/packages.sh"

have nginx && exit 0
[ -z "${WHARF_TEST_NGINX:-}" ] || exit 0
have apt-get || die "some tests need nginx: install it, or set WHARF_TEST_NGINX to it"
apt_install_idle nginx
have nginx || die "nginx is still missing after the installation"
