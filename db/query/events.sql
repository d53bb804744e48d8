-- name: TakeEventIDs :one
-- Reserves ids for events. This also locks the row until the transaction ends, on both databases, so that appends run one after
-- another.
UPDATE event_log SET last_id = last_id + @count WHERE one = 1 RETURNING last_id;

-- name: InsertEvent :execrows
INSERT INTO events (id, host, kind, type, action, actor_id, actor_name, time_nano, attrs, from_nano, to_nano, reason, key, labels, logged_at)
VALUES (@id, @host, @kind, @type, @action, @actor_id, @actor_name, @time_nano, @attrs, @from_nano, @to_nano, @reason, @key, @labels, @logged_at)
ON CONFLICT DO NOTHING;

-- name: InsertEvents :many
-- Only for Postgres: one round trip for a batch.
INSERT INTO events (id, host, kind, type, action, actor_id, actor_name, time_nano, attrs, from_nano, to_nano, reason, key, labels, logged_at)
SELECT unnest(CAST(@ids AS bigint[])), unnest(CAST(@hosts AS text[])), unnest(CAST(@kinds AS integer[])),
  unnest(CAST(@types AS text[])), unnest(CAST(@actions AS text[])), unnest(CAST(@actor_ids AS text[])),
  unnest(CAST(@actor_names AS text[])), unnest(CAST(@time_nanos AS bigint[])), unnest(CAST(@attrs AS text[])),
  unnest(CAST(@from_nanos AS bigint[])), unnest(CAST(@to_nanos AS bigint[])), unnest(CAST(@reasons AS text[])),
  unnest(CAST(@keys AS bigint[])), unnest(CAST(@labels AS text[])), CAST(@logged_at AS timestamptz)
ON CONFLICT DO NOTHING
RETURNING id;

-- name: GetEventLog :one
SELECT last_id, trimmed_id FROM event_log WHERE one = 1;

-- name: EventsAfterID :many
SELECT * FROM events
WHERE id > @after AND id <= @until
  AND (CAST(sqlc.narg(host) AS text) IS NULL OR host = sqlc.narg(host))
ORDER BY id
LIMIT @max_rows;

-- name: RecentEventsOfHost :many
SELECT * FROM events
WHERE time_nano >= @since AND host = @host AND kind = 0
ORDER BY time_nano DESC
LIMIT @max_rows;

-- The history by the engines' time, forwards and backwards. Rows are compared and ordered by all columns of an index, so that the
-- planner can't choose another index: with the index of times, a search for a host that was busy long ago would scan the whole
-- log. The only filter that applies to gaps (kind 2) is the host, so only EventsOfType returns them.

-- name: EventsByTime :many
SELECT * FROM events
WHERE (time_nano, id) > (CAST(@since AS bigint), CAST(@since_id AS bigint)) AND time_nano <= @until AND kind <> 2
ORDER BY time_nano, id
LIMIT @max_rows;

-- name: EventsByTimeBackwards :many
SELECT * FROM events
WHERE (time_nano, id) < (CAST(@until AS bigint), CAST(@until_id AS bigint)) AND time_nano >= @since AND kind <> 2
ORDER BY time_nano DESC, id DESC
LIMIT @max_rows;

-- name: EventsOfHost :many
SELECT * FROM events
WHERE (host, time_nano, id) > (@host, CAST(@since AS bigint), CAST(@since_id AS bigint)) AND (host, time_nano) <= (@host, CAST(@until AS bigint))
  AND kind <> 2
ORDER BY host, time_nano, id
LIMIT @max_rows;

-- name: EventsOfHostBackwards :many
SELECT * FROM events
WHERE (host, time_nano, id) < (@host, CAST(@until AS bigint), CAST(@until_id AS bigint)) AND (host, time_nano) >= (@host, CAST(@since AS bigint))
  AND kind <> 2
ORDER BY host DESC, time_nano DESC, id DESC
LIMIT @max_rows;

-- name: EventsOfVerb :many
SELECT * FROM events
WHERE (verb, time_nano, id) > (@verb, CAST(@since AS bigint), CAST(@since_id AS bigint)) AND (verb, time_nano) <= (@verb, CAST(@until AS bigint))
  AND kind <> 2
ORDER BY verb, time_nano, id
LIMIT @max_rows;

-- name: EventsOfVerbBackwards :many
SELECT * FROM events
WHERE (verb, time_nano, id) < (@verb, CAST(@until AS bigint), CAST(@until_id AS bigint)) AND (verb, time_nano) >= (@verb, CAST(@since AS bigint))
  AND kind <> 2
ORDER BY verb DESC, time_nano DESC, id DESC
LIMIT @max_rows;

-- name: EventsOfType :many
-- Events of one type; not of type container, which is most of the log. The time of a gap is its end: to include gaps that begin in
-- a range and end after it, pass the range's end as begins_until and a later until.
SELECT * FROM events
WHERE (type, time_nano, id) > (@type, CAST(@since AS bigint), CAST(@since_id AS bigint)) AND (type, time_nano) <= (@type, CAST(@until AS bigint))
  AND type <> 'container' AND from_nano <= @begins_until
  AND (CAST(sqlc.narg(host) AS text) IS NULL OR host = sqlc.narg(host))
ORDER BY type, time_nano, id
LIMIT @max_rows;

-- name: EventsOfTypeBackwards :many
SELECT * FROM events
WHERE (type, time_nano, id) < (@type, CAST(@until AS bigint), CAST(@until_id AS bigint)) AND (type, time_nano) >= (@type, CAST(@since AS bigint))
  AND type <> 'container' AND from_nano <= @begins_until
  AND (CAST(sqlc.narg(host) AS text) IS NULL OR host = sqlc.narg(host))
ORDER BY type DESC, time_nano DESC, id DESC
LIMIT @max_rows;

-- name: EventsOfName :many
SELECT * FROM events
WHERE (actor_name, time_nano, id) > (@name, CAST(@since AS bigint), CAST(@since_id AS bigint)) AND (actor_name, time_nano) <= (@name, CAST(@until AS bigint))
  AND kind <> 2
ORDER BY actor_name, time_nano, id
LIMIT @max_rows;

-- name: EventsOfNameBackwards :many
SELECT * FROM events
WHERE (actor_name, time_nano, id) < (@name, CAST(@until AS bigint), CAST(@until_id AS bigint)) AND (actor_name, time_nano) >= (@name, CAST(@since AS bigint))
  AND kind <> 2
ORDER BY actor_name DESC, time_nano DESC, id DESC
LIMIT @max_rows;

-- name: EventsOfActor :many
SELECT * FROM events
WHERE (actor_id, time_nano, id) > (@actor, CAST(@since AS bigint), CAST(@since_id AS bigint)) AND (actor_id, time_nano) <= (@actor, CAST(@until AS bigint))
  AND kind <> 2
ORDER BY actor_id, time_nano, id
LIMIT @max_rows;

-- name: EventsOfActorBackwards :many
SELECT * FROM events
WHERE (actor_id, time_nano, id) < (@actor, CAST(@until AS bigint), CAST(@until_id AS bigint)) AND (actor_id, time_nano) >= (@actor, CAST(@since AS bigint))
  AND kind <> 2
ORDER BY actor_id DESC, time_nano DESC, id DESC
LIMIT @max_rows;

-- name: EngineEventsOfContainer :many
-- The events that an engine reported for a container in a time range, by time, after the event since_id at the time since.
SELECT id, action, time_nano, attrs FROM events
WHERE actor_id = @container_id AND host = @host AND kind = 0 AND type = 'container'
  AND time_nano >= @since AND (time_nano > @since OR id > @since_id) AND time_nano <= @until
ORDER BY time_nano, id
LIMIT @max_rows;

-- name: NextActor :one
SELECT actor_id FROM events WHERE actor_id >= @least AND actor_id < @until ORDER BY actor_id LIMIT 1;

-- name: NthEvent :one
-- The event with nth older events, by id.
SELECT id, logged_at FROM events ORDER BY id LIMIT 1 OFFSET @nth;

-- name: DeleteEventsUpTo :execrows
DELETE FROM events WHERE id <= @id;

-- name: SetTrimmed :exec
UPDATE event_log SET trimmed_id = @trimmed_id WHERE one = 1;

-- name: PutEventContainer :exec
INSERT INTO event_containers (host, id, name, state) VALUES (@host, @id, @name, @state)
ON CONFLICT (host, id) DO UPDATE SET name = excluded.name, state = excluded.state;

-- name: PutEventContainers :exec
-- Only for Postgres: one round trip for a batch.
INSERT INTO event_containers (host, id, name, state)
SELECT unnest(CAST(@hosts AS text[])), unnest(CAST(@ids AS text[])), unnest(CAST(@names AS text[])), unnest(CAST(@states AS text[]))
ON CONFLICT (host, id) DO UPDATE SET name = excluded.name, state = excluded.state;

-- name: DeleteEventContainer :exec
DELETE FROM event_containers WHERE host = @host AND id = @id;

-- name: EventContainersOfHost :many
SELECT id, name, state FROM event_containers WHERE host = @host;

-- name: PutEventHost :exec
INSERT INTO event_hosts (host, anchor, seen_nano) VALUES (@host, @anchor, @seen_nano)
ON CONFLICT (host) DO UPDATE SET seen_nano = excluded.seen_nano,
  anchor = CASE WHEN excluded.anchor = '' THEN event_hosts.anchor ELSE excluded.anchor END;

-- name: PutEventHosts :exec
-- Only for Postgres: one round trip for a batch.
INSERT INTO event_hosts (host, anchor, seen_nano)
SELECT unnest(CAST(@hosts AS text[])), unnest(CAST(@anchors AS text[])), unnest(CAST(@seen_nanos AS bigint[]))
ON CONFLICT (host) DO UPDATE SET seen_nano = excluded.seen_nano,
  anchor = CASE WHEN excluded.anchor = '' THEN event_hosts.anchor ELSE excluded.anchor END;

-- name: GetEventHost :one
SELECT anchor, seen_nano FROM event_hosts WHERE host = @host;
