// Package events builds answers from the event log: frames of streams, and pages, in the shapes of package dto.
//
// Job. Filter and Place read a request and report what is wrong with it. NewPoller streams a subscription to one client, PageOf
// answers a query, and Follow yields events that are merged into another answer. Each masks events for actors that may see them
// only masked.
//
// Owner. All values belong to one call, whose handler is in package api. The handler opens the subscription, which the actor's
// grants filter. A poller closes the subscription that it was given, and so does Follow.
//
// Limits. A client that keeps up gets up to 64 records at a time, one that catches up 256. A record is rendered once for all its
// streams; nothing else is cached.
package events
