package store_test

import (
	"testing"

	"github.com/tillit/tillit/store"
	"github.com/tillit/tillit/store/pgtest"
	"github.com/tillit/tillit/store/storetest"
)

const serializable = "default_transaction_isolation=serializable"

func TestOnPostgres(t *testing.T) {
	storetest.Run(t, func(t *testing.T) *store.Store { return open(t, pgtest.URL(t), store.Options{Create: true}) })
}

func TestOnPostgresSerializable(t *testing.T) {
	storetest.Run(t, func(t *testing.T) *store.Store {
		return open(t, pgtest.URL(t, serializable), store.Options{Create: true})
	})
}

// With one connection to write and one to read nothing can go on that would ever
// hold one and wait for another.
func TestOnPostgresOneConnectionIsEnough(t *testing.T) {
	storetest.Run(t, func(t *testing.T) *store.Store {
		return open(t, pgtest.URL(t), store.Options{Create: true, Writers: 1, Readers: 1})
	})
}
