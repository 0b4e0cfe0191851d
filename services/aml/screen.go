package aml

import (
	"cmp"
	"context"
	"math"
	"slices"
	"sync"
	"time"

	"github.com/tillit/tillit"
)

// A Screener compares names with the current lists of a realm. It keeps them in
// memory and looks every two seconds whether others have become current.
type Screener struct {
	Store interface {
		Lists(ctx context.Context, realm string) ([]tillit.ScreeningList, error)
		Entries(ctx context.Context, l *tillit.ScreeningList) ([]tillit.ListEntry, error)
	}
	Realm string

	mu     sync.Mutex
	looked time.Time
	lists  []list
}

// lookEvery is how long another process's import may go unnoticed.
const lookEvery = 2 * time.Second

type list struct {
	tillit.ScreeningList
	entries []tillit.ListEntry
	names   []name
	parts   []part
}

// A part is one of names, and the names that have it.
type part struct {
	term
	names []int
}

// A name is one that an entry goes by.
type name struct {
	entry int
	text  string
	*spelling
}

// A Source is a list that was compared with.
type Source struct {
	List    string `json:"list"`
	Version string `json:"version"`
	Digest  string `json:"digest"`
	Entries int64  `json:"entries"`
}

// A Hit is a likeness, and how it came about.
type Hit struct {
	List     string   `json:"list"`
	Version  string   `json:"version"`
	Entry    string   `json:"entry"`
	Kind     string   `json:"kind"`
	Name     string   `json:"name"`              // as it is listed
	Matched  string   `json:"matched,omitempty"` // the other name that was like
	Programs []string `json:"programs,omitempty"`
	Score    float64  `json:"score"`
	Parts    []pair   `json:"parts"`
	Birth    string   `json:"birth"` // same, near, other, unknown
}

// A Subject is who or what is asked about.
type Subject struct {
	Name  string
	Birth string // date, "" where it is not known
	Kind  string // person or organization
}

// Screen compares a subject with every current list.
func (s *Screener) Screen(ctx context.Context, subject Subject) ([]Source, []Hit, error) {
	lists, err := s.current(ctx, lookEvery)
	if err != nil {
		return nil, nil, err
	}
	sources, hits := screen(lists, subject)
	return sources, hits, nil
}

// screen is the one comparison that there is.
func screen(lists []list, subject Subject) ([]Source, []Hit) {
	sources, hits := []Source{}, []Hit{}
	asked := spell(subject.Name)
	for i := range lists {
		l := &lists[i]
		sources = append(sources, Source{l.Name, l.Version, l.Digest, l.Entries})
		hits = append(hits, l.screen(asked, &subject)...)
	}
	slices.SortStableFunc(hits, func(a, b Hit) int { return cmp.Compare(b.Score, a.Score) })
	return sources, hits[:min(len(hits), mostHits)]
}

// mostHits bounds one answer.
const mostHits = 50

// screen looks closer at names that have a part like one that was asked about.
func (l *list) screen(asked *spelling, subject *Subject) []Hit {
	seen := map[int]bool{}
	terms := slices.Concat(asked.one, asked.with)
	for i := range l.parts {
		part := &l.parts[i]
		if slices.ContainsFunc(terms, func(t term) bool { near, _ := likeness(t, part.term); return near >= alike }) {
			for _, n := range part.names {
				seen[n] = true
			}
		}
	}
	best := map[int]Hit{}
	for n := range seen {
		name := &l.names[n]
		entry := &l.entries[name.entry]
		if subject.Kind == "person" != (entry.Kind == "person") {
			continue
		}
		score, pairs := compare(asked, name.spelling)
		born := births(subject.Birth, entry.Births)
		if born == "other" {
			score -= otherBirth
		}
		if score < hit || score <= best[name.entry].Score {
			continue
		}
		found := Hit{l.Name, l.Version, entry.Number, entry.Kind, entry.Name, "", entry.Programs, math.Round(score*1000) / 1000, pairs, born}
		if name.text != entry.Name {
			found.Matched = name.text
		}
		best[name.entry] = found
	}
	hits := make([]Hit, 0, len(best))
	for _, h := range best {
		hits = append(hits, h)
	}
	slices.SortFunc(hits, func(a, b Hit) int { return cmp.Compare(a.Entry, b.Entry) })
	return hits
}

// births says how a date of birth goes with those on a list: near is the same
// year, or the one beside where the list knows no more than the year.
func births(asked string, listed []string) string {
	if len(asked) < 4 || len(listed) == 0 {
		return "unknown"
	}
	told := "other"
	for _, b := range listed {
		switch {
		case b == asked:
			return "same"
		case len(b) >= 4 && b[:4] == asked[:4], len(b) == 4 && abs(year(b)-year(asked)) == 1:
			told = "near"
		}
	}
	return told
}

func year(date string) (n int) {
	for _, r := range date[:4] {
		n = n*10 + int(r-'0')
	}
	return n
}

func abs(n int) int { return max(n, -n) }

// current gives the lists in memory, read anew where others have become current;
// whether they have, it looks unless it did less than age ago.
func (s *Screener) current(ctx context.Context, age time.Duration) ([]list, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if time.Since(s.looked) < age {
		return s.lists, nil
	}
	all, err := s.Store.Lists(ctx, s.Realm)
	if err != nil {
		return nil, err
	}
	var lists []list
	for i := range all {
		if !all[i].Current {
			continue
		}
		if known := slices.IndexFunc(s.lists, func(l list) bool { return l.Name == all[i].Name && l.Digest == all[i].Digest }); known >= 0 {
			lists = append(lists, s.lists[known])
			continue
		}
		entries, err := s.Store.Entries(ctx, &all[i])
		if err != nil {
			return nil, err
		}
		lists = append(lists, index(all[i], entries))
	}
	s.lists, s.looked = lists, time.Now()
	return lists, nil
}

func index(of tillit.ScreeningList, entries []tillit.ListEntry) list {
	l := list{ScreeningList: of, entries: entries}
	at := map[string]int{}
	add := func(t term, n int) {
		i, known := at[t.text]
		if !known {
			i = len(l.parts)
			at[t.text] = i
			l.parts = append(l.parts, part{term: t})
		}
		l.parts[i].names = append(l.parts[i].names, n)
	}
	for i := range entries {
		for _, text := range append([]string{entries[i].Name}, entries[i].Aliases...) {
			n := name{i, text, spell(text)}
			for _, t := range slices.Concat(n.one, n.with) {
				add(t, len(l.names))
			}
			l.names = append(l.names, n)
		}
	}
	return l
}

// Ready says whether the lists can be read.
func (s *Screener) Ready(ctx context.Context) error {
	_, err := s.current(ctx, lookEvery)
	return err
}
