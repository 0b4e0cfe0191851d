package aml

import (
	"context"
	"fmt"
	"testing"

	"github.com/tillit/tillit"
)

// oneList is a store with one current list.
type oneList []tillit.ListEntry

func (l oneList) Lists(context.Context, string) ([]tillit.ScreeningList, error) {
	return []tillit.ScreeningList{{Name: "list", Version: "1", Digest: "d", Entries: int64(len(l)), Current: true}, {Name: "list", Digest: "e"}}, nil
}

func (l oneList) Entries(context.Context, *tillit.ScreeningList) ([]tillit.ListEntry, error) {
	return l, nil
}

func TestParseAndScreen(t *testing.T) {
	files := map[string][]byte{
		fileNames: []byte("7,\"TREFELL, Grane\",\"individual\",\"FOREST] [LAKE\",-0- ,-0- ,-0- ,-0- ,-0- ,-0- ,-0- ,\"DOB 04 Mar 1961; alt. DOB 1962.\"\r\n" +
			"8,\"TREFELL LTD\",-0- ,\"LAKE\",-0- ,-0- ,-0- ,-0- ,-0- ,-0- ,-0- ,-0- \r\n\x1a"),
		fileAliases:   []byte("7,1,\"aka\",\"GRANTRE, Felle\",-0-\n"),
		fileAddresses: []byte("7,1,-0- ,-0- ,\"Examplestan\",-0-\n"),
		fileComments:  []byte("7,\"DOB Jun 1970.\"\n"),
	}
	entries, digest, err := Parse(files)
	if err != nil || len(digest) != 64 || len(entries) != 2 {
		t.Fatalf("%d entries, digest %q, %v", len(entries), digest, err)
	}
	if got, want := fmt.Sprint(entries[0]), "{7 person TREFELL, Grane [GRANTRE, Felle] [FOREST LAKE] [1961-03-04 1962 1970-06] [Examplestan]}"; got != want {
		t.Errorf("entry %s; want %s", got, want)
	}
	s := &Screener{Store: oneList(entries)}
	for _, c := range []struct {
		name, birth, kind  string
		entry, matched, of string
	}{
		{"Grane Trefell", "1961-03-04", "person", "7", "", "same"},
		{"Grane Trefel", "1963-01-01", "person", "7", "", "near"},
		{"Grane Trefell", "1999-01-01", "person", "7", "", "other"},
		{"Felle Grantre", "", "person", "7", "GRANTRE, Felle", "unknown"},
		{"Trefell", "", "organization", "8", "", "unknown"},
		{"Kari Skog", "", "person", "", "", ""},
	} {
		sources, hits, err := s.Screen(t.Context(), Subject{c.name, c.birth, c.kind})
		if err != nil || len(sources) != 1 || sources[0].Digest != "d" {
			t.Fatalf("%s: sources %v, %v", c.name, sources, err)
		}
		var got Hit
		if len(hits) > 0 {
			got = hits[0]
		}
		if got.Entry != c.entry || got.Matched != c.matched || got.Birth != c.of || len(hits) > 1 {
			t.Errorf("%s, %s: %+v; want %s", c.name, c.birth, hits, c.entry)
		}
	}
	delete(files, fileComments)
	if _, _, err := Parse(files); err == nil {
		t.Error("three files of four are a list")
	}
}

func BenchmarkScreen(b *testing.B) {
	sounds := [...]string{"ka", "mo", "ri", "sten", "vik", "al", "ber", "tor", "mi", "na", "lo", "gar", "shi", "pov", "dra", "qu"}
	entries := make([]tillit.ListEntry, 20_000)
	for i := range entries {
		part := func(n int) string { return sounds[n%16] + sounds[n/16%16] + sounds[n/256%16] }
		entries[i] = tillit.ListEntry{Number: fmt.Sprint(i), Kind: "person", Name: part(i*7) + ", " + part(i*13+5) + " " + part(i/3)}
	}
	s := &Screener{Store: oneList(entries)}
	for b.Loop() {
		if _, _, err := s.Screen(b.Context(), Subject{"Kamori Stenviktor", "1958-02-02", "person"}); err != nil {
			b.Fatal(err)
		}
	}
}
