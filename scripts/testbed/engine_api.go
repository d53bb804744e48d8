package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
)

// engine is a Docker engine of the bed. The few calls that the bed needs are plain HTTP, since only dockerx may import the Docker SDK.
type engine struct {
	name        string
	addr        string // unix:///path or tcp://host:port
	description string // for the summary
	tls         *tls.Config
	http        *http.Client
}

func newEngine(name, addr string, config *tls.Config) *engine {
	network, target, _ := strings.Cut(addr, "://")
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
		dialer := net.Dialer{}
		conn, err := dialer.DialContext(ctx, strings.Replace(network, "npipe", "unix", 1), target)
		if err != nil || config == nil {
			return conn, err
		}
		return tls.Client(conn, config), nil
	}
	transport := &http.Transport{DialContext: dial, DisableKeepAlives: true}
	return &engine{name: name, addr: addr, tls: config, http: &http.Client{Transport: transport}}
}

// call makes a request and returns the body. A status of 400 or more is an error.
func (e *engine) call(ctx context.Context, method, path string, body io.Reader) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, method, "http://engine"+path, body)
	if err != nil {
		return nil, err
	}
	resp, err := e.http.Do(req)
	if err != nil {
		return nil, fmt.Errorf("engine %s: %w", e.name, err)
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode >= http.StatusBadRequest {
		err = fmt.Errorf("engine %s: %s %s: %s: %s", e.name, method, path, resp.Status, answer)
	}
	return answer, err
}

func (e *engine) ping(ctx context.Context) error {
	_, err := e.call(ctx, http.MethodGet, "/_ping", http.NoBody)
	return err
}

func (e *engine) importImage(ctx context.Context, tar []byte) error {
	q := url.Values{"fromSrc": {"-"}, "repo": {"wharf-test"}, "tag": {"latest"}, "changes": {
		"ENV PATH=/", `ENTRYPOINT ["/app"]`, `CMD ["sleep"]`,
	}}
	answer, err := e.call(ctx, http.MethodPost, "/images/create?"+q.Encode(), bytes.NewReader(tar))
	if err == nil && bytes.Contains(answer, []byte(`"error"`)) {
		err = fmt.Errorf("engine %s: %s", e.name, answer)
	}
	if err != nil {
		return fmt.Errorf("import wharf-test: %w", err)
	}
	return nil
}

func (e *engine) describe(ctx context.Context) (string, error) {
	var info struct{ ServerVersion, Driver, CgroupVersion, CgroupDriver, KernelVersion, OperatingSystem string }
	body, err := e.call(ctx, http.MethodGet, "/info", http.NoBody)
	if err == nil {
		err = json.Unmarshal(body, &info)
	}
	if err != nil {
		return "", fmt.Errorf("describe: %w", err)
	}
	return fmt.Sprintf("engine    %-8s %s, %s, storage %s, cgroup v%s (%s), kernel %s, %s", e.name, e.description,
		info.ServerVersion, info.Driver, info.CgroupVersion, info.CgroupDriver, info.KernelVersion, e.addr), nil
}

// removeContainers removes the containers that match the filter (JSON, "" for all), and unused networks.
func (e *engine) removeContainers(ctx context.Context, filter string) error {
	var found []struct{ ID string }
	body, err := e.call(ctx, http.MethodGet, "/containers/json?all=1&filters="+url.QueryEscape(filter), http.NoBody)
	if err == nil {
		err = json.Unmarshal(body, &found)
	}
	for _, c := range found {
		_, _ = e.call(ctx, http.MethodDelete, "/containers/"+c.ID+"?force=1&v=1", http.NoBody)
	}
	_, _ = e.call(ctx, http.MethodPost, "/networks/prune?filters="+url.QueryEscape(filter), http.NoBody)
	return err
}
