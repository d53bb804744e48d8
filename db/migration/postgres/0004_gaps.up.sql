-- Gaps are few, and every question to the history asks for those of its time.
CREATE INDEX events_gap_idx ON events (time_nano) WHERE kind = 2; -- dockerx.KindGap
