package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// docker runs the docker command with the caller's settings and returns its output.
func docker(args ...string) (string, error) {
	cmd := exec.Command("docker", args...)
	var out, words bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &words
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("docker %s: %w: %s", args[0], err, strings.TrimSpace(words.String()))
	}
	return strings.TrimSpace(out.String()), nil
}

// label marks a bed's containers on an engine that doesn't belong to the bed.
func label(dir string) string { return "wharf-testbed=" + dir }

// removeBedContainers removes a bed's containers from the answering engine.
func removeBedContainers(dir string) error {
	if _, err := os.Stat(filepath.Join(dir, containersMark)); err != nil {
		return nil //nolint:nilerr // a bed of daemons has no engine to ask
	}
	ids, err := docker("ps", "--all", "--quiet", "--filter", "label="+label(dir))
	if err != nil || ids == "" {
		return err
	}
	_, err = docker(append([]string{"rm", "--force", "--volumes"}, strings.Fields(ids)...)...)
	return err
}

// awaitContainer polls until probe succeeds, the container has ended, or 60 s have passed.
func awaitContainer(ctx context.Context, id, what string, probe func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, 60*time.Second)
	defer cancel()
	for {
		err := probe(ctx)
		if err == nil {
			return nil
		}
		running, inspectErr := docker("inspect", "--format", "{{.State.Running}}", id)
		if ctx.Err() != nil || inspectErr != nil || running != "true" {
			words, _ := docker("logs", "--tail", "8", id)
			return fmt.Errorf("%s does not answer: %w; its last words:\n%s", what, err, words)
		}
		time.Sleep(100 * time.Millisecond)
	}
}

// proxy listens on a unix socket and forwards every connection to the engine.
func (b *bed) proxy(socket string, to *engine) error {
	l, err := net.Listen("unix", socket)
	if err != nil {
		return fmt.Errorf("proxy for engine %s: %w", to.name, err)
	}
	b.later(l.Close)
	_, target, _ := strings.Cut(to.addr, "://")
	go acceptAll(l, func(client net.Conn) {
		defer client.Close()
		server, err := tls.Dial("tcp", target, to.tls)
		if err != nil {
			return
		}
		defer server.Close()
		exchange(client, client, server)
	})
	return nil
}

// loadClient reads ca.pem, cert.pem and key.pem for an engine at addr.
func loadClient(dir, addr string) (*tls.Config, error) {
	u, err := url.Parse(addr)
	if err != nil {
		return nil, err
	}
	own, err := tls.LoadX509KeyPair(filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem"))
	if err != nil {
		return nil, fmt.Errorf("the answering engine's certificates: %w", err)
	}
	ca, err := os.ReadFile(filepath.Join(dir, "ca.pem"))
	if err != nil {
		return nil, fmt.Errorf("the answering engine's certificates: %w", err)
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(ca) {
		return nil, errors.New("the answering engine's certificates: ca.pem holds none")
	}
	return &tls.Config{RootCAs: roots, Certificates: []tls.Certificate{own}, ServerName: u.Hostname(), MinVersion: tls.VersionTLS12}, nil
}
