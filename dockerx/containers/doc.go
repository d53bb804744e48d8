// Package containers has the types for the containers of one host: references, rows of the list, and the details of an
// inspect.
//
// Job. It converts an engine's answers to wharf's own types (Decode, FromInspect, FromTop). In these, every id is complete,
// every state is one of Docker's, even if Podman answered, and no slice or map is nil. ParseRef is the only way to make a Ref
// from a caller's text; Find looks a Ref up in a list as Docker does. Guard bounds the cost of reading the lists of a faulty
// or hostile engine. LabelBook holds the labels of the containers that events name. DecodeWire and CheckWire check answers in
// the shape of Docker's API.
//
// Owner. dockerx.Host asks the engine (package engine), caches the latest List, and has one Guard and one LabelBook. A List is
// immutable and shared between callers; only its Memo and its orders grow, under locks. The package starts no goroutine.
//
// Limits. A list has at most 64 MiB and 50,000 rows (package engine), 500,000 labels and 24 MiB of texts. Lists that can't be
// decoded are read no faster than 2 MiB a second. The package sends no requests, and knows no host, health or actor.
package containers
