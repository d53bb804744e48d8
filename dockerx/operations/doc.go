// Package operations defines the operations on one container: start, stop, rename, remove and others.
//
// Job. The table has a row for each operation: its name, the permission it needs, its parameters, its engine call and
// deadline, when there is nothing to do, how the state afterwards is determined, and which events it causes. Routes,
// permissions, the audit and the attribution of events are derived from the table (All, ByEvent). Operation.Prepare finds an
// operation's row and rejects an invalid operation before a request is sent.
//
// Owner. dockerx.Host.Operate carries out a row: it makes the call, follows the host's events meanwhile, inspects the container
// if they don't show its state, and waits. Package service/recreate carries out recreate, the only operation that isn't a
// single call.
//
// Limits. A row can make only the calls of engine.Changes. Deadlines are at least 30 s; those of stop and restart include the
// container's stop timeout, up to an hour. Waits last at most 5 min. The package knows no host and no actor, and has no state.
package operations
