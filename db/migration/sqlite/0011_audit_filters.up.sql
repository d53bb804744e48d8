-- One index for each filter of the audit, in the order of its pages. (username, id) is there already.
CREATE INDEX audit_host_idx ON audit (host, id);
CREATE INDEX audit_action_idx ON audit (action, id);
CREATE INDEX audit_outcome_idx ON audit (outcome, id);
CREATE INDEX audit_container_name_idx ON audit (container_name, id);
CREATE INDEX audit_container_id_idx ON audit (container_id, id);
