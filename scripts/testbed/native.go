package main

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
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
	if err := b.startContainerd(ctx); err != nil {
		return err
	}
	nets, err := newSubnets(b.dir)
	if err != nil {
		return err
	}
	for i, name := range []string{"default", "unix", "tls"} {
		var client *tls.Config
		if name == "tls" {
			client = config
		}
		d, err := newDockerd(b, name, i, nets, client)
		if err != nil {
			return err
		}
		b.engines = append(b.engines, d.engine)
		if err := d.start(ctx); err != nil {
			return err
		}
		b.later(d.end)
	}
	return nil
}

// startContainerd starts one containerd for all engines, each in a namespace of its own. The one
// of the machine, if there is one, is left alone, and a killed dockerd leaves its containers running as
// it does in life.
func (b *bed) startContainerd(ctx context.Context) error {
	config := fmt.Sprintf("version = 2\nroot = %q\nstate = %q\ndisabled_plugins = [\"io.containerd.grpc.v1.cri\"]\n"+
		"[grpc]\naddress = %q\n", filepath.Join(b.dir, "containerd/root"), filepath.Join(b.dir, "containerd/run"), b.containerd())
	file := filepath.Join(b.dir, "containerd.toml")
	if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
		return err
	}
	d, err := startDaemon(b.dir, "containerd", nil, "containerd", "--config", file)
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

// dockerd is an engine as a daemon of ours.
type dockerd struct {
	*engine
	*daemon
	dir  string
	args []string
}

// newDockerd prepares an engine with a bridge of its own: --bridge=none would delete docker0 of an
// engine beside it. It keeps its hands off the packet filter, which all engines of a machine share;
// published ports go through Docker's own proxy.
func newDockerd(b *bed, name string, index int, nets *subnets, client *tls.Config) (*dockerd, error) {
	d := &dockerd{dir: filepath.Join(b.dir, name)}
	if err := os.MkdirAll(d.dir, 0o755); err != nil {
		return nil, err
	}
	config := filepath.Join(d.dir, "daemon.json")
	if err := os.WriteFile(config, []byte("{}"), 0o600); err != nil {
		return nil, err
	}
	bridge, err := nets.addBridge(index)
	if err != nil {
		return nil, err
	}
	d.args = []string{
		"dockerd", "--config-file", config,
		"--data-root", filepath.Join(d.dir, "data"), "--exec-root", filepath.Join(d.dir, "exec"),
		"--pidfile", filepath.Join(d.dir, "pid"), "--group", strconv.Itoa(b.gid),
		"--containerd", b.containerd(), "--containerd-namespace", name, "--containerd-plugins-namespace", name + "-plugins",
		"--bridge", bridge, "--default-address-pool", nets.pool(index),
		"--iptables=false", "--ip6tables=false", "--ip-masq=false", "--ip-forward=false",
		"--shutdown-timeout", "2", "--log-level", "warn",
	}
	if client == nil {
		d.engine = newEngine(name, "unix://"+filepath.Join(d.dir, "docker.sock"), nil)
		d.note = "unix socket"
	} else {
		port, err := freePort()
		if err != nil {
			return nil, err
		}
		d.engine = newEngine(name, "tcp://127.0.0.1:"+strconv.Itoa(port), client)
		d.note = "mutual TLS"
		certs := filepath.Join(b.certDir(), name)
		d.args = append(d.args, "--tlsverify", "--tlscacert", filepath.Join(certs, "ca.pem"),
			"--tlscert", filepath.Join(certs, "server-cert.pem"), "--tlskey", filepath.Join(certs, "server-key.pem"))
	}
	d.args = append(d.args, "-H", d.addr)
	return d, nil
}

func (d *dockerd) start(ctx context.Context) error {
	var err error
	if d.daemon, err = startDaemon(d.dir, "dockerd", nil, d.args...); err != nil {
		return err
	}
	return d.await(ctx, "engine "+d.name, d.ping)
}

// end removes the containers first: a container that outlives its engine keeps mounts busy.
func (d *dockerd) end() error {
	ctx, cancel := context.WithTimeout(context.Background(), 60*time.Second)
	defer cancel()
	_ = d.removeContainers(ctx, "{}") // what is left, clearBed finds
	d.stop(15 * time.Second)
	return nil
}

func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, fmt.Errorf("find a free port: %w", err)
	}
	defer l.Close()
	_, port, _ := strings.Cut(l.Addr().String(), ":")
	return strconv.Atoi(port)
}
