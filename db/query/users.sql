-- name: CreateUser :exec
INSERT INTO users (id, username, username_folded, full_name, email, email_folded, password_hash,
  role, disabled, rights, password_changed_at, created_at)
VALUES (@id, @username, @username_folded, @full_name, @email, @email_folded, @password_hash,
  @role, @disabled, 0, @password_changed_at, @created_at);

-- name: CountUsers :one
SELECT count(*) FROM users;

-- name: GetUser :one
SELECT * FROM users WHERE id = @id;

-- name: GetUserByName :one
SELECT * FROM users WHERE username_folded = @username_folded;

-- name: ListUsers :many
-- A page of users by folded name, after the given one.
SELECT * FROM users WHERE username_folded > @after ORDER BY username_folded LIMIT @page;

-- name: SetPassword :execrows
UPDATE users SET password_hash = @password_hash, password_changed_at = @password_changed_at WHERE id = @id;

-- name: UpgradePasswordHash :execrows
-- Same password, stronger parameters: only if the password wasn't changed meanwhile.
UPDATE users SET password_hash = @new_hash WHERE id = @id AND password_hash = @old_hash;

-- name: MarkLogin :execrows
-- Also makes a login wait for a change of the same user that is under way, and fail after it.
UPDATE users SET last_login_at = @last_login_at
WHERE id = @id AND password_hash = @password_hash AND NOT disabled;

-- name: UpdateUser :exec
UPDATE users SET full_name = @full_name, email = @email, email_folded = @email_folded, role = @role, disabled = @disabled,
  rights = rights + @more_rights
WHERE id = @id;

-- name: RaiseRights :execrows
-- Makes open streams of the user end, to come back with the rights of now.
UPDATE users SET rights = rights + 1 WHERE id = @id;

-- name: DeleteUser :execrows
DELETE FROM users WHERE id = @id;

-- name: CountOtherAdmins :one
-- Admins that can log in, but for one user.
SELECT count(*) FROM users WHERE role = 'admin' AND NOT disabled AND id <> @id;
