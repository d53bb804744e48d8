#!/usr/bin/env bash
# Boots this machine's own systemd in new namespaces: as process 1, with its own network, control groups and file system. It
# sees the machine's files, but writes go to memory and are lost at the end. Runs until standard input ends; all processes
# inside end with it. Needs Linux, root, and an installed systemd, running or not.
# usage: boot-systemd.sh SOURCE TARGET    shows SOURCE's contents at TARGET inside; prints the pid of systemd's parent
set -euo pipefail

if [ "${1:-}" = inside ]; then
	source=$2 target=$3 work=$4
	mount -t tmpfs tmpfs "$work"
	mkdir "$work/upper" "$work/work" "$work/root"
	mount -t overlay overlay -o "lowerdir=/,upperdir=$work/upper,workdir=$work/work" "$work/root"
	cd "$work/root"
	mkdir -p ".$target" .old
	cp -r "$source/." ".$target"
	mount -t proc proc proc
	mount -t tmpfs tmpfs dev
	mkdir dev/shm dev/pts
	while read -r name major minor; do
		mknod -m 666 "dev/$name" c "$major" "$minor"
	done <<-NODES
		null 1 3
		zero 1 5
		full 1 7
		random 1 8
		urandom 1 9
		tty 5 0
	NODES
	ln -s /proc/self/fd dev/fd
	mount -t devpts -o newinstance,ptmxmode=0666,mode=0620 devpts dev/pts
	ln -s pts/ptmx dev/ptmx
	mount -t tmpfs tmpfs run
	mount -t tmpfs tmpfs tmp
	mount -t sysfs -o ro sysfs sys
	mount -t cgroup2 cgroup2 sys/fs/cgroup
	ip link set lo up
	: >etc/machine-id
	pivot_root . .old
	cd /
	umount -l /.old
	for systemd in /usr/lib/systemd/systemd /lib/systemd/systemd; do
		[ ! -x "$systemd" ] || exec env -i container=other PATH=/usr/sbin:/usr/bin:/sbin:/bin "$systemd" --system --unit=basic.target --show-status=no
	done
	exit 1
fi

if [ "${1:-}" != grouped ]; then
	exec unshare --mount "$0" grouped "$@"
fi

# A new control group, since systemd treats the group in which it starts as the root.
source=$2 target=$3
work=$(mktemp -d /tmp/wharf-systemd-XXXXXX)
groups=$work.cgroups
own=$groups/${work##*/}
mkdir "$groups"
mount -t cgroup2 cgroup2 "$groups"
mkdir "$own"

end() {
	kill -KILL "$child" 2>/dev/null || true # and with it all that runs inside
	wait "$child" 2>/dev/null || true
	echo $$ >"$groups/cgroup.procs"
	for _ in $(seq 100); do
		if find "$own" -depth -type d -exec rmdir {} + 2>/dev/null; then break; fi
		sleep 0.1
	done
	umount -l "$groups"
	rmdir "$groups" "$work"
}
trap end EXIT
echo $$ >"$own/cgroup.procs"
unshare --mount --net --pid --fork --uts --ipc --cgroup --kill-child "$0" inside "$source" "$target" "$work" </dev/null &
child=$!
echo "$child"
cat >/dev/null
