#!/bin/sh
# Installs the Prometheus and promtool of Debian or Ubuntu for the tests if they are missing. The package's service isn't started,
# since the tests start Prometheus themselves.
set -eu
. "$(dirname "$0")/packages.sh"

have prometheus && have promtool && exit 0
[ -z "${WHARF_TEST_PROMETHEUS:-}" ] || [ -z "${WHARF_TEST_PROMTOOL:-}" ] || exit 0
have apt-get || die "some tests need Prometheus: install it, or set WHARF_TEST_PROMETHEUS and WHARF_TEST_PROMTOOL"
apt_install_idle prometheus
have promtool || die "promtool is still missing after the installation"
