package main

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// build builds the testbed: go run would change its exit code, which a test checks.
func build(t *testing.T) string {
	t.Helper()
	if testing.Short() {
		t.Skip("starts engines: left out by -short")
	}
	program := filepath.Join(t.TempDir(), "testbed")
	out, err := exec.Command("go", "build", "-o", program, ".").CombinedOutput()
	require.NoError(t, err, "%s", out)
	return program
}

// begin starts a bed for a script, and returns once the script has called ready.
func begin(t *testing.T, program, script string) (cmd *exec.Cmd, dir string) {
	t.Helper()
	readyFile := filepath.Join(t.TempDir(), "ready")
	cmd = exec.Command(program, "run", "--", "sh", "-c", `ready() { dirname "$WHARF_TEST_CERTS" >`+readyFile+`.new; mv `+readyFile+`.new `+readyFile+"; }\n"+script)
	require.NoError(t, cmd.Start())
	require.Eventually(t, func() bool {
		content, err := os.ReadFile(readyFile)
		dir = strings.TrimSpace(string(content))
		return err == nil
	}, 90*time.Second, 20*time.Millisecond, "the bed stands")
	return cmd, dir
}

func requireGone(t *testing.T, dir string) {
	t.Helper()
	require.NoDirExists(t, dir)
	mounts, _ := os.ReadFile("/proc/self/mounts")
	require.NotContains(t, string(mounts), dir)
}

func TestRunEndsWithTheCommandsCodeAndLeavesNothing(t *testing.T) {
	t.Parallel()
	cmd, dir := begin(t, build(t), "ready; exit 3")
	var exit *exec.ExitError
	require.ErrorAs(t, cmd.Wait(), &exit)
	require.Equal(t, 3, exit.ExitCode())
	requireGone(t, dir)
}

func TestSignalReachesTheCommandAndLeavesNothing(t *testing.T) {
	t.Parallel()
	cmd, dir := begin(t, build(t), "trap 'exit 7' TERM; ready; while :; do sleep 0.1; done")
	require.NoError(t, cmd.Process.Signal(syscall.SIGTERM))
	var exit *exec.ExitError
	require.ErrorAs(t, cmd.Wait(), &exit)
	require.Equal(t, 7, exit.ExitCode())
	requireGone(t, dir)
}

func TestKilledRunLeavesNothing(t *testing.T) {
	t.Parallel()
	cmd, dir := begin(t, build(t), "ready; exec sleep 600")
	require.NoError(t, cmd.Process.Kill())
	require.Error(t, cmd.Wait())
	require.Eventually(t, func() bool {
		_, err := os.Stat(dir)
		return errors.Is(err, os.ErrNotExist)
	}, 60*time.Second, 50*time.Millisecond, "the owner notices and cleans up")
	requireGone(t, dir)
}

func TestKilledOwnerIsClearedAwayByTheNextRun(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		t.Skip("kills a process of root's")
	}
	program := build(t)
	cmd, dir := begin(t, program, "ready; exec sleep 600")
	owner, err := os.ReadFile(filepath.Join(dir, lockName))
	require.NoError(t, err)
	pid, err := strconv.Atoi(string(owner))
	require.NoError(t, err)
	require.NoError(t, syscall.Kill(pid, syscall.SIGKILL))
	require.NoError(t, cmd.Process.Signal(syscall.SIGTERM))
	require.Error(t, cmd.Wait())
	require.DirExists(t, dir)

	next, nextDir := begin(t, program, "ready; exit 0")
	require.NoError(t, next.Wait())
	requireGone(t, dir)
	requireGone(t, nextDir)
}

// networkState prints a machine's links, addresses, routes, packet filter, and the sysctl that engines change.
const networkState = `ip -o link
ip -o addr
ip route show table all
ip -6 route show table all
ip rule
iptables-save | grep -v '^#'
cat /proc/sys/net/ipv4/ip_forward`

// The test's machine is a network namespace with the bridge docker0 of an engine of its own, and a filter that forwards nothing, as
// such an engine sets it up. An engine of the bed has --default-address-pool, and so deletes any docker0 that it sees when it is
// restarted.
func TestBedLeavesTheMachinesNetworkAsItWas(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 || !installed("iptables") || os.Getenv("WHARF_TESTBED") == string(containers) {
		t.Skip("makes a network namespace: needs root, iptables and engines of our own")
	}
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "state"), []byte(networkState), 0o600))
	cmd := exec.Command("unshare", "--net", "sh", "-ec", `
ip link set lo up
ip link add docker0 type bridge
ip addr add 172.17.0.1/16 dev docker0
ip link set docker0 addrgenmode none
ip link set docker0 up
iptables -P FORWARD DROP
iptables -t nat -A POSTROUTING -s 172.17.0.0/16 ! -o docker0 -j MASQUERADE
sh "$DIR/state" >"$DIR/before"
"$0" run -- sh -ec '
	go test -count=1 -run "^(TestTrafficBetweenContainers|TestOwnEngineComesBackWithItsContainers)$" wharf/dockerx/dockertest
	sh "$DIR/state" >"$DIR/during"'
sh "$DIR/state" >"$DIR/after"`, build(t))
	cmd.Env = append(os.Environ(), "PATH="+os.Getenv("PATH")+":/usr/sbin:/sbin", "WHARF_TESTBED=native", "DIR="+dir)
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", out)
	before := readFile(t, dir, "before")
	require.Contains(t, before, "docker0")
	require.Contains(t, before, "-A POSTROUTING -s 172.17.0.0/16")
	require.Equal(t, before, readFile(t, dir, "during"))
	require.Equal(t, before, readFile(t, dir, "after"))
}

func readFile(t *testing.T, dir, name string) string {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(dir, name))
	require.NoError(t, err)
	return string(content)
}
