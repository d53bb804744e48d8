package main

import (
	"bufio"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// Engine i has 10.200.i.0/24 for its bridge, and 64 networks from 10.200.(16i+16).0 on. The addresses are inside the namespace, so
// several beds can use the same ones.

func bridgeOf(index int) string { return fmt.Sprintf("wharf%d", index) }

func poolOf(index int) string { return fmt.Sprintf("base=10.200.%d.0/20,size=26", 16*index+16) }

func (n *network) addBridge(index int) (string, error) {
	name := bridgeOf(index)
	return name, errors.Join(
		n.ip("link", "add", name, "type", "bridge"),
		n.ip("addr", "add", fmt.Sprintf("10.200.%d.1/24", index), "dev", name),
		n.ip("link", "set", name, "up"))
}

// ip runs the program ip inside the namespace. The error contains its output.
func (n *network) ip(args ...string) error {
	cmd := exec.Command("ip", args...)
	cmd.Env = daemonEnv()
	var out []byte
	err := n.do(func() (err error) { out, err = cmd.CombinedOutput(); return err })
	if err != nil {
		return fmt.Errorf("ip %s: %w: %s", strings.Join(args, " "), err, out)
	}
	return nil
}

const networkSocket = "network.sock"

// serveNetwork lets tests connect to addresses in the engines' network, for published ports, since the machine has no route to them. A
// client of the unix socket sends an address and a line feed, receives "ok" or an error and a line feed, and is then connected to the
// address.
func (b *bed) serveNetwork(n *network) error {
	path := filepath.Join(b.dir, networkSocket)
	l, err := net.Listen("unix", path)
	if err != nil {
		return fmt.Errorf("listen for connections to the engines' network: %w", err)
	}
	b.later(l.Close)
	if err := errors.Join(os.Chmod(path, 0o600), os.Chown(path, b.uid, b.gid)); err != nil {
		return err
	}
	b.env["WHARF_TEST_NETWORK"] = path
	go acceptAll(l, func(client net.Conn) { n.connect(client) })
	return nil
}

func (n *network) connect(client net.Conn) {
	defer client.Close()
	_ = client.SetReadDeadline(time.Now().Add(time.Minute))
	in := bufio.NewReader(client)
	addr, err := in.ReadString('\n')
	if err != nil {
		return
	}
	_ = client.SetReadDeadline(time.Time{})
	var server net.Conn
	err = n.do(func() error {
		server, err = net.DialTimeout("tcp", strings.TrimSpace(addr), 10*time.Second)
		return err
	})
	if err != nil {
		fmt.Fprintf(client, "%v\n", err)
		return
	}
	defer server.Close()
	fmt.Fprintln(client, "ok")
	exchange(client, in, server)
}
