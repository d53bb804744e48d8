package main

import (
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"path/filepath"
	"sync"
	"time"
)

// forwards let engines in their network namespace, from which nothing of the machine can be reached, connect to servers of tests, such
// as a registry: an engine accepts a registry at 127.0.0.1 without TLS.
//
//	POST   /forwards?network=unix&to=/path   forward to it: {"Addr": "127.0.0.1:port"}
//	DELETE /forwards/{addr}
type forwards struct {
	network *network // nil: the machine's own

	mu   sync.Mutex
	open map[string]net.Listener
}

func newForwards(n *network) *forwards {
	return &forwards{network: n, open: map[string]net.Listener{}}
}

func (f *forwards) add(w http.ResponseWriter, r *http.Request) {
	network, to := r.FormValue("network"), r.FormValue("to")
	var l net.Listener
	err := errors.New("to: want an address of 127.0.0.1, or a path with network=unix")
	if (network == "tcp" || network == "unix" && filepath.IsAbs(to)) && to != "" {
		err = f.network.do(func() (err error) { l, err = net.Listen("tcp", "127.0.0.1:0"); return err })
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	addr := l.Addr().String()
	f.mu.Lock()
	f.open[addr] = l
	f.mu.Unlock()
	go acceptAll(l, func(client net.Conn) {
		defer client.Close()
		server, err := net.DialTimeout(network, to, 10*time.Second)
		if err != nil {
			return
		}
		defer server.Close()
		exchange(client, client, server)
	})
	_ = json.NewEncoder(w).Encode(map[string]string{"Addr": addr})
}

func (f *forwards) remove(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	l := f.open[r.PathValue("addr")]
	if l == nil {
		http.NotFound(w, r)
		return
	}
	delete(f.open, r.PathValue("addr"))
	_ = l.Close()
}

func (f *forwards) end() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	var errs []error
	for _, l := range f.open {
		errs = append(errs, l.Close())
	}
	return errors.Join(errs...)
}
