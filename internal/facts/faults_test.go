package facts

import (
	"fmt"
	"os"
	"strings"
	"testing"
)

// TestFaults applies every fact's fault and demands that the fact turns red:
// a fact that cannot fail says nothing. It then writes the state of all facts
// into the documents. It takes a provider per fact, so it runs only when asked:
// TILLIT_FAULTS=1 (make faults).
func TestFaults(t *testing.T) {
	if os.Getenv("TILLIT_FAULTS") == "" {
		t.Skip("takes a provider per fact; TILLIT_FAULTS=1 runs it")
	}
	state := map[string]string{}
	for _, table := range tables {
		for i := range table.facts {
			fact := &table.facts[i]
			if waits := fact.Waits(); waits != "" {
				state[fact.ID] = "waits for " + waits
				continue
			}
			t.Run(fact.ID, func(t *testing.T) {
				if broken(t, fact) {
					state[fact.ID] = "holds; its fault is found"
				} else {
					state[fact.ID] = "its fault is not found"
				}
			})
		}
	}
	if t.Failed() {
		t.Fatalf("the documents keep their tables until every fault is found")
	}
	if len(state) < countFacts() {
		t.Logf("only a part was tried: the documents keep their tables")
		return
	}
	for _, document := range documents {
		if err := writeStates(document.path, document.table, func(f *Fact) bool { return document.has(f) }, state); err != nil {
			t.Errorf("%s: %v", document.path, err)
		}
	}
}

func countFacts() int {
	count := 0
	for _, table := range tables {
		count += len(table.facts)
	}
	return count
}

// broken reports whether the fact turns red under its fault. What is not red is
// told with the fault, so that it can be mended.
func broken(t *testing.T, fact *Fact) bool {
	fault := fact.Fault
	if fault.Realm == "" {
		fault.Realm = fact.Realm
	}
	world := &World{Starter: house{}, Fault: fault}
	var startError error
	failures := Record(t.Context(), func(r TB) {
		provider, err := world.Start(r)
		if err != nil {
			startError = err
			return
		}
		fact.Check(r, world.Env(r, provider, fact.Realm))
	})
	switch {
	case startError != nil:
		t.Errorf("the fault does not even start: %v", startError)
		return false
	case len(failures) == 0:
		t.Errorf("green although %s", describe(fault))
		return false
	}
	t.Logf("%s: %s", describe(fault), failures[0])
	return true
}

func describe(f Fault) string {
	switch {
	case f.Rule != "":
		return fmt.Sprintf("rule %s is off", f.Rule)
	case f.Server != "":
		return fmt.Sprintf("check %q is off", f.Server)
	}
	if f.Demo {
		return fmt.Sprintf("demo data of %s say %q for %q", f.Realm, strings.TrimSpace(f.New), strings.TrimSpace(f.Old))
	}
	return fmt.Sprintf("realm %s says %q for %q", f.Realm, strings.TrimSpace(f.New), strings.TrimSpace(f.Old))
}
