package images

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"sync"
	"time"
)

// maxConfig is the maximum size of the credentials file in bytes.
const maxConfig = 1 << 20

// Credentials are wharf's credentials for registries. They come from a file in the format of Docker's config.json, which is
// read again when it changes. Only auths is used; credential helpers (credsStore, credHelpers) aren't run. It is safe for
// concurrent use; a nil *Credentials is empty.
type Credentials struct {
	path string

	mu     sync.Mutex
	read   time.Time // the file's modification time when it was read
	size   int64
	config configFile
}

// configFile has the fields in use of config.json.
type configFile struct {
	Auths       map[string]authEntry `json:"auths"`
	CredHelpers map[string]string    `json:"credHelpers"`
	CredsStore  string               `json:"credsStore"`
}

type authEntry struct {
	Auth          string `json:"auth"` // base64 of user:password
	Username      string `json:"username"`
	Password      string `json:"password"`
	IdentityToken string `json:"identitytoken"`
	RegistryToken string `json:"registrytoken"`
}

// Auth is the credentials to send to an engine for one registry. The zero value is none.
type Auth struct {
	// Header is the value of X-Registry-Auth.
	Header  string
	secrets []string
}

// OpenCredentials returns the credentials in a file, or nil if path is "". It reads the file, so that an invalid one is found
// at the start. Its errors don't contain the file's content.
func OpenCredentials(path string) (*Credentials, error) {
	if path == "" {
		return nil, nil //nolint:nilnil // nil holds nothing, as documented
	}
	c := &Credentials{path: path}
	_, err := c.load()
	return c, err
}

// Unread returns the registries whose credentials the file leaves to credential helpers, which wharf doesn't run; "*" means
// all registries without an entry.
func (c *Credentials) Unread() []string {
	var names []string
	if c == nil {
		return nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for name := range c.config.CredHelpers {
		names = append(names, name)
	}
	if c.config.CredsStore != "" {
		names = append(names, "*")
	}
	return names
}

// For returns the credentials for a registry, named as by Ref.Registry; the zero Auth if there are none. It returns an error if
// the file is missing or invalid: without credentials, a pull would fail as if the image didn't exist.
func (c *Credentials) For(registry string) (Auth, error) {
	if c == nil {
		return Auth{}, nil
	}
	config, err := c.load()
	if err != nil {
		return Auth{}, err
	}
	for name, entry := range config.Auths {
		if registryOf(name) == registry {
			return entry.auth(registry)
		}
	}
	return Auth{}, nil
}

// leftOut reports whether the file leaves the credentials of a registry to a credential helper.
func (c *Credentials) leftOut(registry string) bool {
	for _, name := range c.Unread() {
		if name == "*" || registryOf(name) == registry {
			return true
		}
	}
	return false
}

func (c *Credentials) load() (configFile, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	info, err := os.Stat(c.path)
	switch {
	case err != nil:
		return configFile{}, unreadable(err)
	case info.Size() > maxConfig:
		return configFile{}, fmt.Errorf("has more than %d bytes", maxConfig)
	case info.ModTime().Equal(c.read) && info.Size() == c.size:
		return c.config, nil
	}
	content, err := os.ReadFile(c.path)
	if err != nil {
		return configFile{}, unreadable(err)
	}
	var config configFile
	if json.Unmarshal(content, &config) != nil {
		return configFile{}, errors.New("is not in the format of docker's config.json")
	}
	for name, entry := range config.Auths {
		if _, err := entry.auth(registryOf(name)); err != nil {
			return configFile{}, fmt.Errorf("entry %q: %w", name, err)
		}
	}
	c.config, c.read, c.size = config, info.ModTime(), info.Size()
	return config, nil
}

// unreadable returns the error for a file that can't be read, without its path: API callers may see the text.
func unreadable(err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		err = p.Err
	}
	return fmt.Errorf("can't be read: %w", err)
}

// registryOf returns the registry of a key of auths. The key is a host, or, in old files, an address such as
// "https://index.docker.io/v1/", which is Docker Hub's.
func registryOf(key string) string {
	_, rest, found := strings.Cut(key, "://")
	if !found {
		rest = key
	}
	host, _, _ := strings.Cut(rest, "/")
	switch host {
	case "index.docker.io", "registry-1.docker.io":
		return "docker.io"
	}
	return host
}

func (e authEntry) auth(registry string) (Auth, error) {
	user, password := e.Username, e.Password
	if e.Auth != "" {
		plain, err := base64.StdEncoding.DecodeString(e.Auth)
		if err != nil {
			return Auth{}, errors.New("auth is not in base64")
		}
		var found bool
		if user, password, found = strings.Cut(strings.TrimRight(string(plain), "\x00"), ":"); !found {
			return Auth{}, errors.New("auth is not user:password in base64")
		}
	}
	if user == "" && password == "" && e.IdentityToken == "" && e.RegistryToken == "" {
		return Auth{}, nil
	}
	header, err := json.Marshal(map[string]string{
		"username": user, "password": password, "identitytoken": e.IdentityToken, "registrytoken": e.RegistryToken,
		"serveraddress": registry,
	})
	if err != nil {
		return Auth{}, fmt.Errorf("encode: %w", err)
	}
	a := Auth{Header: base64.URLEncoding.EncodeToString(header)}
	for _, secret := range []string{
		password, e.IdentityToken, e.RegistryToken, a.Header, e.Auth, base64.StdEncoding.EncodeToString([]byte(user + ":" + password)),
	} {
		if secret != "" {
			a.secrets = append(a.secrets, secret)
		}
	}
	return a, nil
}

// redact removes the credentials from a message of an engine or a registry, which may repeat what it was sent.
func (a Auth) redact(words string) string {
	for _, secret := range a.secrets {
		words = strings.ReplaceAll(words, secret, "***")
	}
	return words
}
