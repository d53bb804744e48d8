package main

import (
	"context"
	"fmt"
	"io"
	"net"
)

// announceSetup logs how to create the first user, with the setup token, if there is no user yet. With hints it also prints
// commands to copy to out.
func (w *wharf) announceSetup(ctx context.Context, out io.Writer, hints bool) error {
	first, err := w.users.NeedsSetup(ctx)
	if err != nil {
		return fmt.Errorf("look for users: %w", err)
	}
	if first {
		says := "no user yet: create the first one, an admin, by POST /user with this value as X-Setup-Token"
		if w.cfg.Unproxied() {
			says += ", or without it straight from this machine"
		}
		token, err := w.users.SetupToken(ctx)
		if err != nil {
			return err
		}
		w.setup = token
		w.log.Warn().Str("setup_token", token).Msg(says)
	}
	if !hints {
		return nil
	}
	_, err = fmt.Fprint(out, w.hints(first))
	return err
}

// hints returns the commands that lead a new user from an empty database to a list of containers.
func (w *wharf) hints(first bool) string {
	scheme := "http"
	if w.cfg.TLSCertFile != "" {
		scheme = "https"
	}
	url := scheme + "://" + reachable(w.cfg.ListenAddr)
	host := w.fleet.Hosts()[0].Name()
	setup := ""
	if !w.cfg.Unproxied() {
		setup = fmt.Sprintf(" -H 'X-Setup-Token: %s'", w.setup)
	}
	create := fmt.Sprintf(`
Create the first user, who becomes admin:
  curl -X POST %s/user -H 'Content-Type: application/json'%s -d '{"username":"gildong","password":"123123","full_name":"YunGilDong","email":"gildong@email.com"}'
`, url, setup)
	if !first {
		create = "\nThere are users already (wharf user list); use one of theirs below.\n"
	}
	return fmt.Sprintf(`
wharf listens on %s
%s
Log in and keep the access token:
  TOKEN=$(curl -s -X POST %s/login -H 'Content-Type: application/json' -d '{"username":"gildong","password":"123123"}' | sed 's/.*"access_token":"\([^"]*\)".*/\1/')

List the containers of host %q:
  curl -H "Authorization: Bearer $TOKEN" %s/ps2/%s

Ctrl-C ends wharf.
`, url, create, url, host, url, host)
}

// reachable returns an address that a browser or curl on this machine can open.
func reachable(listen string) string {
	host, port, err := net.SplitHostPort(listen)
	if err != nil {
		return listen
	}
	if ip := net.ParseIP(host); host == "" || (ip != nil && ip.IsUnspecified()) {
		host = "127.0.0.1"
	}
	return net.JoinHostPort(host, port)
}
