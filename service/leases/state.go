package leases

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"wharf/db/sqlc"
)

// replica is a row of the table of replicas.
type replica struct {
	id    string
	beat  int64
	fleet int64 // a hash of its hosts' names, or isolatedFleet
}

// isolatedFleet replaces the hash for an isolated replica, so that no other replica shares hosts with it.
const isolatedFleet = 0

// lease is a row of the table of leases.
type lease struct {
	host  string
	owner string // empty: none
	epoch int64  // rises with each change of the owner
}

// view is a replica's reading of the database.
type view struct {
	replicas []replica
	leases   []lease
	statuses []sqlc.StatusesAfterRow // those that have changed since the last read
	at       Positions
}

// move is a change of a lease's owner. It applies only if the lease still has the epoch.
type move struct {
	host  string
	epoch int64
	to    string
}

// plan has the changes that a replica should make next.
type plan struct {
	missing []string // hosts without a lease
	take    []move   // to this replica
	give    []move   // from this replica to others
	dead    []replica
}

// sighting is a counter's value, and when it was first seen by the observer's clock.
type sighting struct {
	beat  int64
	since time.Duration
}

// state is one replica's knowledge of the others. It only makes decisions: time, view and hosts are parameters. Times are by
// this replica's clock, and only their differences matter.
type state struct {
	me    string
	fleet int64 // a hash of its hosts' names
	// isolated is true if this replica can't reach hosts that others reach, and so should own none.
	isolated bool
	// beatEvery is how often a replica increments its counter. A replica whose counter is unchanged for lostAfter is dead.
	beatEvery, lostAfter time.Duration

	observedAt time.Duration
	observed   bool
	seen       map[string]sighting
	orphans    map[string]time.Duration // when a host was first seen without a living owner
}

func newState(me string, beatEvery, lostAfter time.Duration) *state {
	return &state{me: me, beatEvery: beatEvery, lostAfter: lostAfter, seen: map[string]sighting{}, orphans: map[string]time.Duration{}}
}

// observe updates the state with a view. If this replica hasn't read the database for a while (it was paused, or the database
// didn't answer), it restarts the time of all counters: the others may have been unable to increment them too.
func (s *state) observe(now time.Duration, v *view) {
	blind := s.observed && now-s.observedAt > 2*s.beatEvery
	s.observed, s.observedAt = true, now
	for _, r := range v.replicas {
		old, known := s.seen[r.id]
		if !known || old.beat != r.beat || blind {
			s.seen[r.id] = sighting{r.beat, now}
		}
	}
	maps.DeleteFunc(s.seen, func(id string, _ sighting) bool {
		return !slices.ContainsFunc(v.replicas, func(r replica) bool { return r.id == id })
	})
}

// lives reports whether a replica counts as alive: it has a row, and its counter has changed within lostAfter.
func (s *state) lives(id string, now time.Duration) bool {
	at, known := s.seen[id]
	return id == s.me || known && now-at.since < s.lostAfter
}

// first reports whether this replica has the lowest id of the living ones.
func (s *state) first(now time.Duration, v *view) bool {
	return !slices.ContainsFunc(v.replicas, func(r replica) bool { return r.id < s.me && s.lives(r.id, now) })
}

// nextLoss returns the next time at which another replica counts as dead unless its counter changes; 0 if there is none.
func (s *state) nextLoss(now time.Duration) time.Duration {
	next := time.Duration(0)
	for id, at := range s.seen {
		end := at.since + s.lostAfter
		if id != s.me && end > now && (next == 0 || end < next) {
			next = end
		}
	}
	return next
}

// owned returns the epochs of this replica's leases, by host.
func (s *state) owned(v *view) map[string]int64 {
	own := map[string]int64{}
	for _, l := range v.leases {
		if l.owner == s.me {
			own[l.host] = l.epoch
		}
	}
	return own
}

// plan returns the next changes. It must be called after observe. hosts are those in this replica's settings; other replicas may
// have different ones.
func (s *state) plan(now time.Duration, v *view, hosts []string) plan {
	var p plan
	rows := make(map[string]lease, len(v.leases))
	for _, l := range v.leases {
		rows[l.host] = l
	}
	set := make(map[string]bool, len(hosts)) // of the settings
	for _, host := range hosts {
		set[host] = true
	}
	load := s.peers(now, v)
	var free []lease
	ours := map[string][]string{} // hosts by peer that owns them
	for _, host := range slices.Sorted(slices.Values(hosts)) {
		l, there := rows[host]
		if !there {
			p.missing = append(p.missing, host)
			l = lease{host: host}
		}
		if l.owner == "" || !s.lives(l.owner, now) {
			free = append(free, l)
			continue
		}
		delete(s.orphans, host)
		if _, peer := load[l.owner]; peer {
			load[l.owner]++
			ours[l.owner] = append(ours[l.owner], host)
		}
	}
	for _, l := range v.leases { // of hosts that have left the settings
		if l.owner == s.me && !set[l.host] {
			p.give = append(p.give, move{l.host, l.epoch, ""})
		}
	}
	switch {
	case s.isolated && len(load) > 1:
		p.give = s.handover(now, v)
	case len(free) == 0:
		p.give = append(p.give, s.gives(rows, load, ours)...)
	default:
		p.take = s.takes(now, free, load)
	}
	for _, r := range v.replicas {
		if !s.lives(r.id, now) {
			p.dead = append(p.dead, r)
		}
	}
	return p
}

// peers returns this replica and the living ones with the same hosts, each with a load of 0.
func (s *state) peers(now time.Duration, v *view) map[string]int {
	load := map[string]int{s.me: 0}
	for _, r := range v.replicas {
		if r.fleet == s.fleet && s.lives(r.id, now) {
			load[r.id] = 0
		}
	}
	return load
}

// takes distributes free hosts over the peers, in the same way on each peer, and returns this replica's part. It adds hosts
// that another peer should have taken but hasn't for two beats.
func (s *state) takes(now time.Duration, free []lease, load map[string]int) []move {
	var takes []move
	for _, l := range free {
		since, known := s.orphans[l.host]
		if !known {
			since = now
			s.orphans[l.host] = now
		}
		to := least(load)
		load[to]++
		if to == s.me || now-since > 2*s.beatEvery {
			takes = append(takes, move{l.host, l.epoch, s.me})
		}
	}
	return takes
}

// givesAtOnce bounds the hosts that a replica hands over at a time: each is briefly without a reader.
const givesAtOnce = 64

// gives evens out the peers' loads, in the same way on each peer, and returns this replica's part.
func (s *state) gives(rows map[string]lease, load map[string]int, hosts map[string][]string) []move {
	var gives []move
	for len(gives) < givesAtOnce {
		from, to := most(load), least(load)
		if load[from]-load[to] <= 1 {
			break
		}
		last := len(hosts[from]) - 1
		host := hosts[from][last]
		hosts[from] = hosts[from][:last]
		load[from]--
		load[to]++
		if from == s.me {
			gives = append(gives, move{host, rows[host].epoch, to})
		}
	}
	return gives
}

// least and most return the replica with the fewest and the most hosts; of several, the one with the lowest id.
func least(load map[string]int) string { return extreme(load, cmp.Compare[int]) }

func most(load map[string]int) string {
	return extreme(load, func(a, b int) int { return cmp.Compare(b, a) })
}

func extreme(load map[string]int, by func(a, b int) int) string {
	return slices.MinFunc(slices.Collect(maps.Keys(load)), func(a, b string) int {
		return cmp.Or(by(load[a], load[b]), cmp.Compare(a, b))
	})
}

// handover returns the moves that hand all of this replica's hosts to its peers. Without peers, the hosts get no owner.
func (s *state) handover(now time.Duration, v *view) []move {
	load := s.peers(now, v)
	delete(load, s.me)
	for _, l := range v.leases {
		if _, peer := load[l.owner]; peer {
			load[l.owner]++
		}
	}
	var gives []move
	for _, l := range v.leases {
		if l.owner != s.me {
			continue
		}
		to := ""
		if len(load) > 0 {
			to = least(load)
			load[to]++
		}
		gives = append(gives, move{l.host, l.epoch, to})
	}
	return gives
}
