package catalog

import (
	"testing"

	"github.com/tillit/tillit/realms"
)

func TestShippedRealmsLoad(t *testing.T) {
	set, err := Load(realms.Files())
	if err != nil {
		t.Fatal(err)
	}
	for _, realm := range set.Realms() {
		for _, dialect := range set.Dialects(realm) {
			if set.Catalog(realm, dialect) == nil {
				t.Errorf("%s has no dialect %s", realm, dialect)
			}
		}
		if set.Catalog(realm, "") == nil {
			t.Errorf("%s has no catalog of its own", realm)
		}
	}
}
