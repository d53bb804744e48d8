package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"time"
)

// startNative starts a containerd, three engines on it and a Postgres, all below the bed's directory.
func (b *bed) startNative(ctx context.Context) error {
	postgres := make(chan error, 1)
	go func() { postgres <- b.startPostgres(ctx) }()
	var err error
	if b.only != onlyPostgres {
		err = b.startEngines(ctx)
	}
	if pgErr := <-postgres; err == nil {
		err = pgErr
	}
	return err
}

func (b *bed) startEngines(ctx context.Context) error {
	config, err := b.makeCerts("tls", []string{"127.0.0.1", "localhost"})
	if err != nil {
		return err
	}
	network, err := newNetwork()
	if err != nil {
		return err
	}
	if err := b.serveNetwork(network); err != nil {
		return err
	}
	if err := b.startContainerd(ctx, network); err != nil {
		return err
	}
	for i, name := range []string{"default", "unix", "tls"} {
		var client *tls.Config
		if name == "tls" {
			client = config
		}
		d, err := newDockerd(b, name, i, network, client)
		if err != nil {
			return err
		}
		b.engines = append(b.engines, d.engine)
		if err := d.start(ctx); err != nil {
			return err
		}
		b.later(d.end)
	}
	return b.serveControl(network, func(name string, index int, disk string) (controlled, error) {
		d, err := newDockerd(b, name, index, network, nil)
		if err == nil && disk != "" {
			err = d.limitDisk(disk)
		}
		return d, err
	})
}

// startContainerd starts one containerd for all engines, each of which has its own namespace in it. It doesn't use the machine's
// containerd. As in production, a killed dockerd leaves its containers running.
func (b *bed) startContainerd(ctx context.Context, n *network) error {
	config := fmt.Sprintf("version = 2\nroot = %q\nstate = %q\ndisabled_plugins = [\"io.containerd.grpc.v1.cri\"]\n"+
		"[grpc]\naddress = %q\n", filepath.Join(b.dir, "containerd/root"), filepath.Join(b.dir, "containerd/run"), b.containerd())
	file := filepath.Join(b.dir, "containerd.toml")
	if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
		return err
	}
	d, err := n.startDaemon(b.dir, "containerd", child{}, "containerd", "--config", file)
	if err != nil {
		return err
	}
	b.later(func() error { d.stop(10 * time.Second); return nil })
	return d.await(ctx, "containerd", func(ctx context.Context) error {
		conn, err := (&net.Dialer{}).DialContext(ctx, "unix", b.containerd())
		if err == nil {
			err = conn.Close()
		}
		return err
	})
}

func (b *bed) containerd() string { return filepath.Join(b.dir, "containerd.sock") }

// freePort picks a port below the system's ephemeral range, so that no listener on an arbitrary port takes it before the daemon starts.
func freePort() (int, error) {
	for range 100 {
		port := 18000 + rand.IntN(14000)
		l, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
		if err == nil {
			return port, l.Close()
		}
	}
	return 0, errors.New("no free port between 18000 and 32000")
}
