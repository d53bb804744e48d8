package events

import (
	"context"
	"time"

	"wharf/service"
	"wharf/service/eventlog"
)

// Follow passes the events of a subscription to give, as *dto.ContainerEvent, until ctx ends or give fails. subscribe opens the
// subscription, which calls wake when it has more events. Follow closes it. Errors: those of give and ctx, and
// eventlog.ErrLagged.
func Follow(
	ctx context.Context, actor service.Actor, subscribe func(wake func()) *eventlog.Subscription, give func(at time.Time, event any) error,
) error {
	wake := make(chan struct{}, 1)
	sub := subscribe(func() {
		select {
		case wake <- struct{}{}:
		default:
		}
	})
	defer sub.Close()
	deliveries := make([]eventlog.Delivery, 0, batchSize)
	for {
		page, more, err := sub.Next(ctx, deliveries)
		if err != nil {
			return err
		}
		if err := giveAll(page, actor, give); err != nil {
			return err
		}
		if more {
			continue
		}
		select {
		case <-wake:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func giveAll(page []eventlog.Delivery, actor service.Actor, give func(at time.Time, event any) error) error {
	for i := range page {
		d := &page[i]
		if d.IDOnly || d.Record == nil {
			continue
		}
		e := shown(d.Record, actor)
		if err := give(e.Time, rowOf(&e)); err != nil {
			return err
		}
	}
	return nil
}
