#!/usr/bin/env bash
# Run by `make test-engines` inside a test bed: the tests that every engine must pass, on Podman and on the bed's own engine
# through OpenSSH's server, each in its own network namespace. Everything that it starts or creates is removed at the end;
# the packages that it installs stay. Needs Linux and root.
# usage: test-engines.sh PATTERN
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/packages.sh

conformance=${1:?which tests}
dir=$(mktemp -d /tmp/wharf-engines-XXXXXX)
tag=${dir##*-}
daemons=()
failed=()

end() {
	# Podman's containers, and the processes that monitor them, outlive its service.
	[ ! -e "$dir/podman.sock" ] || "${podman[@]}" rm --all --force --time 0 >/dev/null 2>&1 || true
	for pid in "${daemons[@]}"; do
		kill "$pid" 2>/dev/null && wait "$pid" 2>/dev/null || true
	done
	for name in p s; do
		ip netns del "wharf-$name-$tag" 2>/dev/null || true
	done
	grep -o " $dir/[^ ]*" /proc/self/mounts | sort -r | xargs -r umount -l || true
	rm -rf "$dir"
}
trap end EXIT
trap 'exit 130' INT TERM

await() { # WHAT COMMAND...
	local what=$1
	shift
	for _ in $(seq 300); do
		"$@" >/dev/null 2>&1 && return
		sleep 0.1
	done
	tail -20 "$dir"/*.log >&2
	die "$what doesn't answer after 30 s"
}

# conform NAME ENGINES PATTERN [VARIABLE=VALUE...]
conform() {
	local name=$1 engines=$2 pattern=$3
	shift 3
	echo "--- $name"
	(cd dockerx && env WHARF_TEST_ENGINES="$engines" "$@" "$dir/dockerx.test" -test.v -test.count 1 -test.timeout 10m -test.run "$pattern") >"$dir/$name.txt" 2>&1 || failed+=("$name")
	grep -E '^ *--- |_test.go:[0-9]+: (established|answered|Podman|docker stats)|^panic' "$dir/$name.txt" || true
	[[ " ${failed[*]} " != *" $name "* ]] || cat "$dir/$name.txt"
}

# A command and not a function: a background function would leave the process running when it is killed. `ip netns exec`
# would hide the control groups.
podman=(
	env CONTAINERS_CONF="$dir/containers.conf" nsenter --net="/run/netns/wharf-p-$tag"
	podman --root "$dir/podman/root" --runroot "$dir/podman/run" --tmpdir "$dir/podman/tmp" --storage-driver overlay --cgroup-manager cgroupfs
)

start_podman() {
	ip netns add "wharf-p-$tag"
	ip -n "wharf-p-$tag" link set lo up
	mkdir -p "$dir/podman/cni"
	# Podman's own limits are higher than those that a restricted root may set.
	printf '[containers]\ndefault_ulimits = ["nofile=4096:4096", "nproc=4096:4096"]\npids_limit = 0\n[network]\nnetwork_config_dir = "%s"\n[engine]\nevents_logger = "file"\n' \
		"$dir/podman/cni" >"$dir/containers.conf"
	"${podman[@]}" system service --time 0 "unix://$dir/podman.sock" >"$dir/podman.log" 2>&1 &
	daemons+=($!)
	await Podman curl -fs --unix-socket "$dir/podman.sock" http://podman/_ping
	mkdir -p "$dir/image/tmp"
	chmod 1777 "$dir/image/tmp"
	CGO_ENABLED=0 go build -trimpath -ldflags '-s -w' -o "$dir/image/app" ./dockerx/dockertest/app
	tar -C "$dir/image" -c app tmp | "${podman[@]}" import --quiet --change 'ENV PATH=/' --change 'ENTRYPOINT ["/app"]' --change 'CMD ["sleep"]' - wharf-test:latest >/dev/null
}

# start_sshd starts a server that accepts root with one key, from the other end of a pair of links.
start_sshd() {
	local n=$((RANDOM % 250)) namespace=wharf-s-$tag
	here=10.251.$n.1 there=10.251.$n.2 link=whs-$tag
	ip netns add "$namespace"
	ip link add "$link" type veth peer name eth0 netns "$namespace"
	ip addr add "$here/30" dev "$link"
	ip link set "$link" up
	ip -n "$namespace" addr add "$there/30" dev eth0
	ip -n "$namespace" link set eth0 up
	mkdir -p "$dir/home/.ssh" /run/sshd
	chmod 700 "$dir/home/.ssh"
	ssh-keygen -q -t ed25519 -N '' -f "$dir/host_key"
	ssh-keygen -q -t ed25519 -N '' -f "$dir/home/.ssh/id_ed25519"
	echo "$there $(cut -d' ' -f1,2 "$dir/host_key.pub")" >"$dir/home/.ssh/known_hosts"
	cat >"$dir/sshd_config" <<-EOF
		ListenAddress $there
		HostKey $dir/host_key
		PidFile none
		AuthorizedKeysFile $dir/home/.ssh/id_ed25519.pub
		StrictModes no
		PasswordAuthentication no
		PermitRootLogin prohibit-password
	EOF
	nsenter --net="/run/netns/$namespace" "$(PATH=$PATH:/usr/sbin command -v sshd)" -D -e -f "$dir/sshd_config" >"$dir/sshd.log" 2>&1 &
	daemons+=($!)
	await sshd bash -c "exec 3<>/dev/tcp/$there/22"
}

[ "$(id -u)" -eq 0 ] || die "run as root: it makes network namespaces"
wanted=()
have podman || wanted+=(podman)
have sshd || wanted+=(openssh-server)
have ssh-keygen || wanted+=(openssh-client)
have curl || wanted+=(curl)
[ ${#wanted[@]} -eq 0 ] || apt_install "${wanted[@]}"

CGO_ENABLED=0 go test -c -tags engines -o "$dir/dockerx.test" ./dockerx

bed=$(tr , '\n' <<<"$WHARF_TEST_ENGINES" | sed -n 's/^default=unix:\/\///p')
[ -n "$bed" ] || die "the test bed has no engine on a unix socket"
start_sshd
far="ssh=ssh://root@$there$bed"
ssh=(HOME="$dir/home" SSH_AUTH_SOCK= WHARF_TEST_SSH_LINK="$link" WHARF_TEST_SSH_NETNS="wharf-s-$tag" WHARF_TEST_SSH_HERE="$here")
conform ssh "$far" "$conformance" "${ssh[@]}"
conform ssh-link "$far" OpenSSHServer "${ssh[@]}"

start_podman
conform podman "podman=unix://$dir/podman.sock" "$conformance"

for addr in "$bed" "$dir/podman.sock"; do
	curl -s --unix-socket "$addr" http://engine/version | grep -oE '"(Version|ApiVersion)":"[^"]*"' | tail -2 | tr '\n' ' '
	echo " $addr"
done
[ ${#failed[@]} -eq 0 ] || die "failed: ${failed[*]}"
