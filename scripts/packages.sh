# Sourced by the install scripts. Its functions install Debian packages, and print what they install first.

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

# have also looks in the directories of daemons, which a user's PATH often lacks.
have() { PATH="$PATH:/usr/local/sbin:/usr/sbin:/sbin" command -v "$1" >/dev/null 2>&1; }

# quiet runs a command and prints its output only if it fails.
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

# apt_install PACKAGE... installs packages. It waits for another apt to finish instead of failing.
apt_install() {
	say "installing with apt: $*"
	# Without a service manager, package scripts may fail to start their services. That is no error
	# here: the caller checks whether the programs are installed.
	quiet as_root apt-get -qq -o DPkg::Lock::Timeout=300 update ||
		say "apt-get update failed; trying with the lists at hand"
	quiet as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=300 \
		-o Dpkg::Options::=--force-confold install --yes --no-install-recommends "$@" ||
		say "apt-get reported a failure; going on if the programs are there"
}

# apt_install_idle SERVICE installs a package without starting its service of the same name, now or at boot: Debian's packages ask
# policy-rc.d whether they may start a service.
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
