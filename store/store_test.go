package store_test

import (
	"path/filepath"
	"testing"

	"github.com/tillit/tillit/store"
	"github.com/tillit/tillit/store/storetest"
)

func open(t *testing.T, url string, options store.Options) *store.Store {
	t.Helper()
	s, err := store.Open(t.Context(), url, options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func TestInMemory(t *testing.T) {
	storetest.Run(t, func(t *testing.T) *store.Store { return open(t, ":memory:", store.Options{}) })
}

func TestOnFile(t *testing.T) {
	storetest.Run(t, func(t *testing.T) *store.Store {
		return open(t, "sqlite:"+filepath.Join(t.TempDir(), "tillit.db"), store.Options{Create: true})
	})
}
