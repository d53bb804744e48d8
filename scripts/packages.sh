# Sourced by the install scripts: installing Debian packages, saying so first.

say() { echo "$(basename "$0"): $*" >&2; }

die() {
	say "$*"
	exit 1
}

# as_root runs a command as root: directly, or through sudo.
as_root() {
	if [ "$(id -u)" -eq 0 ]; then
		"$@"
	elif command -v sudo >/dev/null 2>&1; then
		sudo "$@"
	else
		die "this needs root, and there is no sudo: run as root: $*"
	fi
}

# have finds programs where daemons live, too: a user's PATH often lacks them.
have() { PATH="$PATH:/usr/local/sbin:/usr/sbin:/sbin" command -v "$1" >/dev/null 2>&1; }

# quiet runs a command and shows what it said only if it fails.
quiet() {
	log=$(mktemp)
	if "$@" </dev/null >"$log" 2>&1; then
		rm -f "$log"
	else
		cat "$log" >&2
		rm -f "$log"
		return 1
	fi
}

# apt_install PACKAGE... installs, and waits for another apt to finish rather than fail.
apt_install() {
	say "installing with apt: $*"
	# Without a service manager, package scripts may fail to start what they have installed. That is
	# no failure of ours: what counts is whether the programs are there, and the caller checks that.
	quiet as_root apt-get -qq -o DPkg::Lock::Timeout=300 update ||
		say "apt-get update failed; trying with the lists at hand"
	quiet as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=300 \
		-o Dpkg::Options::=--force-confold install --yes --no-install-recommends "$@" ||
		say "apt-get reported a failure; going on if the programs are there"
}

# apt_install_idle SERVICE installs a package whose service, of the same name, is neither started now nor at boot:
# Debian's packages ask policy-rc.d whether they may start what they install.
apt_install_idle() {
	policy=/usr/sbin/policy-rc.d
	if [ -e "$policy" ]; then
		apt_install "$1"
	else
		printf '#!/bin/sh\nexit 101\n' | as_root tee "$policy" >/dev/null
		as_root chmod 755 "$policy"
		apt_install "$1"
		as_root rm -f "$policy"
	fi
	if [ -d /run/systemd/system ]; then
		as_root systemctl disable --quiet "$1" || say "could not disable the service $1"
	fi
}
