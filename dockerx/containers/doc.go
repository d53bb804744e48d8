// Package containers is what wharf knows of the containers of one host: how one is named, a row of the list, and all that
// inspect says of one.
//
// Job. It makes wharf's own types of an engine's answers (Decode, FromInspect, FromTop), in which every id is whole, every
// state has Docker's word, whichever engine answered, and no slice or map is nil. ParseRef alone makes a Ref of what a caller
// sent; Find looks one up in a list as Docker does. Guard bounds what the lists of an engine that lies may cost, and LabelBook
// knows the labels of containers that events name. DecodeWire and CheckWire do the same for answers in the shape that Docker's
// tools get.
//
// Owner. dockerx.Host asks the engine (package engine), keeps the latest List, and has one Guard and one LabelBook. A List is
// immutable and shared between callers; only its Memo and its orders grow, behind locks. Nothing here outlives a call.
//
// Limits. A list has at most 64 MiB and 50,000 rows (package engine), 500,000 labels and 24 MiB of texts; lists of an engine
// whose lists can't be read are read no faster than 2 MiB a second. Nothing is asked here: the package knows no host, no
// engine's health and no actor.
package containers
