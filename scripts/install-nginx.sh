#!/bin/sh
# Installs nginx for the tests where there is none: Debian's and Ubuntu's. The service that comes with it isn't
# started; the tests start their own.
set -eu
. "$(dirname "$0")/packages.sh"

have nginx && exit 0
[ -z "${WHARF_TEST_NGINX:-}" ] || exit 0
have apt-get || die "some tests need nginx: install it, or set WHARF_TEST_NGINX to it"
apt_install_idle nginx
have nginx || die "nginx is still missing after the installation"
