-- Sign-ins that clients may ask about afterwards. What the browser told, and who
-- it was, goes at 'expires'; the row stays a day longer, so that a client is told
-- from one who never was.
CREATE TABLE transactions (
	realm   TEXT   NOT NULL,
	id      TEXT   NOT NULL,
	client  TEXT   NOT NULL,
	person  TEXT   NOT NULL,
	acr     TEXT   NOT NULL,
	signals TEXT   NOT NULL,
	began   BIGINT NOT NULL, -- unix seconds
	asked   BIGINT NOT NULL, -- 0: not yet
	expires BIGINT NOT NULL,
	PRIMARY KEY (realm, id)
);
CREATE INDEX transactions_person ON transactions (realm, person);
CREATE INDEX transactions_expires ON transactions (expires);

-- Lists of names that people and organizations are compared with. A version is
-- compared with once all of it is there; then the ones before it go.
CREATE TABLE lists (
	realm   TEXT    NOT NULL,
	name    TEXT    NOT NULL,
	digest  TEXT    NOT NULL,
	version TEXT    NOT NULL,
	entries BIGINT  NOT NULL,
	stored  BIGINT  NOT NULL,
	active  BOOLEAN NOT NULL,
	changed BIGINT  NOT NULL, -- unix seconds
	PRIMARY KEY (realm, name, digest)
);

CREATE TABLE listed (
	realm    TEXT   NOT NULL,
	list     TEXT   NOT NULL,
	digest   TEXT   NOT NULL,
	position BIGINT NOT NULL,
	document TEXT   NOT NULL,
	PRIMARY KEY (realm, list, digest, position)
);
