package source

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tillit/tillit"
	"github.com/tillit/tillit/store/pgtest"
)

// A scripted asker answers what it is told to, and counts.
type scripted struct {
	asked int
	err   error
	value map[string]any
	hangs bool
}

func (s *scripted) Ask(ctx context.Context, _ tillit.SourceUse, by string) (map[string]any, error) {
	s.asked++
	if s.hangs {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	return s.value, s.err
}

func (s *scripted) Close() error { return nil }

type clock struct{ now time.Time }

func (c *clock) Now() time.Time { return c.now }

func asked(t *testing.T, s *Sources, c *tillit.Catalog) (map[string]any, error) {
	t.Helper()
	values, err := s.Values(t.Context(), c, person(attributes), []string{"visits"})
	object, _ := values["visits"].(map[string]any)
	return object, err
}

func TestOnError(t *testing.T) {
	for _, test := range []struct {
		onError       string
		warm          bool // it answered once
		there, denied bool
	}{
		{"omit", true, false, false}, {"stale", true, true, false}, {"stale", false, false, false}, {"deny", true, false, true},
	} {
		t.Run(fmt.Sprint(test.onError, test.warm), func(t *testing.T) {
			catalog := realm(t, tillit.SourceUse{Name: "visits", From: "http", By: "nnin", OnError: test.onError})
			answers := &scripted{value: map[string]any{"n": int64(3)}}
			s := New(map[Place]Asker{{"bankid", "visits"}: answers}, time.Now)
			if test.warm {
				if got, err := asked(t, s, catalog); err != nil || got["n"] != int64(3) {
					t.Fatalf("%v, %v; want an answer", got, err)
				}
			}
			answers.err = errors.New("down")
			got, err := asked(t, s, catalog)
			if (got["n"] != nil) != test.there || (err != nil) != test.denied {
				t.Errorf("%v, %v; want an answer: %t, an error: %t", got, err, test.there, test.denied)
			}
		})
	}
}

// An answer is as fresh as the realm wants it, and one person's is not another's.
func TestCacheAge(t *testing.T) {
	catalog := realm(t, tillit.SourceUse{Name: "visits", From: "http", By: "nnin", CacheAge: 60})
	answers, at := &scripted{value: map[string]any{}}, &clock{time.Unix(1_790_000_000, 0)}
	s := New(map[Place]Asker{{"bankid", "visits"}: answers}, at.Now)
	ask := func(nnin string, want int) {
		t.Helper()
		if _, err := s.Values(t.Context(), catalog, person(`{"nnin": "`+nnin+`"}`), []string{"visits"}); err != nil || answers.asked != want {
			t.Errorf("asked %d times, %v; want %d", answers.asked, err, want)
		}
	}
	ask("17858504325", 1)
	ask("17858504325", 1)
	ask("19905804440", 2)
	at.now = at.now.Add(61 * time.Second)
	ask("17858504325", 3)
}

// A source that keeps failing is left alone, and asked once after a while.
func TestBreaker(t *testing.T) {
	catalog := realm(t, tillit.SourceUse{Name: "visits", From: "http", By: "nnin", OnError: "deny"})
	answers, at := &scripted{err: errors.New("down")}, &clock{time.Unix(1_790_000_000, 0)}
	s := New(map[Place]Asker{{"bankid", "visits"}: answers}, at.Now)
	for range 10 {
		if _, err := asked(t, s, catalog); err == nil {
			t.Fatal("a source that is down answered")
		}
	}
	if answers.asked != mostFailures {
		t.Errorf("asked %d times; want %d", answers.asked, mostFailures)
	}
	at.now = at.now.Add(breakFor)
	asked(t, s, catalog)
	asked(t, s, catalog)
	if answers.asked != mostFailures+1 {
		t.Errorf("asked %d times after a while; want once more", answers.asked)
	}
	at.now, answers.err = at.now.Add(breakFor), nil
	for range 3 {
		if _, err := asked(t, s, catalog); err != nil {
			t.Errorf("back again: %v", err)
		}
	}
}

func TestDeadlineAndUnconnected(t *testing.T) {
	catalog := realm(t, tillit.SourceUse{Name: "visits", From: "http", By: "nnin", Deadline: 1, OnError: "deny"})
	slow := &scripted{hangs: true}
	if _, err := asked(t, New(map[Place]Asker{{"bankid", "visits"}: slow}, time.Now), catalog); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("%v; want the deadline", err)
	}
	if _, err := asked(t, New(nil, time.Now), catalog); err == nil || !strings.Contains(err.Error(), "not connected") {
		t.Errorf("%v; want it told that nothing is connected", err)
	}
}

// Only the roots that are named are asked for, and nobody is asked about without
// what the source knows them by.
func TestAskedForNothingElse(t *testing.T) {
	catalog := realm(t, tillit.SourceUse{Name: "visits", From: "http", By: "card"}, tillit.SourceUse{Name: "other", From: "http"})
	answers := &scripted{}
	s := New(map[Place]Asker{{"bankid", "visits"}: answers, {"bankid", "other"}: answers}, time.Now)
	for _, roots := range [][]string{nil, {"person"}, {"visits"}} {
		if _, err := s.Values(t.Context(), catalog, person(attributes), roots); err != nil || answers.asked != 0 {
			t.Errorf("%v: asked %d times, %v; want not at all", roots, answers.asked, err)
		}
	}
}

const visits = `CREATE TABLE visits (member TEXT, n BIGINT, open BOOLEAN, tags TEXT);
INSERT INTO visits VALUES ('17858504325', 3, true, '["sauna","boat"]'), ('twice', 1, false, NULL), ('twice', 2, false, NULL)`

func testSQL(t *testing.T, address string, want map[string]any) {
	t.Helper()
	db, err := OpenSQL(address, "")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	use := tillit.SourceUse{Query: "SELECT n, open, tags FROM visits WHERE member = $1"}
	got, err := db.Ask(t.Context(), use, "17858504325")
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("%v -want +got\n%s", err, diff)
	}
	if got, err := db.Ask(t.Context(), use, "x' OR '1'='1"); err != nil || len(got) != 0 {
		t.Errorf("nobody: %v, %v", got, err)
	}
	if _, err := db.Ask(t.Context(), use, "twice"); err == nil {
		t.Error("two rows are taken for one person")
	}
	if _, err := db.Ask(t.Context(), tillit.SourceUse{Query: "DELETE FROM visits WHERE member = $1 RETURNING n"}, "twice"); err == nil {
		t.Error("a source wrote into the database")
	}
	if _, err := db.Ask(t.Context(), tillit.SourceUse{Query: "SELECT n FROM nowhere WHERE x = $1"}, "17858504325"); err == nil || strings.Contains(err.Error(), "17858504325") {
		t.Errorf("%v; want an error without what was asked", err)
	}
}

func TestSQLite(t *testing.T) {
	path := filepath.Join(t.TempDir(), "visits.db")
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.Exec(visits); err != nil {
		t.Fatal(err)
	}
	db.Close()
	testSQL(t, "sqlite:"+path, map[string]any{"n": int64(3), "open": true, "tags": `["sauna","boat"]`})
}

func TestPostgreSQL(t *testing.T) {
	address := pgtest.URL(t)
	if _, err := pgtest.Open(t, address).Exec(visits); err != nil {
		t.Fatal(err)
	}
	testSQL(t, address, map[string]any{"n": int64(3), "open": true, "tags": `["sauna","boat"]`})
}

func TestAddresses(t *testing.T) {
	for _, address := range []string{"mysql://x", "postgres://user:secret@host/db", "members.db"} {
		if db, err := OpenSQL(address, ""); err == nil {
			db.Close()
			t.Errorf("%s is taken", address)
		} else if strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: %v", address, err)
		}
	}
	for _, address := range []string{"http://members.example", "https://user:secret@members.example", "ftp://members.example", "/visits"} {
		if _, err := NewHTTP(address, "", http.DefaultClient); err == nil {
			t.Errorf("%s is taken", address)
		}
	}
}

func TestHTTP(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var body struct{ By string }
		if r.Method != http.MethodPost || r.URL.RawQuery != "" || r.Header.Get("Authorization") != "Bearer key" || json.NewDecoder(r.Body).Decode(&body) != nil {
			http.Error(w, "no", http.StatusBadRequest)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		switch body.By {
		case "nobody":
			http.NotFound(w, r)
		case "list":
			io.WriteString(w, "[]")
		case "long":
			io.WriteString(w, `{"a":"`+strings.Repeat("a", maxAnswer)+`"}`)
		case "elsewhere":
			http.Redirect(w, r, "https://example.com/", http.StatusFound)
		case "text":
			w.Header().Set("Content-Type", "text/plain")
			io.WriteString(w, "{}")
		default:
			io.WriteString(w, `{"n": 3}`)
		}
	}))
	defer server.Close()
	h, err := NewHTTP(server.URL+"/visits", "key", server.Client())
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	for by, want := range map[string]map[string]any{"kari": {"n": int64(3)}, "nobody": {}, "list": nil, "long": nil, "elsewhere": nil, "text": nil} {
		got, err := h.Ask(t.Context(), tillit.SourceUse{}, by)
		if diff := cmp.Diff(want, got); diff != "" || (err != nil) != (want == nil) {
			t.Errorf("%s: %v -want +got\n%s", by, err, diff)
		}
	}
}
