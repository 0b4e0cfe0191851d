-- What the test authority of a realm issued, with its keys, encrypted before they
-- come here. Certificates of one holder follow each other by number.
CREATE TABLE certificates (
	realm         TEXT   NOT NULL,
	kind          TEXT   NOT NULL,
	holder        TEXT   NOT NULL,
	number        BIGINT NOT NULL,
	serial_number TEXT   NOT NULL,
	der           BYTEA  NOT NULL,
	private       BYTEA  NOT NULL,
	issued        BIGINT NOT NULL,
	expires       BIGINT NOT NULL,
	revoked       BIGINT NOT NULL,
	reason        BIGINT NOT NULL,
	PRIMARY KEY (realm, kind, holder, number)
);
CREATE UNIQUE INDEX certificates_serial ON certificates (realm, serial_number);
