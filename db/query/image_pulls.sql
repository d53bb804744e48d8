-- name: WriteImagePull :one
INSERT INTO image_pulls (id, user_id, state, finished, written_at) VALUES (@id, @user_id, @state, @finished, @written_at)
ON CONFLICT (id) DO UPDATE SET state = excluded.state, finished = excluded.finished, written_at = excluded.written_at
RETURNING cancelling;

-- name: GetImagePull :one
SELECT * FROM image_pulls WHERE id = @id;

-- name: CancelImagePull :execrows
UPDATE image_pulls SET cancelling = true WHERE id = @id AND NOT finished;

-- name: DeleteImagePulls :exec
DELETE FROM image_pulls WHERE written_at < @before;
