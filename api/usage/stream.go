package usage

import (
	"context"
	"iter"

	"wharf/api/dto"
	"wharf/api/stream"
	"wharf/dockerx/stats"
	"wharf/util/apperr"
)

// HostSource streams each new sample of a host's containers.
func HostSource(samples func(context.Context) iter.Seq2[*stats.Snapshot, error]) stream.Source {
	return source(samples, func(snap *stats.Snapshot) []byte {
		return snap.Get("frame", func() []byte { return stream.Encode(Snapshot(snap, nil)) })
	})
}

// ContainerSource streams each new sample of one container.
func ContainerSource(samples func(context.Context) iter.Seq2[stats.Usage, error]) stream.Source {
	return source(samples, func(u stats.Usage) []byte { return stream.Encode(Row(u, nil)) })
}

// source sends each new sample as an event "stats", and each error as an event "stats-error". encode returns JSON, which may be
// shared.
func source[T any](samples func(context.Context) iter.Seq2[T, error], encode func(T) []byte) stream.Source {
	return func(ctx context.Context, out *stream.Writer) error {
		for sample, err := range samples(ctx) {
			item := stream.Item{Event: "stats"}
			if err != nil {
				item = stream.Item{Event: "stats-error", Data: stream.Encode(dto.Failure{Message: apperr.Reason(err)})}
			} else {
				item.Data = encode(sample)
			}
			if err := out.Send(item); err != nil {
				return err
			}
		}
		return nil
	}
}
