package api

import (
	"context"
	"net/http"

	"wharf/api/dto"
	"wharf/api/stream"
	"wharf/service"
	"wharf/service/pulls"
)

// startPull answers POST /v1/images/pull: it doesn't wait for the pull.
func (s *Server) startPull(w http.ResponseWriter, r *http.Request, actor service.Actor, in dto.PullRequest) error {
	p, err := s.pulls.Start(r.Context(), actor, pulls.Request{Image: in.Image, Platform: in.Platform, Hosts: in.Hosts})
	if err != nil {
		return err
	}
	return respondBody(w, http.StatusAccepted, encodeData(pullOf(p)))
}

// getPull answers GET /v1/images/pulls/{id}, as JSON or as a stream of the hosts' progress.
func (s *Server) getPull(w http.ResponseWriter, r *http.Request, actor service.Actor) error {
	id, err := pathID(r)
	if err != nil {
		return err
	}
	p, err := s.pulls.Get(r.Context(), actor, id)
	if err != nil {
		return err
	}
	if !stream.Wanted(r, stream.SSE) {
		return respondData(w, pullOf(p))
	}
	return s.streams.Serve(w, r, s.streamOptions(actor), func(ctx context.Context, out *stream.Writer) error {
		seen := map[string]dto.HostPull{}
		return s.pulls.Follow(ctx, actor, id, func(p pulls.Pull) error { return sendPull(out, p, seen) })
	})
}

// sendPull sends the hosts that differ from their entry in seen, which it updates, and an end event once the pull has finished.
func sendPull(out *stream.Writer, p pulls.Pull, seen map[string]dto.HostPull) error {
	for _, h := range p.Hosts {
		row := hostPull(h)
		if last, ok := seen[h.Host]; ok && last == row {
			continue
		}
		seen[h.Host] = row
		if err := out.Send(stream.Item{Event: "host", Data: stream.Encode(row)}); err != nil {
			return err
		}
	}
	if p.Finished.IsZero() {
		return nil
	}
	return out.Send(stream.Item{Event: "end", Data: stream.Encode(dto.PullEnd{State: p.State})})
}

// cancelPull answers DELETE /v1/images/pulls/{id}.
func (s *Server) cancelPull(w http.ResponseWriter, r *http.Request, actor service.Actor) error {
	id, err := pathID(r)
	if err != nil {
		return err
	}
	p, err := s.pulls.Cancel(r.Context(), actor, id)
	if err != nil {
		return err
	}
	return respondData(w, pullOf(p))
}

func pullOf(p pulls.Pull) dto.Pull {
	return dto.Pull{
		ID: p.ID.String(), Image: p.Image, Platform: p.Platform, User: p.User, State: p.State, At: p.At, FinishedAt: present(p.Finished),
		Hosts: rowsOf(p.Hosts, hostPull),
	}
}

func hostPull(h pulls.HostPull) dto.HostPull {
	return dto.HostPull{
		Host: h.Host, State: h.State, Step: h.Progress.Step, Layers: h.Progress.Layers, LayersDone: h.Progress.LayersDone,
		Bytes: h.Progress.Bytes, Total: h.Progress.Total, ImageID: h.Pulled.ID, Digest: h.Pulled.Digest, Changed: h.Pulled.Changed,
		Reason: h.Reason, Detail: h.Detail,
	}
}
