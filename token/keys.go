package token

import (
	"crypto/hkdf"
	"crypto/sha256"
	"errors"
	"fmt"
	"regexp"
	"strings"
)

// keyLength is the minimum length of a configured key, and the length of derived keys, in bytes.
const keyLength = 32

// Keys are the secrets of tokens: the first signs, and all verify. The zero value has no key, and no Maker accepts it.
type Keys struct{ list []key }

type key struct {
	id     string
	secret []byte
}

var keyID = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$`)

// ParseKeys parses "id:key,id:key". Errors: no key, a malformed or duplicate id, a key that is too short, periodic or well
// known. The errors name the id, never the key.
func ParseKeys(setting string) (Keys, error) {
	var keys Keys
	seen := map[string]bool{}
	for i, part := range strings.Split(setting, ",") {
		id, secret, found := strings.Cut(strings.TrimSpace(part), ":")
		// The message doesn't repeat the text before the colon: it may be a key without an id.
		if !found || !keyID.MatchString(id) || len(id) >= keyLength {
			return Keys{}, fmt.Errorf("token key %d: must have the form id:key", i+1)
		}
		if seen[id] {
			return Keys{}, fmt.Errorf("token key %q: the id occurs twice", id)
		}
		seen[id] = true
		if err := checkSecret(secret); err != nil {
			return Keys{}, fmt.Errorf("token key %q: %w", id, err)
		}
		keys.list = append(keys.list, key{id: id, secret: []byte(secret)})
	}
	return keys, nil
}

// wellKnown has parts of keys from tutorials, samples and documentation.
var wellKnown = []string{
	"1234567890123456", "0123456789abcdef0123", "abcdefghijklmnopqrst", "qwertyuiop", "changeme", "change-me",
	"change_me", "change-this", "replace-me", "your-256-bit-secret", "your-secret", "supersecret", "super-secret",
	"secret-key", "secretkey", "secret_key", "mysecret", "password", "example", "default-key", "insecure", "deadbeefdeadbeef",
}

func checkSecret(s string) error {
	if len(s) < keyLength {
		return fmt.Errorf("shorter than %d bytes", keyLength)
	}
	distinct := map[byte]bool{}
	for i := range len(s) {
		distinct[s[i]] = true
	}
	if len(distinct) < 10 || periodic(s) {
		return errors.New("too monotonous, take a random one (openssl rand -base64 32)")
	}
	lower := strings.ToLower(s)
	for _, known := range wellKnown {
		if strings.Contains(lower, known) {
			return errors.New("well known or guessable, take a random one (openssl rand -base64 32)")
		}
	}
	return nil
}

// periodic reports whether s repeats a shorter text.
func periodic(s string) bool {
	return strings.Contains((s + s)[1:2*len(s)-1], s) || strings.HasPrefix(s, s[len(s)/2:])
}

// Secret returns a secret for a purpose other than tokens, derived from the signing key; nil if there is no key.
func (k Keys) Secret(purpose string) []byte {
	if len(k.list) == 0 {
		return nil
	}
	secret, err := hkdf.Key(sha256.New, k.list[0].secret, nil, "wharf/secret/"+purpose, keyLength)
	if err != nil {
		return nil // the length is fixed: it can't happen
	}
	return secret
}

// derived returns the keys derived for one format and kind of token, in order. Because the keys differ, no token of one kind
// can be verified as another.
func (k Keys) derived(format string, kind Kind) ([]key, error) {
	if len(k.list) == 0 {
		return nil, errors.New("token: no keys")
	}
	out := make([]key, len(k.list))
	for i, source := range k.list {
		secret, err := hkdf.Key(sha256.New, source.secret, nil, "wharf/"+format+"/"+string(kind), keyLength)
		if err != nil {
			return nil, fmt.Errorf("token: derive key: %w", err)
		}
		out[i] = key{id: source.id, secret: secret}
	}
	return out, nil
}

// ring has the derived keys of one format, by kind.
type ring map[Kind][]key

func newRing(keys Keys, format string) (ring, error) {
	r := ring{}
	for _, kind := range kinds {
		derived, err := keys.derived(format, kind)
		if err != nil {
			return nil, err
		}
		r[kind] = derived
	}
	return r, nil
}

// signing returns the signing key, and the id for the token: empty if there is only one key.
func (r ring) signing(kind Kind) (k key, id string) {
	k = r[kind][0]
	if len(r[kind]) > 1 {
		id = k.id
	}
	return k, id
}

// candidates returns the keys that may have signed a token with this id: the key with the id; or for an empty id all keys, as
// the token may have been issued when there was only one; or none for an unknown id.
func (r ring) candidates(kind Kind, id string) []key {
	if id == "" {
		return r[kind]
	}
	for _, k := range r[kind] {
		if k.id == id {
			return []key{k}
		}
	}
	return nil
}
