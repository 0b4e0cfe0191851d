package kills

import (
	"context"
	"errors"
	"net"
	"syscall"
	"testing"
	"time"

	"github.com/tillit/tillit/store/pgtest"
)

// crashing gives a database, and what crashes its server and waits until it is back.
func crashing(t *testing.T) (url string, fail func()) {
	url = pgtest.URL(t)
	return url, func() {
		pgtest.Crash(t, url)
		awaitDatabase(t, url)
	}
}

// failingOver gives a database with a streaming standby, and what takes the first
// down and lets the second take over.
func failingOver(t *testing.T) (url string, fail func()) {
	url, down, promote := pgtest.Pair(t)
	return url, func() {
		down()
		time.Sleep(time.Second) // meanwhile there is no database
		promote()
		awaitDatabase(t, url)
	}
}

func awaitDatabase(t *testing.T, url string) {
	t.Helper()
	db := pgtest.Open(t, url)
	defer db.Close()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if !waitFor(ctx, func() bool { return db.PingContext(ctx) == nil }) {
		t.Fatal("the database does not come back")
	}
}

// unseen reports whether a replica cannot have seen the request.
func unseen(err error) bool {
	var dial *net.OpError
	return errors.As(err, &dial) && dial.Op == "dial" || errors.Is(err, syscall.ECONNREFUSED)
}
