// Package operations is what can be done to one container: start, stop, rename, remove and their like.
//
// Job. The table has a row for each operation: its name, the right that it needs, its parameters, its engine call and deadline,
// when there is nothing to do, how the state afterwards is known, and which events it causes. Routes, permissions, the audit's
// words and the attribution of events derive from it (All, ByEvent). Operation.Prepare finds the row of what is asked for and
// refuses what makes no sense, before any engine hears of it.
//
// Owner. dockerx.Host.Operate carries a row out: it makes the call, watches the host's events meanwhile, inspects where they
// don't tell the state, and waits. package service/recreate takes the steps of the one operation that isn't a single call.
//
// Limits. A row can make the calls of engine.Changes alone. Deadlines are between 30 s and what a container's own grace asks
// for, an hour at most; waits last 5 min at most. The package knows no host and no actor, and keeps nothing.
package operations
