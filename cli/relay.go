package cli

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// relay is the address at which Docker's tools of this user reach an engine.
type relay struct {
	address string // for DOCKER_HOST
	server  *http.Server
	dir     string // of the socket; empty over TCP
}

// openRelay serves engine to this user only: on a unix socket in a private directory, or on a TCP port of this machine, where
// each request needs a secret path.
func openRelay(ctx context.Context, engine http.Handler, overTCP bool) (*relay, error) {
	r := &relay{server: &http.Server{
		Handler: engine, ReadHeaderTimeout: 10 * time.Second, ErrorLog: log.New(io.Discard, "", 0),
	}}
	listen := r.listenUnix
	if overTCP {
		listen = r.listenTCP
	}
	l, err := listen(ctx)
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(r.dir))
	}
	go r.server.Serve(l) //nolint:errcheck // close ends it
	return r, nil
}

// listenUnix creates the socket in a directory that no other user can enter.
func (r *relay) listenUnix(ctx context.Context) (net.Listener, error) {
	dir, err := os.MkdirTemp(os.Getenv("XDG_RUNTIME_DIR"), "wharf-docker-") // mode 0700
	if err != nil {
		dir, err = os.MkdirTemp("", "wharf-docker-")
	}
	if err != nil {
		return nil, err
	}
	r.dir = dir
	path := filepath.Join(dir, "docker.sock")
	l, err := new(net.ListenConfig).Listen(ctx, "unix", path)
	if err != nil {
		return nil, err
	}
	r.address = "unix://" + path
	return l, os.Chmod(path, 0o600)
}

func (r *relay) listenTCP(ctx context.Context) (net.Listener, error) {
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	secret := "/" + rand.Text()
	r.address = "tcp://" + l.Addr().String() + secret
	r.server.Handler = behind(secret, r.server.Handler)
	return l, nil
}

// behind passes on only requests below a secret path.
func behind(secret string, next http.Handler) http.Handler {
	inner := http.StripPrefix(secret, next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		first, _, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
		if subtle.ConstantTimeCompare([]byte("/"+first), []byte(secret)) != 1 {
			http.NotFound(w, r)
			return
		}
		inner.ServeHTTP(w, r)
	})
}

// close ends the requests in progress and removes the socket.
func (r *relay) close() {
	_ = r.server.Close()
	if r.dir != "" {
		_ = os.RemoveAll(r.dir)
	}
}
