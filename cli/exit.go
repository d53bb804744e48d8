package cli

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"

	"github.com/spf13/cobra"

	"wharf/client"
)

// Exit codes; ExitCodes explains them.
const (
	exitFailed      = 1
	exitUsage       = 2
	exitLogin       = 3
	exitForbidden   = 4
	exitNotFound    = 5
	exitUnavailable = 6
	exitPartly      = 7
	exitNotReached  = 8
	exitExec        = 125
	exitInterrupted = 130
)

// ExitCodes explains each exit code, in order.
var ExitCodes = []struct {
	Code    int
	Meaning string
}{
	{0, "success; `exec` and `docker` return the exit code of their command"},
	{exitFailed, "failed: the message says why"},
	{exitUsage, "invalid command line"},
	{exitLogin, "not logged in, or the key is no longer valid"},
	{exitForbidden, "not allowed"},
	{exitNotFound, "no such host or container, or several containers with that name"},
	{exitUnavailable, "the server can't be reached or is unavailable: try again later"},
	{exitPartly, "partly done: some containers failed, or some hosts didn't answer"},
	{exitNotReached, "done, but the state given by `--wait` wasn't reached in time"},
	{exitExec, "`exec`, `docker`: the command wasn't run; `exec`: or its terminal was closed"},
	{exitInterrupted, "interrupted by Ctrl-C"},
}

// exitError is an error with its exit code.
type exitError struct {
	code   int
	err    error
	silent bool // everything was printed already
}

// Error implements error.
func (e *exitError) Error() string { return e.err.Error() }

// Unwrap returns the error that the exit code belongs to.
func (e *exitError) Unwrap() error { return e.err }

func exit(code int, format string, args ...any) error {
	return &exitError{code: code, err: fmt.Errorf(format, args...)}
}

// silently returns an error that ends the process with a code and prints nothing.
func silently(code int) error {
	if code == 0 {
		return nil
	}
	return &exitError{code: code, err: fmt.Errorf("exit code %d", code), silent: true}
}

// usage returns the error of a wrong command line.
func usage(c *cobra.Command, format string, args ...any) error {
	return exit(exitUsage, "%s: see %s --help", fmt.Sprintf(format, args...), c.CommandPath())
}

// codeOf returns the exit code of an error.
func codeOf(err error) int {
	failure, status := (*client.Error)(nil), (*exitError)(nil)
	switch {
	case err == nil:
		return 0
	case errors.As(err, &status):
		return status.code
	case errors.Is(err, context.Canceled):
		return exitInterrupted
	case errors.As(err, &failure):
		return codeOfStatus(failure.Status)
	case unreachable(err):
		return exitUnavailable
	default:
		return exitFailed
	}
}

func codeOfStatus(status int) int {
	switch status {
	case http.StatusUnauthorized:
		return exitLogin
	case http.StatusForbidden:
		return exitForbidden
	case http.StatusNotFound:
		return exitNotFound
	case http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable:
		return exitUnavailable
	default:
		return exitFailed
	}
}

// unreachable reports whether the request got no response.
func unreachable(err error) bool {
	inURL, inNet := (*url.Error)(nil), net.Error(nil)
	return errors.As(err, &inURL) || errors.As(err, &inNet)
}

// explain describes an error, and what the user can do about it.
func explain(err error) string {
	failure, inURL := (*client.Error)(nil), (*url.Error)(nil)
	switch {
	case errors.Is(err, context.Canceled):
		return "interrupted"
	case errors.As(err, &failure):
		return explainStatus(failure)
	case errors.As(err, &inURL):
		return fmt.Sprintf("can't reach the server (%v): is the address right? wharf context shows it", inURL.Err)
	default:
		return err.Error()
	}
}

func explainStatus(e *client.Error) string {
	message := e.Message
	if message == "" {
		message = fmt.Sprintf("%d %s: is that a wharf server? wharf context shows its address", e.Status, http.StatusText(e.Status))
	}
	switch {
	case e.Status == http.StatusUnauthorized:
		return message + ": log in with wharf login URL"
	case e.Status == http.StatusForbidden && message == "not allowed": // other messages of 403 name what is missing
		return message + ": an admin may give you a role or a grant"
	case e.Status >= http.StatusInternalServerError:
		return fmt.Sprintf("%s (request %s)", message, e.RequestID)
	default:
		return message
	}
}
