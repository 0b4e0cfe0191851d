-- Who may act for whom, as a delegation source keeps it.
CREATE TABLE delegations (
	registry TEXT   NOT NULL,
	source   TEXT   NOT NULL,
	consumer TEXT   NOT NULL,
	supplier TEXT   NOT NULL,
	scope    TEXT   NOT NULL,
	created  BIGINT NOT NULL,
	PRIMARY KEY (registry, source, consumer, supplier, scope)
);
CREATE INDEX delegations_supplier ON delegations (registry, source, supplier);

-- What sources add to authorization details: system users, consents. name is
-- what of a detail finds it.
CREATE TABLE completions (
	registry     TEXT   NOT NULL,
	source       TEXT   NOT NULL,
	organization TEXT   NOT NULL,
	name         TEXT   NOT NULL,
	adds         TEXT   NOT NULL,
	created      BIGINT NOT NULL,
	expires      BIGINT NOT NULL,
	PRIMARY KEY (registry, source, organization, name)
);
CREATE INDEX completions_expires ON completions (expires) WHERE expires > 0;
