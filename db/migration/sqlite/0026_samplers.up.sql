-- As on Postgres; the table stays empty here.
ALTER TABLE replicas ADD COLUMN sampled text NOT NULL DEFAULT '';
ALTER TABLE replicas ADD COLUMN sampled_version bigint NOT NULL DEFAULT 0;
