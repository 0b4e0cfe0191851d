package facts

import (
	"slices"
	"testing"
)

// TestFacts tries every fact that waits for nothing, by its number:
// go test -run 'TestFacts/bankid/7'.
//
// Together they use every operation that the APIs about people describe of
// themselves; TestRoutesApart does so with those of the self-service.
func TestFacts(t *testing.T) {
	world := &World{Starter: house{}}
	provider, all := tryAll(t, world, func(*Fact) bool { return true })
	if !all {
		return // a part was asked for
	}
	e := world.Env(t, provider, "maskinporten")
	for _, api := range []string{"krr", "authorizations", "userlog", "authlevel"} {
		for _, operation := range e.untried(api) {
			t.Errorf("no fact gets an answer from %s", operation)
		}
	}
}

// TestRenamed tries the facts of realms whose every name was exchanged: behaviour
// is data, so nothing may change but names. Realms that share a registry share
// the exchange.
func TestRenamed(t *testing.T) {
	for _, together := range [][]string{{"bankid"}, {"buypass"}, {"idporten", "maskinporten"}} {
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
// move its clock. All says that none was left out by -run.
func tryAll(t *testing.T, world *World, wanted func(*Fact) bool) (provider *Provider, all bool) {
	t.Helper()
	provider, err := world.Start(t)
	if err != nil {
		t.Fatalf("start: %v", err)
	}
	missed := 0
	for _, table := range tables {
		for i := range table.facts {
			fact := &table.facts[i]
			if fact.Waits() != "" || !wanted(fact) {
				continue
			}
			missed++
			t.Run(fact.ID, func(t *testing.T) {
				missed--
				fact.Check(t, world.Env(t, provider, fact.Realm))
				if t.Failed() {
					t.Logf("%s: %s", fact.ID, fact.Text)
				}
			})
		}
	}
	return provider, missed == 0
}
