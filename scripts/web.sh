#!/usr/bin/env bash
# Builds, tests and checks the page.
# usage: web.sh build|test|check|watch
#   WEB=no     leaves the page out; / then explains how to build it
#   WEB=built  uses web/dist as it is
set -euo pipefail
cd "$(dirname "$0")/../web"
. ../scripts/packages.sh

# ready installs npm if it is missing, and the modules in the lock file.
ready() {
	if ! have npm; then
		have apt-get || die "the page is built with npm: install Node.js 18 or later, or leave the page out with WEB=no"
		say "the page is built with npm, and none is here: installing Debian's (WEB=no leaves the page out)"
		apt_install npm
		have npm || die "npm is still missing after the installation"
	fi
	if [ ! -f node_modules/.package-lock.json ] || [ package-lock.json -nt node_modules/.package-lock.json ]; then
		say "installing the page's modules: npm ci"
		quiet npm ci --ignore-scripts --no-audit --no-fund
		touch node_modules/.package-lock.json
	fi
}

# fresh reports whether dist is newer than all its sources.
fresh() {
	[ -f dist/index.html.gz ] &&
		[ -z "$(find src build.mjs package.json package-lock.json -newer dist/index.html.gz -print -quit)" ]
}

case "${WEB:-yes} $1" in
"no build")
	rm -rf dist
	exit
	;;
"no test" | "no check" | "built build") exit ;;
esac

case $1 in
build)
	fresh && exit
	ready
	node build.mjs
	;;
test)
	ready
	node test.mjs
	;;
check)
	ready
	node_modules/.bin/tsc --noEmit
	node check.mjs
	;;
watch)
	ready
	exec node build.mjs --watch
	;;
*) die "usage: web.sh build|test|check|watch" ;;
esac
