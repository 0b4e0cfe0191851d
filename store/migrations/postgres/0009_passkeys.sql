-- Public keys that people sign in with. The credential id is chosen by whoever
-- holds the key, and names one key of the realm.
CREATE TABLE passkeys (
	realm      TEXT   NOT NULL,
	id         BYTEA  NOT NULL,
	person     TEXT   NOT NULL,
	public_key BYTEA  NOT NULL,
	flags      BIGINT NOT NULL,
	sign_count BIGINT NOT NULL,
	title      TEXT   NOT NULL,
	created    BIGINT NOT NULL,
	used       BIGINT NOT NULL,
	PRIMARY KEY (realm, id)
);
CREATE INDEX passkeys_person ON passkeys (realm, person);
