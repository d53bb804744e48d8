package token

import (
	"sync"
	"time"
)

// cachedMax bounds the number of cached tokens, which take about 4 MB.
const cachedMax = 4096

// Cached returns a Maker that verifies the signature of each token only once. It checks the expiry at each call. As with
// every Maker, the caller must check whether the token's session still exists.
func Cached(m Maker) Maker {
	return &cachedMaker{Maker: m, genuine: map[cacheKey]Payload{}}
}

type cacheKey struct {
	token string
	kind  Kind
}

type cachedMaker struct {
	Maker
	mu      sync.RWMutex
	genuine map[cacheKey]Payload
}

func (r *cachedMaker) Verify(token string, want Kind) (Payload, error) {
	key := cacheKey{token, want}
	r.mu.RLock()
	p, ok := r.genuine[key]
	r.mu.RUnlock()
	if !ok {
		return r.verify(key)
	}
	if time.Now().After(p.ExpiresAt.Add(leeway)) {
		r.mu.Lock()
		defer r.mu.Unlock()
		delete(r.genuine, key)
		return Payload{}, ErrExpired
	}
	return p, nil
}

func (r *cachedMaker) verify(key cacheKey) (Payload, error) {
	p, err := r.Maker.Verify(key.token, key.kind)
	if err != nil {
		return Payload{}, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.genuine) >= cachedMax {
		clear(r.genuine)
	}
	r.genuine[key] = p
	return p, nil
}
