-- generation counts the rotations of a session: tokens that one token was replaced by at about the same time share
-- theirs, and are replaced together.
ALTER TABLE refresh_tokens ADD COLUMN generation integer NOT NULL DEFAULT 0;
