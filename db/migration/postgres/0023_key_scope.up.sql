-- scope: what the key is for; empty for wharf's own API. exec: the key also carries what its user's grants say of terminals.
ALTER TABLE api_keys ADD COLUMN scope text NOT NULL DEFAULT '';
ALTER TABLE api_keys ADD COLUMN exec boolean NOT NULL DEFAULT false;
