-- When a client last asked about a sign-in: it may not ask all the time.
ALTER TABLE transactions ADD COLUMN polled BIGINT NOT NULL DEFAULT 0; -- unix milliseconds; 0: never
