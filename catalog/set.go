package catalog

import (
	"maps"
	"slices"
	"strconv"
	"sync/atomic"

	"github.com/tillit/tillit"
)

// A Set is every realm of one load, compiled. It never changes.
type Set struct {
	realms map[string]*realm
}

type realm struct {
	own      string // name of the file's own dialect, or ""
	version  string
	files    map[string][]byte
	catalogs map[string]*tillit.Catalog // by dialect
}

// Realms lists the realms' names, in order.
func (s *Set) Realms() []string { return slices.Sorted(maps.Keys(s.realms)) }

// Catalog gives a dialect of a realm, "" for the realm's own; nil when there is
// none.
func (s *Set) Catalog(realm, dialect string) *tillit.Catalog {
	r := s.realms[realm]
	if r == nil {
		return nil
	}
	if dialect == "" {
		dialect = r.own
	}
	return r.catalogs[dialect]
}

// Dialects lists the names of a realm's dialects, its own first; nothing where
// the realm knows none.
func (s *Set) Dialects(realm string) []string {
	r := s.realms[realm]
	if r == nil {
		return nil
	}
	var names []string
	for _, name := range slices.Sorted(maps.Keys(r.catalogs)) {
		if name != "" && name != r.own {
			names = append(names, name)
		}
	}
	if r.own != "" {
		names = append([]string{r.own}, names...)
	}
	return names
}

// Version is the SHA-256 digest, in hexadecimal, of the files that declare a
// realm, those of its registry among them; "" for a realm that is not there.
func (s *Set) Version(realm string) string {
	if r := s.realms[realm]; r != nil {
		return r.version
	}
	return ""
}

// Source gives the files of a realm as they were read, by name, to be kept with
// the version.
func (s *Set) Source(realm string) map[string][]byte {
	if r := s.realms[realm]; r != nil {
		return maps.Clone(r.files)
	}
	return nil
}

// A Holder gives the catalogs of the present set. Readers never wait; a swap is
// seen by the next call, and who holds a catalog keeps it.
type Holder struct{ set atomic.Pointer[Set] }

// NewHolder begins with a set.
func NewHolder(set *Set) *Holder {
	h := &Holder{}
	h.set.Store(set)
	return h
}

// Set gives the present set.
func (h *Holder) Set() *Set { return h.set.Load() }

// Swap puts another set in place and gives the former.
func (h *Holder) Swap(set *Set) *Set { return h.set.Swap(set) }

// Catalog gives a dialect of a realm of the present set, "" for the realm's
// own; nil when there is none.
func (h *Holder) Catalog(realm, dialect string) *tillit.Catalog {
	return h.set.Load().Catalog(realm, dialect)
}

// Realms lists the realms of the present set, in order.
func (h *Holder) Realms() []string { return h.set.Load().Realms() }

// With gives the set with scopes that organizations registered, by registry, as
// they stand at a revision of the store. Nothing is compiled again.
func (s *Set) With(registered map[string][]tillit.RegisteredScope, revision int64) *Set {
	if len(registered) == 0 {
		return s
	}
	wider := &Set{realms: make(map[string]*realm, len(s.realms))}
	for name, r := range s.realms {
		records := registered[r.catalogs[r.own].Registry]
		if len(records) == 0 {
			wider.realms[name] = r
			continue
		}
		own := *r
		own.catalogs = make(map[string]*tillit.Catalog, len(r.catalogs))
		for dialect, c := range r.catalogs {
			own.catalogs[dialect] = c.With(records, own.version+"+"+strconv.FormatInt(revision, 10))
		}
		wider.realms[name] = &own
	}
	return wider
}
