package eventlog

import "context"

// DeleteExpired is what retention does each time.
func (l *Log) DeleteExpired(ctx context.Context) (full bool, err error) { return l.deleteExpired(ctx) }
