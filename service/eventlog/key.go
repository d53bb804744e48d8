package eventlog

// recentMax is how many keys of the latest durable records are remembered: far more than a daemon's
// ring replays. The database refuses what it has, but only this keeps it from being delivered early when
// the database is slow to refuse.
const recentMax = 4096

// eventKey identifies an event of a host.
type eventKey struct {
	host string
	key  int64
}

func keyOf(r *Record) eventKey { return eventKey{r.Host, r.Key()} }
