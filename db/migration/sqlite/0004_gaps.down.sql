DROP INDEX events_gap_idx;
