package catalog

import (
	"io/fs"
	"slices"
	"sync"
	"sync/atomic"
)

// quickly loads realms on all processors: files are parsed side by side, and the
// schema is asked while the realms are built. Where anything is wrong it gives
// nil, and the realms are loaded again one after another: what is said of faults
// must not depend on which was found first.
func quickly(fsys fs.FS) (*Set, Faults) {
	l := &quickLoad{}
	l.work.Go(func() { _, _ = compiledSchema() }) // whoever needs it waits for it, and has its error
	sources := l.read(fsys)
	builders := map[string]*realmBuilder{}
	for _, s := range sources {
		l.wrong(builders[s.name] != nil)
		builders[s.name] = newRealmBuilder(s, &faults{}, &faults{})
		builders[s.name].check = l.check
	}
	for _, b := range builders {
		l.wrong(!b.join(builders))
	}
	if len(sources) == 0 || l.failed.Load() {
		l.work.Wait()
		return nil, nil
	}
	built := make([]*realm, len(sources))
	for i, s := range sources {
		l.work.Go(func() { built[i] = builders[s.name].build() })
	}
	l.work.Wait()
	set, warnings := &Set{realms: map[string]*realm{}}, &faults{}
	for i, s := range sources {
		l.wrong(len(builders[s.name].faults.list) > 0)
		set.realms[s.name] = built[i]
	}
	if l.failed.Load() {
		return nil, nil
	}
	for _, s := range sources {
		for _, warning := range builders[s.name].warnings.list {
			warnings.add(warning)
		}
		builders[s.name].lint(set, warnings)
	}
	return set, warnings.sorted()
}

// A quickLoad is one that gives up at the first fault.
type quickLoad struct {
	work   sync.WaitGroup
	failed atomic.Bool
}

func (l *quickLoad) wrong(is bool) {
	if is {
		l.failed.Store(true)
	}
}

// read parses the files of all realms and gives the realms in the order of their
// names.
func (l *quickLoad) read(fsys fs.FS) []*source {
	declared, err := realmFiles(fsys)
	l.wrong(err != nil)
	sources := make([]*source, len(declared))
	var parsing sync.WaitGroup
	for i, files := range declared {
		parsing.Go(func() {
			own := &faults{}
			s, err := readRealm(fsys, files, own)
			l.wrong(err != nil || s == nil || len(own.list) > 0)
			if s != nil {
				s.root.settle()
			}
			sources[i] = s
		})
	}
	parsing.Wait()
	if l.failed.Load() {
		return nil
	}
	slices.SortStableFunc(sources, byName)
	return sources
}

// check asks the schema while the builder goes on.
func (l *quickLoad) check(root *node) {
	l.work.Go(func() {
		schema, err := compiledSchema()
		l.wrong(err != nil || schema.Validate(root.plain()) != nil)
	})
}
