// Package idempotency has a request that is sent again with the same Idempotency-Key take effect once.
//
// Job. Do runs a request, or gives the answer that its caller got for the same key. Two at the same time share one run. In this
// process the Store sees to that, for all replicas and over restarts service.IdempotentRequests behind it.
//
// Owner. A server has one Store, which has no goroutine but those that hold a key for as long as its request runs.
//
// Limits. Answers are remembered for 10 minutes, 500 of a caller and 10,000 in all; beyond that keys are refused rather than
// forgotten. Only successes are kept: what failed may be tried again. No HTTP is known here: package api reads the key and the
// body, and answers.
package idempotency
