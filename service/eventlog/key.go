package eventlog

// recentMax is how many keys of the latest durable records are kept: far more than an engine replays. The database rejects
// records that it already has. The keys prevent such records from being published without an id while the database is slow.
const recentMax = 4096

// eventKey identifies an event of a host.
type eventKey struct {
	host string
	key  int64
}

func keyOf(r *Record) eventKey { return eventKey{r.Host, r.Key()} }
