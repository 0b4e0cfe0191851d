-- Who may register clients by themselves: so many, until then.
CREATE TABLE initial_tokens (
	realm   TEXT   NOT NULL,
	hash    BYTEA  NOT NULL,
	uses    BIGINT NOT NULL, -- left
	expires BIGINT NOT NULL,
	PRIMARY KEY (realm, hash)
);
CREATE INDEX initial_tokens_expires ON initial_tokens (expires);

-- Who may change or remove a client that was registered so.
CREATE TABLE registrations (
	registry TEXT   NOT NULL,
	client   TEXT   NOT NULL,
	realm    TEXT   NOT NULL,
	hash     BYTEA  NOT NULL,
	created  BIGINT NOT NULL,
	PRIMARY KEY (registry, client)
);
