// Package password hashes passwords with argon2id. It bounds how many hashes are computed concurrently, by default to the number
// of cores, so that logins can't starve other work.
package password

import (
	"context"
	"fmt"
	"runtime"

	"github.com/alexedwards/argon2id"
)

// params are OWASP's recommendation for argon2id: 19 MiB, two passes, one lane. Each hash contains its parameters.
var params = argon2id.Params{Memory: 19 * 1024, Iterations: 2, Parallelism: 1, SaltLength: 16, KeyLength: 32}

// dummy is the format of a hash, without its parameters, that is checked if there is no user.
const dummy = "$argon2id$v=19$m=%d,t=%d,p=1$igIJMgpCVg6upVWOqSjvUg$+m9dxGrnsVNfbKT8wZnTDEa/z6u1ZH2wQimvnvu44zE"

// Options are the settings of New. The zero value of a field is its default.
type Options struct {
	// Workers is how many hashes are computed concurrently. Default: the number of cores.
	Workers int
	// Queue is how many callers of each class may wait. Default: eight times Workers.
	Queue int
}

// Hasher computes and checks hashes of passwords. It is safe for concurrent use.
type Hasher struct {
	queue  *queue
	class  Class
	params argon2id.Params
}

// New returns a Hasher for callers of the class Normal.
func New(o Options) *Hasher {
	if o.Workers <= 0 {
		o.Workers = runtime.GOMAXPROCS(0)
	}
	if o.Queue <= 0 {
		o.Queue = 8 * o.Workers
	}
	return &Hasher{queue: &queue{room: o.Queue, idle: o.Workers}, class: Normal, params: params}
}

// Cheap returns a Hasher for tests with many logins: its hashes take microseconds and are insecure.
func Cheap() *Hasher {
	h := New(Options{Queue: 1000})
	h.params.Memory, h.params.Iterations = 8, 1
	return h
}

// At returns a Hasher for callers of a class, which shares h's workers.
func (h *Hasher) At(class Class) *Hasher {
	return &Hasher{queue: h.queue, class: class, params: h.params}
}

// Hash returns a password's hash, with its parameters and salt. Errors: TooMany if the queue is full, ctx's.
func (h *Hasher) Hash(ctx context.Context, password string) (hash string, err error) {
	err = h.work(ctx, func() error {
		hash, err = argon2id.CreateHash(password, &h.params)
		return err
	})
	return hash, err
}

// Check reports whether the hash matches the password, and whether it has other parameters than h's. An empty hash, for an
// unknown user, matches nothing but takes as long. Errors: TooMany if the queue is full, ctx's.
func (h *Hasher) Check(ctx context.Context, password, hash string) (match, outdated bool, err error) {
	unknown := hash == ""
	err = h.work(ctx, func() error {
		if unknown {
			hash = h.dummy()
		}
		var used *argon2id.Params
		match, used, err = argon2id.CheckHash(password, hash)
		if err != nil {
			return fmt.Errorf("check password: %w", err)
		}
		outdated = *used != h.params
		return nil
	})
	if err != nil || unknown {
		return false, false, err
	}
	return match, outdated, nil
}

// dummy returns a hash whose check takes as long as that of any other.
func (h *Hasher) dummy() string { return fmt.Sprintf(dummy, h.params.Memory, h.params.Iterations) }

func (h *Hasher) work(ctx context.Context, fn func() error) error {
	if err := h.queue.acquire(ctx, h.class); err != nil {
		return err
	}
	defer h.queue.release()
	return fn()
}
