package dockerapi

import (
	"context"
	"errors"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"wharf/dockerx"
	"wharf/service"
)

// copyBytes is what is kept of a body on its way.
const copyBytes = 64 << 10

// passOn is the raw tier: it passes a call on to the engine, and the engine's answer to the client. Of both sides' headers
// only those go over that the API has; bodies and connections go over as they come.
func (a *API) passOn(w http.ResponseWriter, r *http.Request, actor service.Actor, c Call) error {
	switch {
	case strings.Contains(strings.ToLower(r.URL.EscapedPath()), "%2f"): // which an engine takes for a slash, or doesn't
		return errNoPage
	case c.Version != "" && older(c.Version, minVersion):
		return errTooOld(c.Version)
	}
	engine, err := a.Hosts.OpenEngine(r.Context(), actor, c.Host)
	if err != nil {
		return err
	}
	ctx, cancel, leave, err := a.calls.enter(r.Context(), actor.UserID.String())
	if err != nil {
		return err
	}
	defer leave()
	defer a.Stream(actor).OnEnd(func() { cancel(errSessionEnded) })()
	p := &passage{w: w, r: r, control: http.NewResponseController(w), stall: a.Stall}
	defer func() { p.body.close() }()
	return engine.Raw(ctx, p.call(c), c.params["id"], func(answer dockerx.RawAnswer) error { return p.answer(ctx, answer) })
}

// passage is one call on its way through.
type passage struct {
	w       http.ResponseWriter
	r       *http.Request
	control *http.ResponseController
	stall   time.Duration
	body    *upload // nil: none
}

// requestHeaders are what an engine gets of a client's headers: none that authenticates the client to wharf.
var requestHeaders = []string{
	"Accept", "Content-Type", "Content-Encoding", "X-Registry-Auth", "X-Registry-Config",
	"Sec-Websocket-Key", "Sec-Websocket-Version", "Sec-Websocket-Protocol", "Sec-Websocket-Extensions",
}

// answerHeaders are what a client gets of an engine's headers: none that means something to wharf's own pages.
var answerHeaders = []string{
	"Content-Type", "Content-Encoding", "Content-Disposition", "Api-Version", "Builder-Version", "Docker-Experimental", "Ostype",
	"Server", "Swarm", "Warning", "Libpod-Api-Version", "Libpod-Buildah-Version",
	"Sec-Websocket-Accept", "Sec-Websocket-Protocol", "Sec-Websocket-Extensions",
}

// pick copies the headers that may go over; Docker's own begin with X-Docker-.
func pick(from http.Header, names []string) http.Header {
	picked := http.Header{}
	for name, values := range from {
		if slices.Contains(names, name) || strings.HasPrefix(name, "X-Docker-") {
			picked[name] = values
		}
	}
	return picked
}

// call makes the engine's call of the client's.
func (p *passage) call(c Call) dockerx.RawCall {
	path := c.Path
	if c.Version != "" {
		path = "/v" + c.Version + path
	}
	call := dockerx.RawCall{Method: p.r.Method, Path: path, Query: p.r.URL.Query(), Header: pick(p.r.Header, requestHeaders)}
	if protocol := upgradeOf(p.r.Header); protocol != "" {
		call.Header.Set("Connection", "Upgrade")
		call.Header.Set("Upgrade", protocol)
	}
	if p.r.Body != nil && p.r.Body != http.NoBody {
		p.body = &upload{from: p.r.Body, control: p.control}
		call.Body, call.Length = p.body, max(p.r.ContentLength, 0)
	}
	return call
}

// upgradeOf returns the protocol that a header asks to change to, "" for none.
func upgradeOf(h http.Header) string {
	for _, value := range h.Values("Connection") {
		for token := range strings.SplitSeq(value, ",") {
			if strings.EqualFold(strings.TrimSpace(token), "upgrade") {
				return h.Get("Upgrade")
			}
		}
	}
	return ""
}

// answer passes an answer on.
func (p *passage) answer(ctx context.Context, answer dockerx.RawAnswer) error {
	if answer.Status == http.StatusSwitchingProtocols {
		return p.takeOver(ctx, answer)
	}
	if p.r.ProtoMajor == 1 { // engines answer while they read: a build, an image's upload
		_ = p.control.EnableFullDuplex()
	}
	h := p.w.Header()
	for name, values := range pick(answer.Header, answerHeaders) {
		h[name] = values
	}
	if answer.Length >= 0 && answer.Status != http.StatusNoContent && answer.Status != http.StatusNotModified {
		h.Set("Content-Length", strconv.FormatInt(answer.Length, 10))
	}
	p.w.WriteHeader(answer.Status)
	if err := p.copyBody(answer.Body); err != nil { // an answer that isn't whole must not look so
		_ = p.control.SetWriteDeadline(time.Unix(1, 0))
	}
	return nil
}

// copyBody passes a body on as it comes.
func (p *passage) copyBody(from io.Reader) error {
	if p.r.Method == http.MethodHead {
		return nil
	}
	if err := p.control.Flush(); err != nil { // the header, of an answer that has nothing more for hours
		return err
	}
	buf := make([]byte, copyBytes)
	for {
		n, err := from.Read(buf)
		if n > 0 {
			if _, err := p.w.Write(buf[:n]); err != nil {
				return err
			}
			if err := p.control.Flush(); err != nil {
				return err
			}
		}
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		}
	}
}
