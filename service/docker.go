package service

import (
	"context"
	"errors"

	"wharf/dockerx"
	"wharf/util/apperr"
)

// DenyFor is Deny with a message that says what is missing.
func (s *Hosts) DenyFor(ctx context.Context, actor Actor, in Intent, format string, args ...any) error {
	err := apperr.New(apperr.Forbidden, format, args...)
	return errors.Join(err, s.audit.RecordDone(ctx, actor, in, err))
}

// APIVersion returns the version of Docker's API in use with the host's engine, as "1.41".
func (h *Host) APIVersion(ctx context.Context) (string, error) { return h.host.APIVersion(ctx) }

// EngineVersion asks the host's engine for its build.
func (h *Host) EngineVersion(ctx context.Context) (dockerx.EngineVersion, error) {
	return h.host.EngineVersion(ctx)
}
