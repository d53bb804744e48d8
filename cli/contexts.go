package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"

	"wharf/client"
)

// contexts is the content of the file that login writes: servers by context name.
type contexts struct {
	Current  string           `json:"current"`
	Contexts map[string]place `json:"contexts"`

	path string
}

// place is a server, with the user's key for it.
type place struct {
	URL      string `json:"url"`
	Username string `json:"username"`
	KeyID    string `json:"key_id"`
	Key      string `json:"key"`
}

// loadContexts reads the file, or returns no contexts if it is missing. It refuses a file that other users can read, since it
// holds keys.
func loadContexts() (*contexts, error) {
	dir, err := os.UserConfigDir()
	if err != nil {
		return nil, fmt.Errorf("find your config directory: %w", err)
	}
	c := &contexts{Contexts: map[string]place{}, path: filepath.Join(dir, "wharf", "contexts.json")}
	f, err := os.Open(c.path)
	if errors.Is(err, fs.ErrNotExist) {
		return c, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if mode := info.Mode().Perm(); mode&0o077 != 0 && runtime.GOOS != "windows" {
		return nil, fmt.Errorf("%s has keys in it, and others may read it (mode %04o): chmod 600 it", c.path, mode)
	}
	if err := json.NewDecoder(f).Decode(c); err != nil {
		return nil, fmt.Errorf("%s: %w: remove it and log in again", c.path, err)
	}
	if c.Contexts == nil {
		c.Contexts = map[string]place{}
	}
	return c, nil
}

// save replaces the file atomically. Only its user may read it.
func (c *contexts) save() error {
	dir := filepath.Dir(c.path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	raw, err := json.MarshalIndent(c, "", "  ")
	if err != nil {
		return err
	}
	f, err := os.CreateTemp(dir, ".contexts-*") // mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) // after the rename there is nothing to remove
	_, err = f.Write(append(raw, '\n'))
	if err := errors.Join(err, f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), c.path)
}

func (c *contexts) names() []string { return slices.Sorted(maps.Keys(c.Contexts)) }

// connection is a client of the server that a command uses.
type connection struct {
	*client.Client
	url string
}

// connect returns a client for WHARF_URL and WHARF_TOKEN, or for a context. A context's key is sent only to its own server:
// never to WHARF_URL.
func (a *app) connect() (*connection, error) {
	address, token := a.env("WHARF_URL"), a.env("WHARF_TOKEN")
	if a.context != "" {
		address = ""
	}
	if address == "" {
		p, err := a.place()
		if err != nil {
			return nil, err
		}
		address = p.URL
		if token == "" || a.context != "" {
			token = p.Key
		}
	}
	address, err := serverURL(address)
	if err != nil {
		return nil, exit(exitUsage, "WHARF_URL: %v", err)
	}
	return &connection{Client: client.New(address, client.Options{Token: token}), url: address}, nil
}

// place returns the context of --context or WHARF_CONTEXT, otherwise the current one.
func (a *app) place() (place, error) {
	c, err := loadContexts()
	if err != nil {
		return place{}, err
	}
	name := a.context
	if name == "" {
		name = a.env("WHARF_CONTEXT")
	}
	if name == "" {
		name = c.Current
	}
	p, ok := c.Contexts[name]
	switch {
	case ok:
		return p, nil
	case name == "":
		return place{}, exit(exitLogin, "not logged in: wharf login URL, or set WHARF_URL and WHARF_TOKEN")
	default:
		return place{}, exit(exitUsage, "no context %q: wharf context lists them", name)
	}
}
