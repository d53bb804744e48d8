#!/bin/sh
# Installs Prometheus and promtool for the tests where they are missing: Debian's and Ubuntu's. The service that comes with
# them isn't started; the tests start their own.
set -eu
. "$(dirname "$0")/packages.sh"

have prometheus && have promtool && exit 0
[ -z "${WHARF_TEST_PROMETHEUS:-}" ] || [ -z "${WHARF_TEST_PROMTOOL:-}" ] || exit 0
have apt-get || die "some tests need Prometheus: install it, or set WHARF_TEST_PROMETHEUS and WHARF_TEST_PROMTOOL"
apt_install_idle prometheus
have promtool || die "promtool is still missing after the installation"
