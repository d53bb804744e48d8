#!/usr/bin/env bash
# What `make run` does: sees to it that a Docker engine answers, and becomes wharf.
# usage: run.sh PROGRAM [ARGUMENT...]
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/packages.sh

engine_answers() { go run ./scripts/testbed answers 2>/dev/null; }

# configured tells whether the settings name hosts: then wharf has no use for an engine here.
configured() {
	[ -n "${DOCKER_HOSTS:-}${HOSTS_FILE:-}${DOCKER_HOST:-}" ] || grep -qE '^(DOCKER_HOSTS|HOSTS_FILE)=.' app.env 2>/dev/null
}

start_engine() {
	if [ -d /run/systemd/system ]; then
		say "starting the Docker engine: systemctl start docker"
		as_root systemctl start docker
	else
		local log=/var/log/dockerd.log
		say "no service manager here: starting dockerd itself (log: $log; to end it: kill \$(cat /var/run/docker.pid))"
		as_root sh -c "PATH=\$PATH:/usr/sbin:/sbin nohup setsid dockerd --group $(id -g) >>$log 2>&1 </dev/null &"
	fi
	for _ in $(seq 150); do
		if engine_answers; then return; fi
		sleep 0.2
	done
	say "the Docker engine does not answer after 30 s; wharf starts all the same and takes it as soon as it does"
}

if ! configured && ! engine_answers; then
	if [ "$(uname -s)" != Linux ]; then
		die "no Docker engine answers: start Docker Desktop, or name hosts in DOCKER_HOSTS"
	fi
	if ! have dockerd; then
		say "no Docker engine answers here, and none is installed: installing one"
		scripts/install-docker.sh
	fi
	if ! engine_answers; then start_engine; fi
fi

# In a terminal wharf gets a process group of its own: Ctrl-C then ends wharf and not make, whose
# exit code is wharf's.
if [ -t 0 ]; then
	set -m
	"$@"
else
	exec "$@"
fi
