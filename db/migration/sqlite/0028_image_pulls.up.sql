-- image_pulls: pulls that a replica has under way, and those that ended within the last hour, by which the others know of them.
-- cancelling asks that replica to end the pull. On SQLite there is one process, and the table stays empty.
CREATE TABLE image_pulls (
  id         uuid PRIMARY KEY,
  user_id    uuid NOT NULL,
  state      text NOT NULL, -- service/pulls.Pull as JSON
  finished   boolean NOT NULL,
  written_at timestamp NOT NULL,
  cancelling boolean NOT NULL DEFAULT false
);

CREATE INDEX image_pulls_written_at ON image_pulls (written_at);
