package eventlog

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"wharf/db/sqlc"
)

// errNotHeld is the error of a transaction that would have stored events of a host whose lease this replica has lost.
var errNotHeld = errors.New("the lease of a host was lost")

// Lead makes the log accept a host's events, which are read under a lease with this epoch. Call it before the reading begins,
// and only with Options.Leased.
func (l *Log) Lead(host string, epoch int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.epochs[host] = epoch
	l.fresh = append(l.fresh, host)
}

// Leave makes the log reject further events of hosts, and waits until the accepted ones are stored or ctx ends. Call it after
// the reading has ended. Events that are stored later are refused if another replica leads the host by then.
func (l *Log) Leave(ctx context.Context, hosts []string) {
	l.mu.Lock()
	for _, host := range hosts {
		delete(l.epochs, host)
	}
	l.mu.Unlock()
	for {
		l.mu.Lock()
		stored := l.stored
		waiting := slices.ContainsFunc(l.pending, func(p *pending) bool { return slices.Contains(hosts, p.rec.Host) })
		l.mu.Unlock()
		if !waiting {
			break
		}
		select {
		case <-stored:
			continue
		case <-ctx.Done():
		}
		break
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.fresh = append(l.fresh, hosts...)
}

// Stored makes the log publish the records up to an id, which any replica has stored. It doesn't block.
func (l *Log) Stored(id int64) {
	for {
		old := l.storedUpTo.Load()
		if id <= old {
			return
		}
		if l.storedUpTo.CompareAndSwap(old, id) {
			notify(l.wake)
			return
		}
	}
}

// checkEpochs returns errNotHeld unless this replica still holds the leases with these epochs. TakeEventIDs must come first in
// the transaction: it takes the same lock as moves of leases.
func (l *Log) checkEpochs(ctx context.Context, q *sqlc.Queries, epochs map[string]int64) error {
	if !l.opts.Leased || len(epochs) == 0 {
		return nil
	}
	var arg sqlc.HeldLeasesParams
	for host, epoch := range epochs {
		arg.Hosts, arg.Epochs = append(arg.Hosts, host), append(arg.Epochs, epoch)
	}
	held, err := q.HeldLeases(ctx, arg)
	if err != nil {
		return fmt.Errorf("check the leases of hosts: %w", err)
	}
	if len(held) < len(epochs) {
		return errNotHeld
	}
	return nil
}

// epochsOf returns the epochs under which the events of a batch were read. A batch has only one epoch per host.
func epochsOf(batch []*pending) map[string]int64 {
	epochs := make(map[string]int64)
	for _, p := range batch {
		epochs[p.rec.Host] = p.epoch
	}
	return epochs
}

// refuse drops the records that are pending under lost leases, and makes the log reject further ones: the new owners read
// them again. Records that were published without an id stay in publishedUnsaved, so that they get the id with which the new
// owner stores them, if it does.
func (l *Log) refuse(ctx context.Context) error {
	lost, err := l.lost(ctx)
	if err != nil {
		return err
	}
	for e := range lost {
		if l.checkpoints.later[e.host].epoch == e.epoch {
			l.checkpoints.forget(e.host)
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for e := range lost { // until their reading ends: what it reports next must not come before what is dropped now
		if l.epochs[e.host] == e.epoch {
			delete(l.epochs, e.host)
		}
	}
	n := len(l.pending)
	l.pending = slices.DeleteFunc(l.pending, func(p *pending) bool {
		if !lost[epochOf{p.rec.Host, p.epoch}] {
			return false
		}
		l.pendingBytes -= p.size
		if p.unsavedSeq != 0 {
			l.hub.leave(p.rec.Host, p.unsavedSeq-1)
		}
		return true
	})
	if len(l.publishedUnsaved) > l.opts.Pending { // bounds its size: few of these will still get an id
		clear(l.publishedUnsaved)
		for _, p := range l.pending {
			if p.unsavedSeq != 0 {
				l.publishedUnsaved[p.key] = p.unsavedSeq
			}
		}
	}
	l.log.Warn().Int("events", n-len(l.pending)).Msg("events were left to the replicas that have taken their hosts")
	l.signalStored()
	if l.opts.Refused != nil {
		l.opts.Refused()
	}
	return nil
}

// lost returns the leases of pending records and unwritten host states that aren't held any more.
func (l *Log) lost(ctx context.Context) (map[epochOf]bool, error) {
	lost := map[epochOf]bool{}
	l.mu.Lock()
	for _, p := range l.pending {
		lost[epochOf{p.rec.Host, p.epoch}] = true
	}
	l.mu.Unlock()
	for host, h := range l.checkpoints.later {
		lost[epochOf{host, h.epoch}] = true
	}
	var arg sqlc.HeldLeasesParams
	for e := range lost {
		arg.Hosts, arg.Epochs = append(arg.Hosts, e.host), append(arg.Epochs, e.epoch)
	}
	held, err := l.db.Queries().HeldLeases(ctx, arg)
	if err != nil {
		return nil, fmt.Errorf("check the leases of hosts: %w", err)
	}
	for _, h := range held {
		delete(lost, epochOf{h.Host, h.Epoch})
	}
	return lost, nil
}

// epochOf identifies a host's lease by its epoch.
type epochOf struct {
	host  string
	epoch int64
}
