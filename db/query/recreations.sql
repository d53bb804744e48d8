-- name: CreateRecreation :exec
INSERT INTO recreations (id, at, user_id, username, server, host, container_id, container_name, step, undoing, state)
VALUES (@id, @at, @user_id, @username, @server, @host, @container_id, @container_name, @step, false, @state);

-- name: UpdateRecreation :execrows
UPDATE recreations SET step = @step, undoing = @undoing, state = @state WHERE id = @id;

-- name: RenameRecreation :execrows
UPDATE recreations SET container_name = @container_name WHERE id = @id;

-- name: DeleteRecreation :execrows
DELETE FROM recreations WHERE id = @id;

-- name: GetRecreation :one
SELECT * FROM recreations WHERE id = @id;

-- name: RecreationsOf :many
-- The recreations that a server began and that have not ended.
SELECT * FROM recreations WHERE server = @server ORDER BY at;
