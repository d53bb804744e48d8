#!/usr/bin/env bash
# A Postgres for development: postgres.sh start | stop.
# start uses a container if a postgres image is present, otherwise Debian's programs with the data in data/postgres, and
# prints the DB_SOURCE to use. The data, and the password beside them, stay until they are removed by hand.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/packages.sh

port=${POSTGRES_PORT:-5433}
home=$PWD/data/postgres
container=wharf-postgres
image=${POSTGRES_IMAGE:-}

source_line() {
	echo
	echo "Postgres listens on 127.0.0.1:$port. To use it:"
	echo "  export DB_SOURCE='postgresql://wharf:$password@127.0.0.1:$port/wharf?sslmode=disable'"
	echo "To end it: make postgres-stop"
}

# image_at_hand prints a postgres image that needs no download.
image_at_hand() {
	[ -n "$image" ] && return
	image=$(docker image ls --format '{{.Repository}}:{{.Tag}}' 2>/dev/null | grep -E '^(postgres|.*/postgres):' | head -n1) || true
	[ -n "$image" ]
}

keep_password() {
	mkdir -p "$(dirname "$home")"
	if [ ! -s "$home.password" ]; then
		(umask 077 && od -An -N16 -tx1 /dev/urandom | tr -d ' \n' >"$home.password")
	fi
	password=$(cat "$home.password")
}

start_container() {
	keep_password
	if docker container inspect "$container" >/dev/null 2>&1; then
		docker start "$container" >/dev/null
	else
		docker run --detach --name "$container" --publish "127.0.0.1:$port:5432" --volume wharf-postgres:/var/lib/postgresql \
			--env POSTGRES_USER=wharf --env POSTGRES_DB=wharf --env POSTGRES_PASSWORD="$password" --env PGDATA=/var/lib/postgresql/wharf \
			"$image" >/dev/null
	fi
	for _ in $(seq 150); do
		if docker exec "$container" pg_isready -q -h 127.0.0.1 -U wharf; then return; fi
		sleep 0.2
	done
	die "the container $container does not become ready: docker logs $container"
}

bin() { dirname "$(ls /usr/lib/postgresql/*/bin/initdb 2>/dev/null | sort -V | tail -n1 || command -v initdb)"; }

# as_server runs a program of the server: as user postgres if this is root, since the server refuses root.
as_server() {
	if [ "$(id -u)" -eq 0 ]; then
		(cd / && setpriv --reuid=postgres --regid=postgres --init-groups "$@")
	else
		"$@"
	fi
}

start_native() {
	scripts/install-postgres.sh
	local programs
	programs=$(bin)
	# A directory that user postgres can't enter can't hold the server's data: one below /root, or the data directory of a
	# wharf that root started.
	mkdir -p data
	if [ "$(id -u)" -eq 0 ] && ! as_server test -x "$PWD/data"; then
		home=/var/lib/wharf-postgres
	fi
	keep_password
	if [ ! -f "$home/data/PG_VERSION" ]; then
		mkdir -p "$home"
		(umask 077 && echo "$password" >"$home/password")
		[ "$(id -u)" -ne 0 ] || chown -R postgres: "$home"
		as_server "$programs/initdb" -D "$home/data" -U wharf --auth=scram-sha-256 --pwfile="$home/password" \
			--encoding=UTF8 --locale=C >/dev/null
		rm "$home/password"
	fi
	if ! as_server "$programs/pg_ctl" -s -D "$home/data" status >/dev/null; then
		as_server "$programs/pg_ctl" -s -w -D "$home/data" -l "$home/log" -o "$(server_options)" start >/dev/null 2>&1 ||
			die "Postgres does not start on port $port: $(tail -n5 "$home/log")"
	fi
	if [ -z "$(ask "$programs" "SELECT 1 FROM pg_database WHERE datname = 'wharf'")" ]; then
		ask "$programs" 'CREATE DATABASE wharf'
	fi
	say "Postgres $(cat "$home/data/PG_VERSION") of $programs, data in $home"
}

# ask PROGRAMS STATEMENT
ask() { PGPASSWORD=$password as_server "$1/psql" -h 127.0.0.1 -p "$port" -U wharf -d postgres -qtAc "$2"; }

server_options() { echo "-p $port -c listen_addresses=127.0.0.1 -c unix_socket_directories="; }

stop() {
	docker stop "$container" >/dev/null 2>&1 || true
	local programs
	programs=$(bin 2>/dev/null) || return 0
	for home in "$PWD/data/postgres" /var/lib/wharf-postgres; do
		if [ -f "$home/data/postmaster.pid" ]; then
			as_server "$programs/pg_ctl" -s -w -m fast -D "$home/data" stop
		fi
	done
}

case "${1:-}" in
start)
	if image_at_hand; then
		say "starting a container of $image"
		start_container
	else
		say "no postgres image is at hand: using the programs of this machine"
		start_native
	fi
	source_line
	;;
stop) stop ;;
*) die "usage: postgres.sh start | stop" ;;
esac
