package eventlog

import "context"

// DeleteExpired runs one round of the retention.
func (l *Log) DeleteExpired(ctx context.Context) (full bool, err error) { return l.deleteExpired(ctx) }
