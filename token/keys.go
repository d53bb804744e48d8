package token

import (
	"crypto/hkdf"
	"crypto/sha256"
	"errors"
	"fmt"
	"regexp"
	"strings"
)

// keyLength is the least number of bytes of a configured key, and the length of derived ones.
const keyLength = 32

// Keys are the secrets that tokens are made with: the first signs, all are accepted. The
// zero value has none and is of no use.
type Keys struct{ list []key }

type key struct {
	id     string
	secret []byte
}

var keyID = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$`)

// ParseKeys reads "id:key,id:key". Its errors name the id that is wrong, never the key.
// Errors: no key, a bad or repeated id, a key that is short, monotonous or well known.
func ParseKeys(setting string) (Keys, error) {
	var keys Keys
	seen := map[string]bool{}
	for i, part := range strings.Split(setting, ",") {
		id, secret, found := strings.Cut(strings.TrimSpace(part), ":")
		// What stands before the colon may be a key whose id was forgotten.
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

// wellKnown are pieces of keys from tutorials, samples and documentation.
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

// periodic reports whether s is a shorter text said again and again.
func periodic(s string) bool {
	return strings.Contains((s + s)[1:2*len(s)-1], s) || strings.HasPrefix(s, s[len(s)/2:])
}

// derived returns, in order, what each key becomes for one format and kind of token: a token
// of one kind can't be verified as another even by mistake.
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

// ring is the derived keys of one format by kind.
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

// signing returns the key that signs, and the id that the token must carry: none while
// there is only one key.
func (r ring) signing(kind Kind) (k key, id string) {
	k = r[kind][0]
	if len(r[kind]) > 1 {
		id = k.id
	}
	return k, id
}

// candidates returns the keys that a token with this id may have been made with: the one of
// that name, or any for a token from when there was only one. An unknown id has none.
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
