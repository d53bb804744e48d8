#!/usr/bin/env bash
# Run by `make run`: makes sure that a Docker engine answers, then becomes wharf.
# usage: run.sh PROGRAM [ARGUMENT...]
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/packages.sh

socket=/var/run/docker.sock

engine_answers() { go run ./scripts/testbed answers 2>/dev/null; }

# configured reports whether the settings name hosts, so that wharf needs no engine on this machine.
configured() {
	[ -n "${DOCKER_HOSTS:-}${HOSTS_FILE:-}${DOCKER_HOST:-}" ] || grep -qE '^(DOCKER_HOSTS|HOSTS_FILE)=.' app.env 2>/dev/null
}

# closed reports whether there is an engine's socket that this user may not use.
closed() { [ -S "$socket" ] && [ ! -w "$socket" ]; }

start_engine() {
	if [ -d /run/systemd/system ]; then
		say "starting the Docker engine: systemctl start docker"
		as_root systemctl start docker
		if closed; then
			say "giving $socket to your group until the engine starts again; for good: sudo usermod -aG docker $(id -un)"
			as_root chgrp "$(id -g)" "$socket"
		fi
	else
		local log=/var/log/dockerd.log
		say "no service manager here: starting dockerd itself (log: $log; to end it: kill \$(cat /var/run/docker.pid))"
		as_root sh -c "PATH=\$PATH:/usr/sbin:/sbin nohup setsid dockerd --group $(id -g) >>$log 2>&1 </dev/null &"
	fi
	local end=$((SECONDS + 30))
	while [ "$SECONDS" -lt "$end" ]; do
		if engine_answers; then return; fi
		sleep 0.2
	done
	say "the Docker engine does not answer after 30 s; wharf starts all the same and takes it as soon as it does"
}

if ! configured && ! engine_answers; then
	if [ "$(uname -s)" != Linux ]; then
		die "no Docker engine answers: start Docker Desktop, or name hosts in DOCKER_HOSTS"
	fi
	if closed; then
		die "a Docker engine is here, but $socket is closed to you: sudo usermod -aG docker $(id -un), and log in again"
	fi
	if ! have dockerd; then
		say "no Docker engine answers here, and none is installed: installing one"
		scripts/install-docker.sh
	fi
	if ! engine_answers; then start_engine; fi
fi

# In a terminal wharf gets its own process group, so that Ctrl-C ends wharf but not make. make's exit
# code is wharf's.
if [ -t 0 ]; then
	set -m
	"$@"
else
	exec "$@"
fi
