-- What clients want signed. The documents are kept in parts, so that nobody has
-- to hold a large one.
CREATE TABLE orders (
	realm       TEXT   NOT NULL,
	id          TEXT   NOT NULL,
	server      TEXT   NOT NULL,
	client      TEXT   NOT NULL,
	state       TEXT   NOT NULL,
	interaction TEXT   NOT NULL,
	person      TEXT   NOT NULL,
	document    TEXT   NOT NULL, -- what never changes
	result      TEXT   NOT NULL,
	created     BIGINT NOT NULL,
	deadline    BIGINT NOT NULL,
	PRIMARY KEY (realm, id)
);
CREATE INDEX orders_person ON orders (realm, person);
CREATE INDEX orders_deadline ON orders (deadline);

CREATE TABLE contents (
	realm    TEXT   NOT NULL,
	order_id TEXT   NOT NULL,
	document BIGINT NOT NULL,
	part     BIGINT NOT NULL,
	body     BLOB   NOT NULL,
	expires  BIGINT NOT NULL,
	PRIMARY KEY (realm, order_id, document, part)
);
CREATE INDEX contents_expires ON contents (expires);

-- What acts came to, by the interaction they were done in.
CREATE TABLE acts (
	realm       TEXT   NOT NULL,
	interaction TEXT   NOT NULL,
	kind        TEXT   NOT NULL,
	person      TEXT   NOT NULL,
	result      TEXT   NOT NULL,
	expires     BIGINT NOT NULL,
	PRIMARY KEY (realm, interaction, kind)
);
CREATE INDEX acts_person ON acts (realm, person);
CREATE INDEX acts_expires ON acts (expires);
