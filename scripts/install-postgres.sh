#!/bin/sh
# Installs the Postgres of Debian or Ubuntu, unless initdb is already installed. It neither creates nor
# starts a database cluster: wharf's tests and `make postgres` use their own.
set -eu
. "$(dirname "$0")/packages.sh"

server() { ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || have initdb; }

server && exit 0
have apt-get || die "no Postgres server here. Install one first: https://www.postgresql.org/download/
(only Debian and Ubuntu are served by this script)"

apt_install postgresql-common
conf=/etc/postgresql-common/createcluster.conf
if [ -f "$conf" ] && ! ls /etc/postgresql/*/main >/dev/null 2>&1; then
	as_root sed -i 's/^#create_main_cluster.*/create_main_cluster = false/' "$conf"
	say "set create_main_cluster = false in $conf"
fi
apt_install postgresql
server || die "initdb is still missing after the installation"
