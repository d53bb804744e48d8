package dockertest

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
)

// Dial connects to an address in the engines' network, such as a published port. The test bed's engines have their own network
// namespace, which is reached through the socket WHARF_TEST_NETWORK. Without it, the engines use the machine's network.
func Dial(ctx context.Context, network, addr string) (net.Conn, error) {
	var dialer net.Dialer
	socket := os.Getenv("WHARF_TEST_NETWORK")
	if socket == "" {
		return dialer.DialContext(ctx, network, addr)
	}
	conn, err := dialer.DialContext(ctx, "unix", socket)
	if err != nil {
		return nil, err
	}
	answer, err := ask(conn, addr)
	if err == nil && answer != "ok" {
		err = errors.New(answer)
	}
	if err != nil {
		conn.Close()
		return nil, fmt.Errorf("dial %s in the engines' network: %w", addr, err)
	}
	return conn, nil
}

// ask sends a line and reads one. It reads byte by byte, since the bytes after the line belong to the connection.
func ask(conn net.Conn, line string) (string, error) {
	if _, err := fmt.Fprintln(conn, line); err != nil {
		return "", err
	}
	var answer strings.Builder
	for b := make([]byte, 1); ; {
		if _, err := conn.Read(b); err != nil {
			return "", err
		}
		if b[0] == '\n' {
			return answer.String(), nil
		}
		answer.WriteByte(b[0])
	}
}
