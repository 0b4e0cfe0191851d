-- What a realm issued or agreed to is keyed by realm, what is registered by
-- registry, always first in the primary key. Times are unix seconds, 0 means
-- "not". Hashes are SHA-256. JSON documents are opaque text: no statement looks
-- inside one.

CREATE TABLE meta (
	name  TEXT NOT NULL PRIMARY KEY,
	value TEXT NOT NULL
);

-- One row per kind of thing that processes cache; every change raises it.
CREATE TABLE revisions (
	name     TEXT   NOT NULL PRIMARY KEY,
	revision BIGINT NOT NULL
);

-- Registry ------------------------------------------------------------------

CREATE TABLE organizations (
	registry TEXT    NOT NULL,
	number   TEXT    NOT NULL,
	name     TEXT    NOT NULL,
	title    TEXT    NOT NULL,
	operator BOOLEAN NOT NULL,
	prefixes TEXT    NOT NULL,
	PRIMARY KEY (registry, number)
);

CREATE TABLE access (
	registry     TEXT NOT NULL,
	organization TEXT NOT NULL,
	scope        TEXT NOT NULL,
	PRIMARY KEY (registry, organization, scope)
);

-- A removed client leaves its row: its id is never given to another.
CREATE TABLE clients (
	registry     TEXT    NOT NULL,
	id           TEXT    NOT NULL,
	revision     BIGINT  NOT NULL,
	changed      BIGINT  NOT NULL, -- the revision of 'clients' that wrote it
	organization TEXT    NOT NULL,
	removed      BOOLEAN NOT NULL,
	document     TEXT    NOT NULL,
	PRIMARY KEY (registry, id)
);
CREATE INDEX clients_changed ON clients (changed);

-- People ---------------------------------------------------------------------

CREATE TABLE people (
	realm      TEXT    NOT NULL,
	id         TEXT    NOT NULL,
	username   TEXT    NOT NULL,
	folded     TEXT    NOT NULL, -- the user name as it is compared
	password   TEXT    NOT NULL,
	subject    TEXT    NOT NULL,
	attributes TEXT    NOT NULL,
	disabled   BOOLEAN NOT NULL,
	updated    BIGINT  NOT NULL,
	PRIMARY KEY (realm, id)
);
CREATE UNIQUE INDEX people_folded ON people (realm, folded);
CREATE UNIQUE INDEX people_subject ON people (realm, subject);

-- Every subject ever given; person is empty once that person was erased.
CREATE TABLE subjects (
	realm   TEXT NOT NULL,
	subject TEXT NOT NULL,
	person  TEXT NOT NULL,
	PRIMARY KEY (realm, subject)
);

CREATE TABLE pseudonyms (
	realm     TEXT NOT NULL,
	person    TEXT NOT NULL,
	pseudonym TEXT NOT NULL,
	PRIMARY KEY (realm, person)
);

-- Of a request ---------------------------------------------------------------

CREATE TABLE interactions (
	realm    TEXT   NOT NULL,
	id       TEXT   NOT NULL,
	browser  BYTEA   NOT NULL,
	purpose  TEXT   NOT NULL,
	step     BIGINT NOT NULL,
	client   TEXT   NOT NULL,
	request  TEXT   NOT NULL,
	ask      TEXT   NOT NULL,
	facts    TEXT   NOT NULL,
	context  TEXT   NOT NULL,
	person   TEXT   NOT NULL,
	language TEXT   NOT NULL,
	catalog  TEXT   NOT NULL,
	created  BIGINT NOT NULL,
	expires  BIGINT NOT NULL,
	done     BIGINT NOT NULL,
	answer   TEXT   NOT NULL,
	PRIMARY KEY (realm, id)
);
CREATE INDEX interactions_browser ON interactions (realm, browser);
CREATE INDEX interactions_expires ON interactions (expires);

CREATE TABLE sessions (
	realm     TEXT    NOT NULL,
	hash      BYTEA    NOT NULL,
	sid       TEXT    NOT NULL,
	person    TEXT    NOT NULL,
	sign_in   TEXT    NOT NULL,
	context   TEXT    NOT NULL,
	account   BOOLEAN NOT NULL,
	created   BIGINT  NOT NULL,
	last_seen BIGINT  NOT NULL,
	expires   BIGINT  NOT NULL,
	ended     BIGINT  NOT NULL,
	PRIMARY KEY (realm, hash)
);
CREATE INDEX sessions_sid ON sessions (realm, sid);
CREATE INDEX sessions_person ON sessions (realm, person);
CREATE INDEX sessions_expires ON sessions (expires);

-- Issued ---------------------------------------------------------------------

CREATE TABLE codes (
	realm             TEXT    NOT NULL,
	hash              BYTEA    NOT NULL,
	client            TEXT    NOT NULL,
	person            TEXT    NOT NULL,
	session           TEXT    NOT NULL,
	offline           BOOLEAN NOT NULL,
	redirect_uri      TEXT    NOT NULL,
	redirect_uri_sent BOOLEAN NOT NULL,
	challenge         TEXT    NOT NULL,
	document          TEXT    NOT NULL, -- the grant it becomes
	expires           BIGINT  NOT NULL,
	spent             BIGINT  NOT NULL,
	PRIMARY KEY (realm, hash)
);
CREATE INDEX codes_person ON codes (realm, person);
CREATE INDEX codes_expires ON codes (expires);

CREATE TABLE grants (
	realm    TEXT    NOT NULL,
	id       TEXT    NOT NULL,
	client   TEXT    NOT NULL,
	person   TEXT    NOT NULL,
	session  TEXT    NOT NULL,
	offline  BOOLEAN NOT NULL,
	created  BIGINT  NOT NULL,
	expires  BIGINT  NOT NULL,
	revoked  BIGINT  NOT NULL,
	document TEXT    NOT NULL,
	PRIMARY KEY (realm, id)
);
CREATE INDEX grants_person ON grants (realm, person, created);
CREATE INDEX grants_session ON grants (realm, session);
CREATE INDEX grants_expires ON grants (expires) WHERE expires > 0;
CREATE INDEX grants_revoked ON grants (revoked) WHERE revoked > 0;

CREATE TABLE withdrawn (
	realm    TEXT NOT NULL,
	grant_id TEXT NOT NULL,
	item     TEXT NOT NULL,
	PRIMARY KEY (realm, grant_id, item)
);

CREATE TABLE refresh_tokens (
	realm     TEXT   NOT NULL,
	hash      BYTEA   NOT NULL,
	grant_id  TEXT   NOT NULL,
	client    TEXT   NOT NULL,
	created   BIGINT NOT NULL,
	expires   BIGINT NOT NULL,
	spent     BIGINT NOT NULL,
	successor BYTEA,
	PRIMARY KEY (realm, hash)
);
CREATE INDEX refresh_tokens_grant ON refresh_tokens (realm, grant_id);
CREATE INDEX refresh_tokens_expires ON refresh_tokens (expires);

CREATE TABLE opaque_tokens (
	realm    TEXT   NOT NULL,
	hash     BYTEA   NOT NULL,
	grant_id TEXT   NOT NULL, -- empty: the client acts for itself
	jti      TEXT   NOT NULL,
	claims   TEXT   NOT NULL,
	expires  BIGINT NOT NULL,
	PRIMARY KEY (realm, hash)
);
CREATE INDEX opaque_tokens_grant ON opaque_tokens (realm, grant_id);
CREATE INDEX opaque_tokens_expires ON opaque_tokens (expires);

CREATE TABLE revoked_tokens (
	realm   TEXT   NOT NULL,
	jti     TEXT   NOT NULL,
	expires BIGINT NOT NULL,
	PRIMARY KEY (realm, jti)
);
CREATE INDEX revoked_tokens_expires ON revoked_tokens (expires);

-- Agreed to ------------------------------------------------------------------

CREATE TABLE remembered (
	realm    TEXT   NOT NULL,
	person   TEXT   NOT NULL,
	client   TEXT   NOT NULL,
	item     TEXT   NOT NULL,
	claims   TEXT   NOT NULL,
	shown    TEXT   NOT NULL, -- digest of the text that was shown
	at       BIGINT NOT NULL,
	language TEXT   NOT NULL,
	PRIMARY KEY (realm, person, client, item)
);

-- Keys and secrets of a realm, encrypted before they come here ------------------

CREATE TABLE signing_keys (
	realm     TEXT   NOT NULL,
	id        TEXT   NOT NULL,
	algorithm TEXT   NOT NULL,
	private   BYTEA   NOT NULL,
	created   BIGINT NOT NULL,
	activates BIGINT NOT NULL,
	retires   BIGINT NOT NULL,
	expires   BIGINT NOT NULL,
	PRIMARY KEY (realm, id)
);

-- The first key of an algorithm: of several starters one may make it.
CREATE TABLE first_keys (
	realm     TEXT NOT NULL,
	algorithm TEXT NOT NULL,
	id        TEXT NOT NULL,
	PRIMARY KEY (realm, algorithm)
);

CREATE TABLE secrets (
	realm TEXT NOT NULL,
	name  TEXT NOT NULL,
	value BYTEA NOT NULL,
	PRIMARY KEY (realm, name)
);

CREATE TABLE attempts (
	realm    TEXT   NOT NULL,
	kind     TEXT   NOT NULL,
	hash     BYTEA   NOT NULL,
	failures BIGINT NOT NULL,
	until    BIGINT NOT NULL,
	PRIMARY KEY (realm, kind, hash)
);
CREATE INDEX attempts_until ON attempts (until);

CREATE TABLE catalogs (
	version  TEXT NOT NULL PRIMARY KEY,
	document BYTEA NOT NULL
);

-- Audit ------------------------------------------------------------------------

-- One chain per process. anchor is where it hangs on the chain before it.
CREATE TABLE audit_chains (
	chain        TEXT   NOT NULL PRIMARY KEY,
	number       BIGINT NOT NULL, -- one more than the chain it hangs on
	anchor_chain TEXT   NOT NULL,
	anchor_seq   BIGINT NOT NULL,
	anchor_hash  BYTEA   NOT NULL,
	seq          BIGINT NOT NULL, -- of the last record
	hash         BYTEA   NOT NULL
);

CREATE TABLE audit (
	chain    TEXT   NOT NULL,
	seq      BIGINT NOT NULL,
	prev     BYTEA   NOT NULL,
	hash     BYTEA   NOT NULL,
	realm    TEXT   NOT NULL,
	time     BIGINT NOT NULL,
	event    TEXT   NOT NULL,
	client   TEXT   NOT NULL,
	subject  TEXT   NOT NULL,
	grant_id TEXT   NOT NULL,
	record   TEXT   NOT NULL,
	PRIMARY KEY (chain, seq)
);
CREATE INDEX audit_time ON audit (realm, time);
CREATE INDEX audit_signed_in ON audit (realm, subject, time) WHERE event = 'signed_in';

CREATE TABLE audit_tokens (
	realm TEXT   NOT NULL,
	jti   TEXT   NOT NULL,
	chain TEXT   NOT NULL,
	seq   BIGINT NOT NULL,
	PRIMARY KEY (realm, jti)
);

CREATE TABLE audit_checkpoints (
	chain TEXT   NOT NULL,
	seq   BIGINT NOT NULL,
	hash  BYTEA   NOT NULL,
	jws   TEXT   NOT NULL,
	PRIMARY KEY (chain, seq)
);
