package facts

import (
	"slices"
	"testing"
)

// TestFacts tries every fact that waits for nothing, by its number:
// go test -run 'TestFacts/bankid/7'.
func TestFacts(t *testing.T) {
	world := &World{Starter: house{}}
	tryAll(t, world, func(*Fact) bool { return true })
}

// TestRenamed tries the facts of realms whose every name was exchanged: behaviour
// is data, so nothing may change but names. Realms that share a registry share
// the exchange.
func TestRenamed(t *testing.T) {
	for _, together := range [][]string{{"bankid"}, {"idporten", "maskinporten"}} {
		t.Run(together[0], func(t *testing.T) {
			realms, demo := house{}.Shipped()
			renaming, err := Rename(realms, demo, together...)
			if err != nil {
				t.Fatal(err)
			}
			world := &World{Starter: house{}, Rename: renaming.Apply, Names: map[string]Names{}}
			for _, realm := range together {
				world.Names[realm] = renaming.Names()
			}
			tryAll(t, world, func(f *Fact) bool { return slices.Contains(together, f.Realm) })
		})
	}
}

// tryAll tries facts one after the other against one provider: some of them
// move its clock.
func tryAll(t *testing.T, world *World, wanted func(*Fact) bool) {
	provider, err := world.Start(t)
	if err != nil {
		t.Fatalf("start: %v", err)
	}
	for _, table := range tables {
		for i := range table.facts {
			fact := &table.facts[i]
			if fact.Waits() != "" || !wanted(fact) {
				continue
			}
			t.Run(fact.ID, func(t *testing.T) {
				fact.Check(t, world.Env(t, provider, fact.Realm))
				if t.Failed() {
					t.Logf("%s: %s", fact.ID, fact.Text)
				}
			})
		}
	}
}
