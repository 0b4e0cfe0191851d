package facts

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// tables are all facts, by the first part of their ids.
var tables = []struct {
	name  string
	facts []Fact
	count int // how many there are; a table is never quietly shortened
}{
	{"bankid", slices.Concat(bankIDFacts, bankIDFurtherFacts), 70},
	{"buypass", buypassFacts, 36},
	{"standards", slices.Concat(standardsFacts, furtherFacts), 47},
	{"digdir", slices.Concat(digdirFacts, digdirFurtherFacts), 96},
}

func TestTablesAreComplete(t *testing.T) {
	for _, table := range tables {
		if len(table.facts) != table.count {
			t.Errorf("%s: %d facts; want %d", table.name, len(table.facts), table.count)
		}
		for i := range table.facts {
			if want := fmt.Sprintf("%s/%d", table.name, i+1); table.facts[i].ID != want {
				t.Errorf("%s: fact %d has id %q; want %q", table.name, i+1, table.facts[i].ID, want)
			}
		}
	}
}

func TestFactsSayWhatTheyAre(t *testing.T) {
	for _, table := range tables {
		for i := range table.facts {
			fact := &table.facts[i]
			if fact.Text == "" || fact.Realm == "" || fact.Seed == "" || !strings.HasSuffix(fact.Text, ".") {
				t.Errorf("%s: a fact has a sentence, a realm and an origin", fact.ID)
			}
			if fact.Pending == "" && (fact.Check == nil || fact.Fault.None()) {
				t.Errorf("%s: neither pending nor with both a check and a fault", fact.ID)
			}
			if given := named(fact.Fault.Old, fact.Fault.Rule, fact.Fault.Server); given > 1 {
				t.Errorf("%s: %d faults at once; a fault is one change", fact.ID, given)
			}
		}
	}
}

func named(names ...string) int {
	count := 0
	for _, name := range names {
		if name != "" {
			count++
		}
	}
	return count
}
