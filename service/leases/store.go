package leases

import (
	"context"
	"database/sql"
	"fmt"

	"wharf/db"
	"wharf/db/sqlc"
)

// reading has the rows that one beat reads from the database. leases, statuses and sampled are read only if they may have
// changed since the last read.
type reading struct {
	replicas []sqlc.ReplicasRow
	leases   []sqlc.HostLease
	at       sqlc.PositionsRow
	statuses []sqlc.StatusesAfterRow
	sampled  []sqlc.SampledRow
}

// beatAndRead increments this replica's counter and writes its changed statuses. It returns the replicas, the leases, and the
// changed statuses of hosts.
func (l *Leases) beatAndRead(ctx context.Context) (*view, error) {
	if l.state.fleet != l.fleet { // read all statuses again, as earlier ones of new hosts were ignored
		l.fleet, l.statuses = l.state.fleet, 0
	}
	var r reading
	news := l.takeChanged()
	sampled, changed := l.sampledNow()
	err := l.db.InTx(ctx, func(q *sqlc.Queries) error {
		if err := l.beatOnce(ctx, q, sampled, changed); err != nil {
			return err
		}
		if err := putStatuses(ctx, l.db, q, news); err != nil {
			return err
		}
		return l.read(ctx, q, &r)
	})
	if err != nil {
		l.restoreChanged(news)
		return nil, err
	}
	l.statuses = r.at.Status
	l.storeSampling(sampled, r.sampled)
	if r.at.Leases != l.version {
		l.version = r.at.Leases
		l.leases = make([]lease, len(r.leases))
		for i, f := range r.leases {
			l.leases[i] = lease{f.Host, f.Owner, f.Epoch}
		}
	}
	v := &view{leases: l.leases, statuses: r.statuses, at: Positions{LastEvent: r.at.LastEvent, Revocations: r.at.Revocations}}
	for _, row := range r.replicas {
		v.replicas = append(v.replicas, replica{row.ID, row.Beat, row.Fleet})
	}
	return v, nil
}

// read reads into r the rows that may have changed since the last beat.
func (l *Leases) read(ctx context.Context, q *sqlc.Queries, r *reading) (err error) {
	*r = reading{}
	if r.at, err = q.Positions(ctx); err != nil { // before the leases: the next beat sees a change after it
		return fmt.Errorf("read positions: %w", err)
	}
	if r.replicas, err = q.Replicas(ctx); err != nil {
		return fmt.Errorf("read the replicas: %w", err)
	}
	if r.sampled, err = l.sampledByOthers(ctx, q, r.replicas); err != nil {
		return err
	}
	if r.at.Status != l.statuses {
		if r.statuses, err = q.StatusesAfter(ctx, l.statuses); err != nil {
			return fmt.Errorf("read the status of hosts: %w", err)
		}
	}
	if r.at.Leases == l.version {
		return nil
	}
	if r.leases, err = q.Leases(ctx); err != nil {
		return fmt.Errorf("read the leases: %w", err)
	}
	return nil
}

// beatOnce increments the replica's counter, and writes the hosts that it samples if they have changed. A replica without a row
// adds one, and deletes those of earlier processes of its server.
func (l *Leases) beatOnce(ctx context.Context, q *sqlc.Queries, sampled string, sampledChanged bool) error {
	fleet := l.state.fleet
	if l.state.isolated {
		fleet = isolatedFleet
	}
	n, err := q.Beat(ctx, sqlc.BeatParams{
		ID: l.id, Fleet: fleet, SampledVersion: l.sampling.version, Sampled: sql.NullString{String: sampled, Valid: sampledChanged},
	})
	if err != nil {
		return fmt.Errorf("beat: %w", err)
	}
	if n > 0 {
		return nil
	}
	if _, err := q.DeleteOtherReplicasOf(ctx, sqlc.DeleteOtherReplicasOfParams{Server: l.opts.Server, ID: l.id}); err != nil {
		return fmt.Errorf("remove earlier processes: %w", err)
	}
	if err := q.AddReplica(ctx, sqlc.AddReplicaParams{
		ID: l.id, Server: l.opts.Server, Fleet: fleet, Sampled: sampled, SampledVersion: l.sampling.version,
	}); err != nil {
		return fmt.Errorf("join the replicas: %w", err)
	}
	return changed(ctx, l.db, q)
}

// changed raises the counter of changes of leases and replicas, and notifies the other replicas.
func changed(ctx context.Context, d *db.DB, q *sqlc.Queries) error {
	if n, err := q.RaiseCounter(ctx, "leases"); err != nil || n != 1 {
		return fmt.Errorf("count a change of leases (%d rows): %w", n, err)
	}
	return d.Notify(ctx, q, db.ChannelLeases, "")
}

// apply adds leases for hosts without one, moves the leases that still have the expected epoch, and removes dead replicas whose
// counter hasn't changed since.
func (l *Leases) apply(ctx context.Context, missing []string, moves []move, dead []replica) error {
	return l.db.InTx(ctx, func(q *sqlc.Queries) error {
		if err := lockAppends(ctx, q); err != nil {
			return err
		}
		if len(missing) > 0 {
			if err := q.AddLeases(ctx, missing); err != nil {
				return fmt.Errorf("add leases: %w", err)
			}
		}
		if err := moveAll(ctx, q, moves); err != nil {
			return err
		}
		for _, r := range dead {
			if err := q.DeleteReplica(ctx, sqlc.DeleteReplicaParams{ID: r.id, Beat: r.beat}); err != nil {
				return fmt.Errorf("remove a replica: %w", err)
			}
		}
		return changed(ctx, l.db, q)
	})
}

// lockAppends serializes moves of leases and appends to the event log, so that an append that has checked its epoch commits
// before the epoch can rise.
func lockAppends(ctx context.Context, q *sqlc.Queries) error {
	if _, err := q.TakeEventIDs(ctx, 0); err != nil {
		return fmt.Errorf("lock the event log: %w", err)
	}
	return nil
}

func moveAll(ctx context.Context, q *sqlc.Queries, moves []move) error {
	if len(moves) == 0 {
		return nil
	}
	var arg sqlc.MoveLeasesParams
	for _, m := range moves {
		arg.Hosts, arg.Epochs, arg.Owners = append(arg.Hosts, m.host), append(arg.Epochs, m.epoch), append(arg.Owners, m.to)
	}
	if _, err := q.MoveLeases(ctx, arg); err != nil {
		return fmt.Errorf("move leases: %w", err)
	}
	return nil
}

// resign hands all leases of this replica to others, and removes its row.
func (l *Leases) resign(ctx context.Context) error {
	v, err := l.beatAndRead(ctx)
	if err != nil {
		return err
	}
	now := l.now()
	l.state.observe(now, v)
	gives := l.state.handover(now, v)
	return l.db.InTx(ctx, func(q *sqlc.Queries) error {
		if err := lockAppends(ctx, q); err != nil {
			return err
		}
		if err := moveAll(ctx, q, gives); err != nil {
			return err
		}
		if err := q.DeleteUnownedStatuses(ctx); err != nil {
			return fmt.Errorf("forget the status of hosts: %w", err)
		}
		if _, err := q.RemoveReplica(ctx, l.id); err != nil {
			return fmt.Errorf("leave the replicas: %w", err)
		}
		return changed(ctx, l.db, q)
	})
}
