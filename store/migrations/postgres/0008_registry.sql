-- What organizations register: prefixes, scopes and whom they let in. A scope is
-- never erased; scope_versions keeps what it was at each revision of 'scopes'.

CREATE TABLE prefixes (
	registry     TEXT   NOT NULL,
	prefix       TEXT   NOT NULL,
	organization TEXT   NOT NULL,
	scopes       BIGINT NOT NULL, -- how many were registered below it
	created      BIGINT NOT NULL, -- unix milliseconds
	updated      BIGINT NOT NULL,
	PRIMARY KEY (registry, prefix)
);
CREATE INDEX prefixes_organization ON prefixes (registry, organization);

CREATE TABLE scopes (
	registry TEXT   NOT NULL,
	name     TEXT   NOT NULL,
	changed  BIGINT NOT NULL, -- the revision of 'scopes' that wrote it
	document TEXT   NOT NULL,
	PRIMARY KEY (registry, name)
);
CREATE INDEX scopes_changed ON scopes (changed);

CREATE TABLE scope_versions (
	registry TEXT   NOT NULL,
	changed  BIGINT NOT NULL,
	name     TEXT   NOT NULL,
	document TEXT   NOT NULL,
	PRIMARY KEY (registry, changed)
);

-- What is said of access beside the rows of access, which are those that count.
CREATE TABLE access_records (
	registry     TEXT    NOT NULL,
	scope        TEXT    NOT NULL,
	organization TEXT    NOT NULL,
	denied       BOOLEAN NOT NULL,
	created      BIGINT  NOT NULL, -- unix milliseconds
	updated      BIGINT  NOT NULL,
	PRIMARY KEY (registry, scope, organization)
);
CREATE INDEX access_records_organization ON access_records (registry, organization);

INSERT INTO access_records (registry, scope, organization, denied, created, updated)
SELECT registry, scope, organization, FALSE, 0, 0 FROM access;

ALTER TABLE clients ADD COLUMN supplier TEXT NOT NULL DEFAULT '';
CREATE INDEX clients_organization ON clients (registry, organization);
CREATE INDEX clients_supplier ON clients (registry, supplier);
