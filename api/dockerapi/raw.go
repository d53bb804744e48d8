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

// copyBytes is the size of the buffer for forwarding a body.
const copyBytes = 64 << 10

// passOn implements the raw tier: it forwards a call to the engine, and the engine's answer to the client. Of both sides' headers
// it forwards only those that belong to the API; bodies and connections are forwarded unchanged.
func (a *API) passOn(w http.ResponseWriter, r *http.Request, actor service.Actor, c Call) error {
	switch {
	case strings.Contains(strings.ToLower(r.URL.EscapedPath()), "%2f"): // engines differ in whether this is a slash
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

// passage is one forwarded call.
type passage struct {
	w       http.ResponseWriter
	r       *http.Request
	control *http.ResponseController
	stall   time.Duration
	body    *upload // nil if there is none
}

// requestHeaders are the client's headers that an engine gets: none that authenticates the client to wharf.
var requestHeaders = []string{
	"Accept", "Content-Type", "Content-Encoding", "X-Registry-Auth", "X-Registry-Config",
	"Sec-Websocket-Key", "Sec-Websocket-Version", "Sec-Websocket-Protocol", "Sec-Websocket-Extensions",
}

// answerHeaders are the engine's headers that a client gets: none that has a meaning for wharf's own pages.
var answerHeaders = []string{
	"Content-Type", "Content-Encoding", "Content-Disposition", "Api-Version", "Builder-Version", "Docker-Experimental", "Ostype",
	"Server", "Swarm", "Warning", "Libpod-Api-Version", "Libpod-Buildah-Version",
	"Sec-Websocket-Accept", "Sec-Websocket-Protocol", "Sec-Websocket-Extensions",
}

// pick copies the named headers, and Docker's own, which begin with X-Docker-.
func pick(from http.Header, names []string) http.Header {
	picked := http.Header{}
	for name, values := range from {
		if slices.Contains(names, name) || strings.HasPrefix(name, "X-Docker-") {
			picked[name] = values
		}
	}
	return picked
}

// call converts the client's call to the engine's.
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

// upgradeOf returns the protocol to which a header requests an upgrade, "" for none.
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

// answer forwards an answer.
func (p *passage) answer(ctx context.Context, answer dockerx.RawAnswer) error {
	if answer.Status == http.StatusSwitchingProtocols {
		return p.takeOver(ctx, answer)
	}
	if p.r.ProtoMajor == 1 { // engines answer while they still read: a build, an image's upload
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
	if err := p.copyBody(answer.Body); err != nil { // an incomplete answer must not look complete
		_ = p.control.SetWriteDeadline(time.Unix(1, 0))
	}
	return nil
}

// copyBody forwards a body as it arrives.
func (p *passage) copyBody(from io.Reader) error {
	if p.r.Method == http.MethodHead {
		return nil
	}
	if err := p.control.Flush(); err != nil { // sends the header, even if the body begins hours later
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
