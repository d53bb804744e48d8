-- Leases exist only on Postgres: these queries don't run on SQLite.

-- name: Beat :execrows
-- Raises a replica's beat. A null sampled leaves the stored one as it is.
UPDATE replicas SET beat = beat + 1, fleet = @fleet, sampled_version = @sampled_version, sampled = coalesce(sqlc.narg(sampled), sampled)
WHERE id = @id;

-- name: AddReplica :exec
INSERT INTO replicas (id, server, beat, fleet, sampled, sampled_version) VALUES (@id, @server, 1, @fleet, @sampled, @sampled_version);

-- name: DeleteOtherReplicasOf :execrows
DELETE FROM replicas WHERE server = @server AND id <> @id;

-- name: DeleteReplica :exec
DELETE FROM replicas WHERE id = @id AND beat <= @beat;

-- name: RemoveReplica :execrows
DELETE FROM replicas WHERE id = @id;

-- name: Replicas :many
SELECT id, beat, fleet, sampled_version FROM replicas ORDER BY id;

-- name: Sampled :many
SELECT id, sampled_version, sampled FROM replicas WHERE id <> @id;

-- name: Positions :one
-- The current value of each counter that replicas wait on.
SELECT l.value AS leases, s.value AS status, r.value AS revocations, e.last_id AS last_event
FROM counters AS l, counters AS s, counters AS r, event_log AS e
WHERE l.name = 'leases' AND s.name = 'status' AND r.name = 'revocations' AND e.one = 1;

-- name: Leases :many
SELECT host, owner, epoch FROM host_leases ORDER BY host;

-- name: AddLeases :exec
INSERT INTO host_leases (host, owner, epoch) SELECT unnest(CAST(@hosts AS text[])), '', 0
ON CONFLICT DO NOTHING;

-- name: MoveLeases :many
-- Changes the owner of each lease that still has the given epoch.
UPDATE host_leases AS l SET owner = t.owner, epoch = l.epoch + 1
FROM (SELECT unnest(CAST(@hosts AS text[])) AS host, unnest(CAST(@epochs AS bigint[])) AS epoch, unnest(CAST(@owners AS text[])) AS owner) AS t
WHERE l.host = t.host AND l.epoch = t.epoch
RETURNING l.host, l.epoch;

-- name: HeldLeases :many
-- The leases that still have the given epoch. Call it after TakeEventIDs, in the same transaction: a move of leases takes that
-- lock too.
SELECT l.host, l.epoch FROM host_leases AS l
JOIN (SELECT unnest(CAST(@hosts AS text[])) AS host, unnest(CAST(@epochs AS bigint[])) AS epoch) AS t ON l.host = t.host AND l.epoch = t.epoch;

-- name: NextStatusVersion :one
UPDATE counters SET value = value + 1 WHERE name = 'status' RETURNING value;

-- name: PutStatuses :execrows
-- Stores the status of each host whose lease still has the given epoch.
INSERT INTO host_status (host, status, version)
SELECT l.host, t.status, @version FROM host_leases AS l
JOIN (SELECT unnest(CAST(@hosts AS text[])) AS host, unnest(CAST(@epochs AS bigint[])) AS epoch, unnest(CAST(@statuses AS text[])) AS status) AS t
  ON l.host = t.host AND l.epoch = t.epoch
ON CONFLICT (host) DO UPDATE SET status = excluded.status, version = excluded.version;

-- name: StatusesAfter :many
SELECT host, status FROM host_status WHERE version > @version;

-- name: DeleteUnownedStatuses :exec
DELETE FROM host_status WHERE host IN (SELECT host FROM host_leases WHERE owner = '');

-- name: Notify :exec
-- Wakes the listeners of a channel when the transaction commits; see db.Listen.
SELECT pg_notify(@channel, @payload);
