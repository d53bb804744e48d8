package main

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// The images of containers mode, which the answering engine pulls if they are missing.
const (
	dindVariable     = "WHARF_TESTBED_DIND_IMAGE"
	postgresVariable = "WHARF_TESTBED_POSTGRES_IMAGE"
)

// containersMark is a file in the bed's directory. If it exists, there may be containers to remove.
const containersMark = "containers"

// startContainers uses the answering engine as `default`, and starts two engines and a Postgres as containers of it.
func (b *bed) startContainers(ctx context.Context) error {
	if err := os.WriteFile(filepath.Join(b.dir, containersMark), nil, 0o600); err != nil {
		return err
	}
	if err := b.startPostgresContainer(ctx); err != nil {
		return err
	}
	if b.only == onlyPostgres {
		return nil
	}
	e, err := b.answeringEngine()
	if err != nil {
		return err
	}
	b.engines = append(b.engines, e)
	b.later(func() error { return dropTestImage(e) })
	for _, name := range []string{"unix", "tls"} {
		d, err := newDind(b, name, name == "unix", "")
		if err != nil {
			return err
		}
		b.engines = append(b.engines, d.engine)
		if err := d.start(ctx); err != nil {
			return err
		}
		b.later(d.end)
	}
	return b.serveControl(nil, func(name string, _ int, disk string) (controlled, error) { return newDind(b, name, true, disk) })
}

// answeringEngine returns the engine that the docker command uses, with the command's settings or context.
func (b *bed) answeringEngine() (*engine, error) {
	addr := answeringAddr()
	if os.Getenv("DOCKER_HOST") == "" {
		out, err := docker("context", "inspect", "--format", "{{.Endpoints.docker.Host}}")
		if err != nil {
			return nil, err
		}
		addr = out
	}
	var config *tls.Config
	switch scheme, _, _ := strings.Cut(addr, "://"); scheme {
	case "unix":
	case "tcp":
		certs := os.Getenv("DOCKER_CERT_PATH")
		if certs == "" {
			break
		}
		if err := os.MkdirAll(b.certDir(), 0o755); err != nil {
			return nil, err
		}
		if err := os.Symlink(certs, filepath.Join(b.certDir(), "default")); err != nil {
			return nil, err
		}
		var err error
		if config, err = loadClient(certs, addr); err != nil {
			return nil, err
		}
	default:
		return nil, fmt.Errorf("the Docker engine that answers is at %s: the tests know unix:// and tcp://", addr)
	}
	e := newEngine("default", addr, config)
	e.description = "the one that answers here, with whatever runs on it"
	return e, nil
}

// dropTestImage removes the test image and its containers from the engine.
func dropTestImage(e *engine) error {
	ctx, cancel := context.WithTimeout(context.Background(), 60*time.Second)
	defer cancel()
	if err := e.removeContainers(ctx, `{"ancestor":["wharf-test"]}`); err != nil {
		return err
	}
	_, err := e.call(ctx, "DELETE", "/images/wharf-test:latest?force=1", nil)
	return err
}

func (b *bed) startPostgresContainer(ctx context.Context) error {
	image := imageOr(postgresVariable, "postgres:17")
	port, err := freePort()
	if err != nil {
		return err
	}
	password := rand.Text()
	id, err := docker("run", "--detach", "--label", label(b.dir), "--publish", fmt.Sprintf("127.0.0.1:%d:5432", port),
		"--env", "POSTGRES_PASSWORD="+password, "--shm-size", "256m", image,
		"postgres", "-c", "fsync=off", "-c", "synchronous_commit=off", "-c", "full_page_writes=off",
		"-c", "max_connections=400", "-c", "TimeZone="+oddTimeZone)
	if err != nil {
		return err
	}
	// Over TCP: while the image initializes the database, its server listens only on the socket.
	err = awaitContainer(ctx, id, "Postgres", func(context.Context) error {
		_, err := docker("exec", id, "pg_isready", "-q", "-h", "127.0.0.1")
		return err
	})
	if err != nil {
		return err
	}
	version, err := docker("exec", id, "postgres", "--version")
	b.usePostgres(version+", container of "+image, password, port)
	return err
}

// dind is an engine that runs as a container of the answering one.
type dind struct {
	*engine
	id    string
	inner *engine // behind the proxy, if there is one
}

// newDind creates an engine that listens on TCP with mutual TLS. With proxied a unix socket forwards to it, since a socket inside
// Docker Desktop's virtual machine can't be reached from outside. disk is the size of an in-memory file system for the engine's data;
// "" means a volume.
func newDind(b *bed, name string, proxied bool, disk string) (*dind, error) {
	config, err := b.makeCerts(name, []string{"127.0.0.1", "localhost"})
	if err != nil {
		return nil, err
	}
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	image := imageOr(dindVariable, "docker:dind")
	args := []string{"create", "--privileged", "--label", label(b.dir), "--env", "DOCKER_TLS_CERTDIR="}
	if disk != "" {
		args = append(args, "--tmpfs", "/var/lib/docker:rw,exec,size="+disk)
	}
	id, err := docker(append(args, "--publish", fmt.Sprintf("127.0.0.1:%d:2376", port), image,
		"dockerd", "-H", "tcp://0.0.0.0:2376", "--tlsverify", "--tlscacert", "/certs/ca.pem",
		"--tlscert", "/certs/server-cert.pem", "--tlskey", "/certs/server-key.pem", "--shutdown-timeout", "2", "--log-level", "warn")...)
	if err != nil {
		return nil, err
	}
	if _, err := docker("cp", filepath.Join(b.certDir(), name), id+":/certs"); err != nil {
		return nil, err
	}
	d := &dind{id: id, engine: newEngine(name, "tcp://127.0.0.1:"+strconv.Itoa(port), config)}
	d.inner = d.engine
	d.description = "mutual TLS, container of " + image
	if proxied {
		socket := filepath.Join(b.dir, name+".sock")
		if err := b.proxy(socket, d.engine); err != nil {
			return nil, err
		}
		d.engine = newEngine(name, "unix://"+socket, nil)
		d.description = "unix socket, container of " + image
	}
	return d, nil
}

func (d *dind) api() *engine { return d.engine }

func (d *dind) start(ctx context.Context) error {
	if _, err := docker("start", d.id); err != nil {
		return err
	}
	return awaitContainer(ctx, d.id, "engine "+d.name, d.inner.ping)
}

func (d *dind) halt(kill bool) {
	if kill {
		_, _ = docker("kill", d.id)
		return
	}
	_, _ = docker("stop", "--time", "15", d.id)
}

func (d *dind) end() error {
	_, err := docker("rm", "--force", "--volumes", d.id)
	return err
}

func imageOr(variable, image string) string {
	if v := os.Getenv(variable); v != "" {
		return v
	}
	return image
}
