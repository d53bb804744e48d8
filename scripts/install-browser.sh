#!/bin/sh
# Installs Debian's chromium for the tests if there is no browser. Ubuntu's package of that name only
# installs a snap; there, install Chrome or Chromium by hand.
set -eu
. "$(dirname "$0")/packages.sh"

browser() { have chromium || have chromium-browser || have google-chrome; }

browser && exit 0
[ -z "${WHARF_TEST_BROWSER:-}" ] || exit 0
have apt-get || die "the tests need Chromium or Chrome: install one, or set WHARF_TEST_BROWSER to it"
apt_install chromium
browser || die "chromium is still missing after the installation"
