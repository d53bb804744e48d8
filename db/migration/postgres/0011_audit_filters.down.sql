DROP INDEX audit_container_id_idx;
DROP INDEX audit_container_name_idx;
DROP INDEX audit_outcome_idx;
DROP INDEX audit_action_idx;
DROP INDEX audit_host_idx;
