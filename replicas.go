package main

import (
	"context"
	"encoding/json"
	"strconv"

	"golang.org/x/sync/errgroup"

	"wharf/db"
	"wharf/dockerx"
	"wharf/service/leases"
)

// newLeases returns this replica's leases of hosts, which need Postgres.
func (w *wharf) newLeases(server string) *leases.Leases {
	return leases.New(w.store, leases.Options{
		Logger: w.log, Server: server,
		Hosts: func() []string {
			hosts := w.fleet.Hosts()
			names := make([]string, len(hosts))
			for i, h := range hosts {
				names[i] = h.Name()
			}
			return names
		},
		Begin: func(host string, epoch int64) {
			w.events.Lead(host, epoch)
			w.fleet.Lead(host)
		},
		End: func(ctx context.Context, hosts []string) {
			w.fleet.Leave(hosts)
			w.events.Leave(ctx, hosts)
		},
		Looked: func(p leases.Positions) {
			w.events.Stored(p.LastEvent)
			w.sessions.CountRevocations(p.Revocations)
		},
		Sampled: func() []string {
			var names []string
			for _, h := range w.fleet.Hosts() {
				if h.Sampling() {
					names = append(names, h.Name())
				}
			}
			return names
		},
		Isolated: func() bool { return w.fleet.Isolated() },
		Status:   w.hostStatus,
		Found: func(host, status string) {
			var s dockerx.Status
			if err := json.Unmarshal([]byte(status), &s); err == nil { // a newer version may write it in another form
				w.fleet.SetStatus(host, s)
			}
		},
	})
}

// hostStatus returns a host's status as JSON for the other replicas.
func (w *wharf) hostStatus(name string) string {
	h, ok := w.fleet.Host(name)
	if !ok {
		return "{}"
	}
	b, err := json.Marshal(h.Status())
	if err != nil {
		return "{}"
	}
	return string(b)
}

// lead takes part in the leases of hosts from when the database is open until ctx ends.
func (w *wharf) lead(ctx context.Context, opened <-chan struct{}) error {
	if w.leases == nil {
		<-ctx.Done()
		return nil
	}
	select {
	case <-opened:
	case <-ctx.Done():
		return nil
	}
	var both errgroup.Group
	both.Go(func() error { return w.store.Listen(ctx, w.listener()) })
	both.Go(func() error { return w.leases.Run(ctx) })
	return both.Wait()
}

// listener forwards the notifications of other replicas to the parts they concern.
func (w *wharf) listener() db.Listener {
	return db.Listener{
		Notified: func(channel, payload string) {
			switch channel {
			case db.ChannelEvents:
				if id, err := strconv.ParseInt(payload, 10, 64); err == nil {
					w.events.Stored(id)
				}
			case db.ChannelLeases, db.ChannelStatus:
				w.leases.Wake()
			case db.ChannelRevocations:
				w.sessions.Revoked()
			}
		},
		Connected: func() { // notifications may have been missed: have both parts look at the database
			w.leases.Wake()
			w.sessions.Revoked()
		},
	}
}
