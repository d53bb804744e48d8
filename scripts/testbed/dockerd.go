package main

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"time"
)

// dockerd is an engine that runs as a daemon of the bed.
type dockerd struct {
	*engine
	*daemon
	network *network
	dir     string
	bridge  string
	disk    string   // mount point of its own disk; "" if it has none
	socket  *os.File // the TCP engine's listener
	args    []string
}

// newDockerd prepares an engine with its own bridge: the engines of a bed share a network namespace. It doesn't change the packet
// filter, which they share too; published ports use Docker's own proxy.
func newDockerd(b *bed, name string, index int, n *network, client *tls.Config) (*dockerd, error) {
	d := &dockerd{network: n, dir: filepath.Join(b.dir, name)}
	if err := os.MkdirAll(d.dir, 0o755); err != nil {
		return nil, err
	}
	config := filepath.Join(d.dir, "daemon.json")
	if err := os.WriteFile(config, []byte("{}"), 0o600); err != nil {
		return nil, err
	}
	var err error
	if d.bridge, err = n.addBridge(index); err != nil {
		return nil, err
	}
	d.args = []string{
		"dockerd", "--config-file", config,
		"--data-root", filepath.Join(d.dir, "data"), "--exec-root", filepath.Join(d.dir, "exec"),
		"--pidfile", d.pidfile(), "--group", strconv.Itoa(b.gid),
		"--containerd", b.containerd(), "--containerd-namespace", name, "--containerd-plugins-namespace", name + "-plugins",
		"--bridge", d.bridge, "--default-address-pool", poolOf(index),
		"--iptables=false", "--ip6tables=false", "--ip-masq=false", "--ip-forward=false",
		"--shutdown-timeout", "2", "--log-level", "warn",
	}
	if client == nil {
		d.engine = newEngine(name, "unix://"+filepath.Join(d.dir, "docker.sock"), nil)
		d.description = "unix socket"
		d.args = append(d.args, "-H", d.addr)
		return d, nil
	}
	addr, err := d.listen()
	if err != nil {
		return nil, err
	}
	d.engine = newEngine(name, "tcp://"+addr, client)
	d.description = "mutual TLS"
	certs := filepath.Join(b.certDir(), name)
	d.args = append(d.args, "--tlsverify", "--tlscacert", filepath.Join(certs, "ca.pem"),
		"--tlscert", filepath.Join(certs, "server-cert.pem"), "--tlskey", filepath.Join(certs, "server-key.pem"), "-H", "fd://")
	return d, nil
}

// listen opens the engine's socket in the machine's network namespace, where the tests run: a socket stays in the namespace in which
// it was created.
func (d *dockerd) listen() (addr string, err error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer l.Close()
	d.socket, err = l.(*net.TCPListener).File()
	return l.Addr().String(), err
}

// limitDisk gives the engine a small in-memory file system for its data.
func (d *dockerd) limitDisk(size string) error {
	data := filepath.Join(d.dir, "data")
	if err := os.MkdirAll(data, 0o711); err != nil {
		return err
	}
	if out, err := exec.Command("mount", "-t", "tmpfs", "-o", "size="+size, "wharf-testbed", data).CombinedOutput(); err != nil {
		return fmt.Errorf("mount a disk of %s: %w: %s", size, err, out)
	}
	d.disk = data
	d.args = append(d.args, "--max-download-attempts", "1") // retries are pointless while the disk is full
	return nil
}

func (d *dockerd) api() *engine { return d.engine }

// start starts or restarts the engine. After the first start the caller imports the image, which the engine then keeps.
func (d *dockerd) start(ctx context.Context) error {
	// A killed engine leaves its pid file, whose number may belong to another process by now.
	_ = os.Remove(d.pidfile())
	var err error
	if d.daemon, err = d.network.startDaemon(d.dir, "dockerd", child{socket: d.socket}, d.args...); err != nil {
		return err
	}
	return d.await(ctx, "engine "+d.name, d.ping)
}

func (d *dockerd) pidfile() string { return filepath.Join(d.dir, "pid") }

func (d *dockerd) halt(kill bool) {
	if kill {
		d.kill()
		return
	}
	d.stop(15 * time.Second)
}

// end removes the containers first, because a container that outlives its engine keeps mounts busy.
func (d *dockerd) end() error {
	ctx, cancel := context.WithTimeout(context.Background(), 60*time.Second)
	defer cancel()
	_ = d.removeContainers(ctx, "{}") // clearBed removes the rest
	d.halt(false)
	if d.disk != "" {
		if err := exec.Command("umount", "--lazy", d.disk).Run(); err != nil {
			return fmt.Errorf("unmount %s: %w", d.disk, err)
		}
	}
	return d.network.ip("link", "del", d.bridge)
}
