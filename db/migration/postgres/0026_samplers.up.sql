-- sampled names the hosts whose engines a process asks for samples at the moment, separated by spaces: those that ask the same
-- engine share its budget. sampled_version rises with each change of it, and sampled is read only then.
ALTER TABLE replicas ADD COLUMN sampled text NOT NULL DEFAULT '';
ALTER TABLE replicas ADD COLUMN sampled_version bigint NOT NULL DEFAULT 0;
