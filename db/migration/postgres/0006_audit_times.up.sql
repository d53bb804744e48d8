-- times counts what one row stands for: a refusal that was repeated.
ALTER TABLE audit ADD COLUMN times bigint NOT NULL DEFAULT 1;
