package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"sync"
	"time"
)

// controlled is an engine that can be made to fail. Tests that kill an engine ask for one of their own.
type controlled interface {
	api() *engine
	start(ctx context.Context) error
	// halt stops the engine or kills it. What happens to its containers is up to the engine.
	halt(kill bool)
	// end removes the engine and its containers.
	end() error
}

// control serves requests of tests for engines of their own on a unix socket:
//
//	POST   /engines                     a new engine: {"Name", "Addr"}; disk=48m: on a disk of that size
//	POST   /engines/{name}/stop         in order; kill: as a crash does; start: again
//	DELETE /engines/{name}
//
// It also serves forwards.
type control struct {
	mu       sync.Mutex
	machines map[string]controlled
	made     int
	image    []byte // the image of their containers
	create   newEngineFunc
}

// newEngineFunc prepares an engine. disk limits the size of its data, such as "48m"; "" means no limit.
type newEngineFunc func(name string, index int, disk string) (controlled, error)

// diskPattern matches the sizes that tmpfs accepts.
var diskPattern = regexp.MustCompile(`^([1-9][0-9]{0,3}m)?$`)

const (
	controlSocket = "control.sock"
	// firstOwn is the index of the first engine that a test asks for; the bed's engines come before. A bed has addresses for maxEngines.
	firstOwn   = 3
	maxEngines = 14
)

func (b *bed) serveControl(n *network, create newEngineFunc) error {
	c := &control{machines: map[string]controlled{}, image: b.image, create: create}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /engines", c.add)
	mux.HandleFunc("POST /engines/{name}/{verb}", c.change)
	mux.HandleFunc("DELETE /engines/{name}", c.remove)
	ways := newForwards(n)
	mux.HandleFunc("POST /forwards", ways.add)
	mux.HandleFunc("DELETE /forwards/{addr}", ways.remove)
	path := filepath.Join(b.dir, controlSocket)
	l, err := net.Listen("unix", path)
	if err != nil {
		return fmt.Errorf("listen for the tests' wishes: %w", err)
	}
	if err := errors.Join(os.Chmod(path, 0o600), os.Chown(path, b.uid, b.gid)); err != nil {
		return err
	}
	server := &http.Server{Handler: mux, ReadHeaderTimeout: time.Minute}
	go func() { _ = server.Serve(l) }()
	b.later(func() error { return errors.Join(server.Close(), ways.end(), c.end()) })
	b.env["WHARF_TEST_CONTROL"] = path
	return nil
}

func (c *control) add(w http.ResponseWriter, r *http.Request) {
	disk := r.FormValue("disk")
	if !diskPattern.MatchString(disk) {
		http.Error(w, "disk: expected megabytes, as 48m", http.StatusBadRequest)
		return
	}
	c.mu.Lock()
	index, err := c.freeIndex()
	name := fmt.Sprintf("own%d", c.made)
	c.made++
	var m controlled
	if err == nil {
		m, err = c.create(name, index, disk)
	}
	if err == nil {
		c.machines[name] = indexed{m, index}
	}
	c.mu.Unlock()
	if err == nil {
		err = m.start(r.Context())
	}
	if err == nil {
		err = m.api().importImage(r.Context(), c.image)
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	_ = json.NewEncoder(w).Encode(map[string]string{"Name": name, "Addr": m.api().addr})
}

// indexed is an engine with the index of its addresses.
type indexed struct {
	controlled
	index int
}

func (c *control) freeIndex() (int, error) {
	var taken []int
	for _, m := range c.machines {
		taken = append(taken, m.(indexed).index)
	}
	for i := firstOwn; i < maxEngines; i++ {
		if !slices.Contains(taken, i) {
			return i, nil
		}
	}
	return 0, fmt.Errorf("%d engines of their own are all a bed has for tests", maxEngines-firstOwn)
}

func (c *control) find(r *http.Request) (controlled, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	m, ok := c.machines[r.PathValue("name")]
	return m, ok
}

// change starts or stops an engine. Only the test that owns the engine calls it.
func (c *control) change(w http.ResponseWriter, r *http.Request) {
	m, ok := c.find(r)
	if !ok {
		http.NotFound(w, r)
		return
	}
	switch r.PathValue("verb") {
	case "stop":
		m.halt(false)
	case "kill":
		m.halt(true)
	case "start":
		if err := m.start(r.Context()); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
		}
	default:
		http.NotFound(w, r)
	}
}

func (c *control) remove(w http.ResponseWriter, r *http.Request) {
	m, ok := c.find(r)
	if !ok {
		http.NotFound(w, r)
		return
	}
	err := m.end()
	c.mu.Lock()
	delete(c.machines, r.PathValue("name"))
	c.mu.Unlock()
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
	}
}

func (c *control) end() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	var errs []error
	for _, m := range c.machines {
		errs = append(errs, m.end())
	}
	return errors.Join(errs...)
}
