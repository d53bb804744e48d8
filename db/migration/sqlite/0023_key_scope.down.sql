-- A key of a scope would be good for everything without it.
DELETE FROM api_keys WHERE scope <> '';
ALTER TABLE api_keys DROP COLUMN exec;
ALTER TABLE api_keys DROP COLUMN scope;
