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
-- A page of users by folded name, after the given name.
SELECT * FROM users WHERE username_folded > @after ORDER BY username_folded LIMIT @page;

-- name: SetPassword :execrows
UPDATE users SET password_hash = @password_hash, password_changed_at = @password_changed_at WHERE id = @id;

-- name: UpgradePasswordHash :execrows
-- Stores a hash of the same password with stronger parameters, unless the password was changed meanwhile.
UPDATE users SET password_hash = @new_hash WHERE id = @id AND password_hash = @old_hash;

-- name: MarkLogin :execrows
-- Records the time of a login. It waits for a running change of the same user; no row if the password was changed or the user
-- was disabled or deleted.
UPDATE users SET last_login_at = @last_login_at
WHERE id = @id AND password_hash = @password_hash AND NOT disabled;

-- name: UpdateUser :exec
UPDATE users SET full_name = @full_name, email = @email, email_folded = @email_folded, role = @role, disabled = @disabled,
  rights = rights + @more_rights
WHERE id = @id;

-- name: RaiseRights :execrows
-- Raises the version of a user's rights: the user's open streams end, and clients reconnect with the new rights.
UPDATE users SET rights = rights + 1 WHERE id = @id;

-- name: DeleteUser :execrows
DELETE FROM users WHERE id = @id;

-- name: CountOtherAdmins :one
-- The number of admins that can log in, without the given user.
SELECT count(*) FROM users WHERE role = 'admin' AND NOT disabled AND id <> @id;
