-- What clients have watched. Names, dates of birth, addresses and hits are sealed.
CREATE TABLE monitors (
	realm    TEXT   NOT NULL,
	server   TEXT   NOT NULL,
	id       TEXT   NOT NULL,
	client   TEXT   NOT NULL,
	template TEXT   NOT NULL,
	document BYTEA   NOT NULL,
	watched  BIGINT NOT NULL, -- how many
	revision BIGINT NOT NULL, -- grows when somebody is added
	state    TEXT   NOT NULL, -- of the lists that all of it was compared with; '': not all
	lease    BIGINT NOT NULL, -- until when somebody is comparing, unix seconds
	raised   BIGINT NOT NULL, -- alerts since the client was last to be told
	created  BIGINT NOT NULL,
	PRIMARY KEY (realm, server, id)
);
CREATE INDEX monitors_client ON monitors (realm, server, client);

CREATE TABLE watched (
	realm    TEXT NOT NULL,
	server   TEXT NOT NULL,
	monitor  TEXT NOT NULL,
	id       TEXT NOT NULL,
	kind     TEXT NOT NULL,
	document BYTEA NOT NULL,
	hits     BYTEA NOT NULL,
	state    TEXT NOT NULL, -- of the lists that it was compared with
	PRIMARY KEY (realm, server, monitor, id)
);

-- One that was received stays a while without what it said, so that receiving it
-- twice is no error.
CREATE TABLE alerts (
	realm    TEXT   NOT NULL,
	server   TEXT   NOT NULL,
	monitor  TEXT   NOT NULL,
	id       TEXT   NOT NULL,
	watched  TEXT   NOT NULL,
	document BYTEA   NOT NULL,
	created  BIGINT NOT NULL,
	received BIGINT NOT NULL, -- 0: not yet
	expires  BIGINT NOT NULL,
	PRIMARY KEY (realm, server, monitor, id)
);
CREATE INDEX alerts_watched ON alerts (realm, server, monitor, watched);
CREATE INDEX alerts_expires ON alerts (expires);

-- Clients that have to be told of alerts, once for each monitor. Whoever takes a
-- row moves it ahead, so that nobody else tells meanwhile.
CREATE TABLE notices (
	realm   TEXT   NOT NULL,
	server  TEXT   NOT NULL,
	monitor TEXT   NOT NULL,
	id      TEXT   NOT NULL,
	due     BIGINT NOT NULL,
	tries   BIGINT NOT NULL,
	PRIMARY KEY (realm, server, monitor)
);
