package tillit_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tillit/tillit"
	"github.com/tillit/tillit/story"
)

// TestViewHoldsNoTextOfTheRequest writes one text, as if it were somebody's
// number, into everything of a request that is free, and looks for it in the
// record. The record still tells how many things were asked for, and why each
// was not given.
func TestViewHoldsNoTextOfTheRequest(t *testing.T) {
	const number = "17858512370"
	const library = "realm library\nclient branch\nhas everything\n"
	for _, test := range []struct {
		name, scene string
		scopes      int
	}{
		{"scope left out", library + "asks openid " + number + " a" + number + "\nsigned in card", 3},
		{"scope refused", "realm bankid\nclient merchant\nasks openid " + number, 2},
		{"claim", library + `claims {"userinfo": {"` + number + `": null}, "id_token": {"` + number + `": {"value": "` + number + `"}}}` + "\nasks openid\nsigned in card", 1},
		{"resource refused", library + "asks openid\nresource https://" + number + ".example", 1},
		{"resource of any URI", "realm idporten\nclient api_klient\nhas everything\nasks openid\nresource https://" + number + ".example\nsigned in BankID", 1},
		{"detail type", library + "asks openid\ndetails [{\"type\": \"" + number + "\"}]", 1},
		{"detail member", library + "asks openid\npushed\ndetails [{\"type\": \"room\", \"number\": 1, \"" + number + "\": 1}]", 1},
		{"detail value", library + "asks openid\nsigned in card\ndetails [{\"type\": \"seat\", \"row\": \"" + number + "\"}]", 1},
		{"acr", library + "asks openid fresh\nacr_values " + number + "\nsigned in card", 2},
		{"essential acr", library + `claims {"id_token": {"acr": {"essential": true, "value": "` + number + `"}}}` + "\nasks openid", 1},
		{"response type", library + "asks openid code_only\nanswers " + number, 2},
		{"consumer", library + "at token\nasks town:ledger\nconsumer " + number + "\naccess town:ledger", 1},
		{"parameter", library + "asks openid\nparameter text " + number, 1},
		{"person", library + "asks openid\nperson " + number + "\nsigned in card", 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := story.NewScene(find)
			for _, line := range strings.Split(test.scene, "\n") {
				if err := s.Read(line); err != nil {
					t.Fatalf("%q: %v", line, err)
				}
			}
			d := s.Decide()
			view := d.View(s.Catalog, &s.Client, &s.Ask, &s.Facts)
			record, err := json.Marshal(view)
			if err != nil {
				t.Fatal(err)
			}
			if strings.Contains(string(record), number) {
				t.Errorf("the record holds text of the request: %s", record)
			}
			if len(view.Scopes) != test.scopes || len(view.Claims) != len(d.ClaimVerdicts(s.Catalog)) || len(view.Resources) != len(d.Resources) || len(view.Details) != len(d.Details) {
				t.Errorf("the record counts otherwise than the decision: %s", record)
			}
			for i, v := range view.Scopes {
				if v.Reason != d.Scopes[i].Reason {
					t.Errorf("the record says %s of scope %d, the decision %s", v.Reason, i, d.Scopes[i].Reason)
				}
			}
		})
	}
}

// TestViewKeepsTheCatalogsNames: a record that names nothing explains nothing.
func TestViewKeepsTheCatalogsNames(t *testing.T) {
	for _, s := range readStories(t) {
		if strings.Contains(s.Parts[0].Scene, "passport") || strings.Contains(s.Parts[0].Scene, "nonsense") || len(s.Parts) > 1 {
			continue
		}
		part := tell(t, s)[0]
		scene, d := part.Scene, &part.Decision
		for i, v := range d.View(scene.Catalog, &scene.Client, &scene.Ask, &scene.Facts).Scopes {
			if v != d.Scopes[i] && v.By != "?" {
				t.Errorf("%s: the record says %v, the decision %v", s.Name, v, d.Scopes[i])
			}
		}
	}
}

// TestViewSaysWhatFor: a scope that is put on a client for a reason is recorded with
// the reason, where it is given and only there.
func TestViewSaysWhatFor(t *testing.T) {
	s := story.NewScene(find)
	for _, line := range []string{"realm bankid", "client merchant", "has nnin nnin_altsub phone", "asks openid nnin_altsub phone", "signed in BID"} {
		if err := s.Read(line); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
	}
	for i := range s.Client.Scopes {
		s.Client.Scopes[i].Notes = map[string]string{"legal_basis": "the act on something", "purpose": "lookup", "ticket": "4711"}
	}
	d := s.Decide()
	want := []tillit.Provision{{Scope: "nnin_altsub", Notes: map[string]string{"legal_basis": "the act on something", "purpose": "lookup"}}}
	if diff := cmp.Diff(want, d.View(s.Catalog, &s.Client, &s.Ask, &s.Facts).Reasons); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
