package token

import (
	"sync"
	"time"
)

// rememberMax bounds the tokens that are remembered, about 4 MB.
const rememberMax = 4096

// Remember makes a Maker that checks the signature of each token once. It only remembers
// that a token is genuine: its time is judged anew at each call, and whether its session
// lives is not a token's to say.
func Remember(m Maker) Maker {
	return &remembering{Maker: m, genuine: map[remembered]Payload{}}
}

type remembered struct {
	token string
	kind  Kind
}

type remembering struct {
	Maker
	mu      sync.RWMutex
	genuine map[remembered]Payload
}

func (r *remembering) Verify(token string, want Kind) (Payload, error) {
	key := remembered{token, want}
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

func (r *remembering) verify(key remembered) (Payload, error) {
	p, err := r.Maker.Verify(key.token, key.kind)
	if err != nil {
		return Payload{}, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.genuine) >= rememberMax {
		clear(r.genuine)
	}
	r.genuine[key] = p
	return p, nil
}
