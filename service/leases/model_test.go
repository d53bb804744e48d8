package leases

import (
	"flag"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
	"pgregory.net/rapid"
)

func TestMain(m *testing.M) {
	_ = flag.Set("rapid.checks", "300")
	goleak.VerifyTestMain(m)
}

// database models the shared database. Its methods are the transactions.
type database struct {
	replicas map[string]replica
	leases   map[string]lease
	appended map[epochKey]string // the replica that appended in each epoch
}

type epochKey struct {
	host  string
	epoch int64
}

func (d *database) view() *view {
	return &view{
		replicas: slices.SortedFunc(maps.Values(d.replicas), func(a, b replica) int { return strings.Compare(a.id, b.id) }),
		leases:   slices.SortedFunc(maps.Values(d.leases), func(a, b lease) int { return strings.Compare(a.host, b.host) }),
	}
}

func (d *database) beat(id string, fleet int64) {
	r := d.replicas[id]
	d.replicas[id] = replica{id, r.beat + 1, fleet}
}

func (d *database) apply(p plan) {
	for _, host := range p.missing {
		if _, there := d.leases[host]; !there {
			d.leases[host] = lease{host: host}
		}
	}
	for _, m := range slices.Concat(p.give, p.take) {
		if l := d.leases[m.host]; l.epoch == m.epoch {
			d.leases[m.host] = lease{m.host, m.to, m.epoch + 1}
		}
	}
	for _, r := range p.dead {
		if d.replicas[r.id].beat <= r.beat {
			delete(d.replicas, r.id)
		}
	}
}

// append models an append to the event log, which the database refuses unless the lease has that epoch.
func (d *database) append(t *rapid.T, who, host string, epoch int64) {
	if d.leases[host].epoch != epoch {
		return
	}
	k := epochKey{host, epoch}
	if by, there := d.appended[k]; there && by != who {
		t.Fatalf("%s and %s both appended events of %s in epoch %d", by, who, host, epoch)
	}
	d.appended[k] = who
}

// process is a replica in the model. If cut, it can't reach the database; if paused, it does nothing.
type process struct {
	*state
	hosts       []string
	held        map[string]int64
	planned     *plan // computed, not yet applied
	cut, paused bool
}

// fleetModel has several replicas, one database, and one clock for all replicas.
type fleetModel struct {
	db    *database
	now   time.Duration
	born  int
	hosts []string
	procs []*process
}

const (
	modelBeat = time.Second
	modelLost = 3 * time.Second
)

func (f *fleetModel) start() {
	f.born++
	id := fmt.Sprintf("r%02d", f.born)
	f.procs = append(f.procs, &process{state: newState(id, modelBeat, modelLost), hosts: f.hosts, held: map[string]int64{}})
}

// beat models Leases.beatAndRead and the decisions after it; apply makes the changes later.
func (f *fleetModel) beat(p *process) {
	if p.cut || p.paused {
		return
	}
	p.fleet = fleetOf(p.hosts)
	if p.isolated {
		f.db.beat(p.me, isolatedFleet)
	} else {
		f.db.beat(p.me, p.fleet)
	}
	v := f.db.view()
	p.observe(f.now, v)
	p.held = p.owned(v)
	next := p.plan(f.now, v, p.hosts)
	p.planned = &next
}

func (f *fleetModel) apply(p *process) {
	if p.cut || p.paused || p.planned == nil {
		return
	}
	for _, m := range p.planned.give {
		delete(p.held, m.host) // the reading ends first
	}
	f.db.apply(*p.planned)
	p.planned = nil
}

func (f *fleetModel) stop(p *process) {
	if !p.cut && !p.paused {
		v := f.db.view()
		p.observe(f.now, v)
		f.db.apply(plan{give: p.handover(f.now, v)})
		delete(f.db.replicas, p.me)
	}
	f.procs = slices.DeleteFunc(f.procs, func(o *process) bool { return o == p })
}

// appends makes each process append events of all hosts that it believes to own.
func (f *fleetModel) appends(t *rapid.T) {
	for _, p := range f.procs {
		if p.cut || p.paused {
			continue
		}
		for host, epoch := range p.held {
			f.db.append(t, p.me, host, epoch)
		}
	}
}

func TestNoEpochHasTwoWritersAndEachHostGetsAnOwner(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		f := &fleetModel{db: &database{map[string]replica{}, map[string]lease{}, map[epochKey]string{}}}
		for n := range rapid.IntRange(1, 12).Draw(t, "hosts") {
			f.hosts = append(f.hosts, fmt.Sprintf("h%02d", n))
		}
		f.start()
		one := func() *process { return rapid.SampledFrom(f.procs).Draw(t, "replica") }
		t.Repeat(map[string]func(*rapid.T){
			"": f.appends,
			"time": func(t *rapid.T) {
				f.now += time.Duration(rapid.IntRange(1, 5000).Draw(t, "ms")) * time.Millisecond
			},
			"beat":  func(*rapid.T) { f.beat(one()) },
			"apply": func(*rapid.T) { f.apply(one()) },
			"start": func(*rapid.T) {
				if len(f.procs) < 5 {
					f.start()
				}
			},
			"pause": func(*rapid.T) { p := one(); p.paused = !p.paused },
			"cut":   func(*rapid.T) { p := one(); p.cut = !p.cut },
			"part":  func(*rapid.T) { p := one(); p.isolated = !p.isolated },
			"end": func(*rapid.T) { // a shutdown, or a crash if it can't reach the database
				if len(f.procs) > 1 {
					f.stop(one())
				}
			},
		})
		f.heal(t)
	})
}

// heal ends all disturbances. After some rounds, each host must have one owner, which knows that, and the replicas equal shares.
func (f *fleetModel) heal(t *rapid.T) {
	for range 20 {
		for _, p := range f.procs {
			p.paused, p.cut, p.isolated = false, false, false
			f.beat(p)
			f.apply(p)
			f.appends(t)
		}
		f.now += modelBeat
	}
	owners := map[string]int{}
	for _, p := range f.procs {
		f.beat(p)
		for host := range p.held {
			owners[host]++
		}
		if n, share := len(p.held), len(f.hosts)/len(f.procs); n < share || n > share+1 {
			t.Fatalf("%s has %d of %d hosts, with %d replicas", p.me, n, len(f.hosts), len(f.procs))
		}
	}
	for _, host := range f.hosts {
		if owners[host] != 1 {
			t.Fatalf("%s has %d owners", host, owners[host])
		}
	}
}

func TestALostReplicasHostsAreTakenAfterLostAfter(t *testing.T) {
	t.Parallel()
	f := &fleetModel{db: &database{map[string]replica{}, map[string]lease{}, map[epochKey]string{}}, hosts: []string{"a", "b"}}
	f.start()
	f.start()
	a, b := f.procs[0], f.procs[1]
	round := func(ps ...*process) {
		for _, p := range ps {
			f.beat(p)
			f.apply(p)
			f.beat(p)
		}
		f.now += modelBeat
	}
	round(a, b)
	round(a, b)
	round(a, b)
	require.Len(t, a.held, 1)
	require.Len(t, b.held, 1)

	a.paused = true
	round(b)
	round(b)
	require.Len(t, b.held, 1, "not yet")
	round(b)
	round(b)
	require.Len(t, b.held, 2)

	// A replica doesn't count time in which it saw nothing: after an outage of the database, no replica is lost.
	a.paused = false
	round(a, b)
	round(a, b)
	require.Len(t, a.held, 1)
	f.now += time.Minute
	f.beat(a)
	require.Empty(t, a.planned.take)
	require.Empty(t, a.planned.dead)
}

func TestAnIsolatedReplicaOwnsNothingWhileAnotherIsThere(t *testing.T) {
	t.Parallel()
	f := &fleetModel{db: &database{map[string]replica{}, map[string]lease{}, map[epochKey]string{}}, hosts: []string{"a", "b", "c", "d"}}
	f.start()
	f.start()
	a, b := f.procs[0], f.procs[1]
	rounds := func() {
		for range 4 {
			for _, p := range f.procs {
				f.beat(p)
				f.apply(p)
				f.beat(p)
			}
			f.now += modelBeat
		}
	}
	rounds()
	require.Len(t, a.held, 2)
	a.isolated = true
	rounds()
	require.Empty(t, a.held)
	require.Len(t, b.held, 4)
	a.isolated = false
	rounds()
	require.Len(t, a.held, 2)
	a.isolated, b.isolated = true, true
	rounds()
	require.Equal(t, 4, len(a.held)+len(b.held), "no host is without an owner since all are isolated")
	b.isolated = false
	rounds()
	require.Len(t, b.held, 4)
	f.stop(b)
	rounds()
	require.Len(t, a.held, 4, "there is nobody else")
}
