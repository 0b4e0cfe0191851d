package store_test

import (
	"path/filepath"
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

// several opens n stores on one database.
func several(url func(*testing.T) string) storetest.OpenSeveral {
	return func(t *testing.T, n int) []*store.Store {
		stores, address := make([]*store.Store, n), url(t)
		for i := range stores {
			stores[i] = open(t, address, store.Options{Create: true})
		}
		return stores
	}
}

func TestReplicasOnPostgres(t *testing.T) {
	storetest.RunReplicas(t, several(func(t *testing.T) string { return pgtest.URL(t) }))
}

func TestReplicasOnPostgresSerializable(t *testing.T) {
	storetest.RunReplicas(t, several(func(t *testing.T) string { return pgtest.URL(t, serializable) }))
}

// A command beside a running process: two and three writers of one file.
func TestProcessesOnOneFile(t *testing.T) {
	storetest.RunReplicas(t, several(func(t *testing.T) string { return filepath.Join(t.TempDir(), "tillit.db") }))
}
