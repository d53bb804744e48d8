DROP TABLE audit;
DROP TABLE refresh_tokens;
DROP TABLE api_keys;
DROP TABLE grants;
