package dockerx

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"

	"wharf/dockerx/connect"
	"wharf/dockerx/images"
)

// RawContainer asks past Docker's client, which drops the fields that it doesn't know.
func (e *engine) RawContainer(ctx context.Context, id string) ([]byte, error) {
	path, err := containerPath(id, "/json")
	if err != nil {
		return nil, err
	}
	return e.read(ctx, connect.Request{Path: path})
}

// RawImage asks past Docker's client, for the same reason.
func (e *engine) RawImage(ctx context.Context, name string) ([]byte, error) {
	if err := images.CheckName(name); err != nil {
		return nil, err
	}
	return e.read(ctx, connect.Request{Path: "/images/" + name + "/json"})
}

// ContainerCreate sends a body that was made of an inspect's answer, with fields that Docker's client doesn't know.
func (e *engine) ContainerCreate(ctx context.Context, name string, body []byte) (string, error) {
	answer, err := e.send(ctx, "/containers/create", url.Values{"name": {name}}, body)
	if err != nil {
		return "", err
	}
	var created struct{ ID string }
	if err := json.Unmarshal(answer, &created); err != nil || !fullIDPattern.MatchString(created.ID) {
		return "", &connect.FaultError{Kind: connect.FaultProtocol, Err: fmt.Errorf("a creation answered without a proper id")}
	}
	return created.ID, nil
}

// NetworkConnect is for networks that an inspect named.
func (e *engine) NetworkConnect(ctx context.Context, network, id string, endpoint []byte) error {
	if !refPattern.MatchString(network) {
		return fmt.Errorf("%.80q is no name of a network", network)
	}
	body, err := json.Marshal(struct {
		Container      string
		EndpointConfig json.RawMessage
	}{id, endpoint})
	if err != nil {
		return fmt.Errorf("encode an endpoint: %w", err)
	}
	_, err = e.send(ctx, "/networks/"+network+"/connect", nil, body)
	return err
}

func (e *engine) send(ctx context.Context, path string, query url.Values, body []byte) ([]byte, error) {
	return e.read(ctx, connect.Request{
		Method: http.MethodPost, Path: path, Query: query, Body: bytes.NewReader(body),
		Header: http.Header{"Content-Type": {"application/json"}},
	})
}

// read sends a request and reads its answer.
func (e *engine) read(ctx context.Context, r connect.Request) ([]byte, error) {
	r.Limit = connect.Bytes(maxBody)
	resp, err := e.open(ctx, r)
	if err != nil {
		return nil, err
	}
	defer func() { _ = resp.Body.Close() }()
	return io.ReadAll(resp.Body)
}
