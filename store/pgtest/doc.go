// Package pgtest lends tests an empty PostgreSQL database each, from one server
// for all tests of a package.
//
// The server is that of TILLIT_TEST_POSTGRES (the url of a user who may create
// databases), or else one that is started from the machine's own PostgreSQL in a
// temporary directory, on a unix socket and with fsync off: tests do not outlive a
// loss of power, and Durable turns it on for those that measure. It ends with the test
// program, however that ends. Where there is none the test is skipped.
//
//	pgtest.URL(t) ──first──▶ initdb, postgres ── a shell that waits for our end
//	              ──each───▶ CREATE DATABASE … DROP DATABASE when the test ends
//
// It is for tests only, and knows nothing of what they keep.
package pgtest
