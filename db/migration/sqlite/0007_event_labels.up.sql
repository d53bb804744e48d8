-- A container's labels, apart from what engines say of it in attrs: grants go by labels alone. A JSON object;
-- '' for what isn't about a container, and for rows from before, whose labels are concluded from attrs.
ALTER TABLE events ADD COLUMN labels text NOT NULL DEFAULT '';
