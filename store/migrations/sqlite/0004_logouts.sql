-- Clients that took part in a session that ended, and have to be told of it.
-- due is when somebody may tell next; whoever takes a row moves it ahead, so that
-- nobody else tells meanwhile.
CREATE TABLE logouts (
	realm    TEXT   NOT NULL,
	session  TEXT   NOT NULL,
	client   TEXT   NOT NULL,
	grant_id TEXT   NOT NULL, -- one of the client's in the session
	due      BIGINT NOT NULL,
	tries    BIGINT NOT NULL,
	done     BIGINT NOT NULL, -- told, or given up
	expires  BIGINT NOT NULL,
	PRIMARY KEY (realm, session, client)
);
CREATE INDEX logouts_due ON logouts (due) WHERE done = 0;
CREATE INDEX logouts_expires ON logouts (expires);
