package api

import (
	"context"
	"iter"
	"net/http"

	"wharf/api/dto"
	"wharf/api/stream"
	"wharf/service"
)

// streamUsage sends each new sample as an event "stats", and as "stats-error" why there is none. A client that takes
// long misses samples. encode returns JSON, which may be shared.
func streamUsage[T any](
	s *Server, w http.ResponseWriter, r *http.Request, actor service.Actor,
	samples func(ctx context.Context) iter.Seq2[T, error], encode func(T) []byte,
) error {
	o := s.streamOptions(actor)
	o.Buffer = 1
	return s.streams.Serve(w, r, o, func(ctx context.Context, out *stream.Writer) error {
		for sample, err := range samples(ctx) {
			item := stream.Item{Event: "stats"}
			if err != nil {
				item = stream.Item{Event: "stats-error", Data: encodeFailure(err)}
			} else {
				item.Data = encode(sample)
			}
			if err := out.Send(item); err != nil {
				return err
			}
		}
		return nil
	})
}

func encodeFailure(err error) []byte { return encode(dto.Failure{Message: reason(err)}) }
