package dockerx

import (
	"context"
	"fmt"
	"reflect"
	"regexp"

	"wharf/util/apperr"
)

// Params are what an operation asks for besides its container: one type for each kind of operation, as its row says.
type Params interface {
	// check refuses values that make no sense, before any engine hears of them. Its errors are apperr.Invalid and
	// name the parameter as the API does.
	check() error
}

// engineCall is the engine call of a row, and the type of the parameters that it takes.
type engineCall struct {
	params Params // without values
	do     func(ctx context.Context, e changes, id string, p Params) error
}

// taking makes the engine call of a row from a function of its own type of parameters.
func taking[P Params](call func(ctx context.Context, e changes, id string, p P) error) engineCall {
	var params P
	return engineCall{params, func(ctx context.Context, e changes, id string, p Params) error {
		return call(ctx, e, id, p.(P)) //nolint:forcetypeassert // checked by of
	}}
}

// of returns the parameters of an Operation, those without values for nil. Another operation's are a mistake of the
// program.
func (c engineCall) of(o Operation) (Params, error) {
	if o.Params == nil {
		return c.params, c.params.check()
	}
	if reflect.TypeOf(o.Params) != reflect.TypeOf(c.params) {
		return nil, fmt.Errorf("operation %s takes %T, got %T", o.Name, c.params, o.Params)
	}
	return o.Params, o.Params.check()
}

// None are the parameters of an operation that has none.
type None struct{}

func (None) check() error { return nil }

// Stop are the parameters of stop and restart.
type Stop struct {
	Timeout *int   // seconds before it is killed; nil: the container's own, negative: no end
	Signal  string // "" is Docker's choice; "TERM", "SIGHUP", "9"
}

func (p Stop) check() error { return checkSignal(p.Signal) }

// Kill are the parameters of kill.
type Kill struct {
	Signal string // "" is KILL; "TERM", "SIGHUP", "9"
}

func (p Kill) check() error { return checkSignal(p.Signal) }

// Rename are the parameters of rename.
type Rename struct {
	Name string // without '/'
}

// namePattern is Docker's for new names, which are at least two characters long.
var namePattern = regexp.MustCompile(`^[a-zA-Z0-9][a-zA-Z0-9_.-]{1,254}$`)

// check also refuses what looks like an id: engines look for names first, so that the container with that id could no
// longer be reached by it.
func (p Rename) check() error {
	switch {
	case !namePattern.MatchString(p.Name):
		return apperr.New(apperr.Invalid, "name: expected 2 to 255 letters, digits, '_', '.' or '-', beginning with a letter or digit")
	case Ref{p.Name}.looksLikeID():
		return apperr.New(apperr.Invalid, "name: looks like the id of a container")
	}
	return nil
}

var signalPattern = regexp.MustCompile(`^(SIG)?([A-Z][A-Z0-9]{1,9}([+-][0-9]{1,2})?|[1-9][0-9]?)$`)

func checkSignal(signal string) error {
	if signal != "" && !signalPattern.MatchString(signal) {
		return apperr.New(apperr.Invalid, "signal: expected a name such as TERM or SIGHUP, or a number")
	}
	return nil
}
