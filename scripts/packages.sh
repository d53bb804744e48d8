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

# apt_install PACKAGE... installs, and waits for another apt to finish rather than fail.
apt_install() {
	say "installing with apt: $*"
	as_root env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 -qq update </dev/null >&2 ||
		say "apt-get update failed; trying with the lists at hand"
	# Without a service manager, package scripts may fail to start what they have installed. That is
	# no failure of ours: what counts is whether the programs are there, and the caller checks that.
	as_root env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 -qq -o Dpkg::Options::=--force-confold \
		install --yes --no-install-recommends "$@" </dev/null >&2 ||
		say "apt-get reported a failure; going on if the programs are there"
}
