ALTER TABLE replicas DROP COLUMN sampled_version;
ALTER TABLE replicas DROP COLUMN sampled;
