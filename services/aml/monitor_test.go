package aml

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"
)

var testNow = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func anyAddress(string) error { return nil }

// TestBodiesTellEverything: every fault of a body is told, where it stands, and no
// value of it.
func TestBodiesTellEverything(t *testing.T) {
	const long = "long"
	fill := strings.Repeat("å", 101)
	for body, want := range map[string]string{
		`[{"firstName": "Kari", "lastName": "Skogheim", "dateOfBirth": "1985-05-17", "reference": "7"}]`: "",
		`[{"firstName": " Kari ", "lastName": "O'Skog-Heim d.e.", "dateOfBirth": "1897-01-01"}]`:         "",
		`{}`:     "the body",
		`[]`:     "the body",
		`[1, 2]`: "[0] [1]",
		`[{}]`:   "[0].firstName [0].lastName [0].dateOfBirth",
		`[{"firstName": "K", "firstName": "L", "lastName": "S", "dateOfBirth": "1985-05-17"}]`:                   "[0].firstName",
		`[{"firstName": null, "lastName": ["S"], "dateOfBirth": 1985}]`:                                          "[0].firstName [0].lastName [0].dateOfBirth",
		`[{"firstName": "` + long + `", "lastName": "S\u0000", "dateOfBirth": "1985-13-01"}]`:                    "[0].firstName [0].lastName [0].dateOfBirth",
		`[{"firstName": "\u0000", "lastName": "\u202e", "dateOfBirth": "\u0000", "reference": "\u0000"}]`:        "[0].firstName [0].lastName [0].dateOfBirth [0].reference",
		`[{"firstName": "7", "lastName": "--", "dateOfBirth": "2026-03-02"}]`:                                    "[0].firstName [0].lastName [0].dateOfBirth",
		`[{"firstName": "K", "lastName": "S", "dateOfBirth": "1895-01-01", "ssn": "17858504325"}]`:               "[0] [0].dateOfBirth",
		`[{"firstName": "K", "lastName": "S", "dateOfBirth": "1985-5-17", "reference": "` + long + `"}, "Kari"]`: "[0].dateOfBirth [0].reference [1]",
	} {
		r := &reading{now: testNow}
		r.people(json.RawMessage(strings.ReplaceAll(body, long, fill)))
		var where []string
		for _, fault := range r.faults {
			at, _, _ := strings.Cut(fault, ": ")
			where = append(where, at)
			if strings.Contains(fault, "17858504325") || strings.Contains(fault, fill) {
				t.Errorf("%s: a value is repeated: %s", body, fault)
			}
		}
		if got := strings.Join(where, " "); sortedWords(got) != sortedWords(want) {
			t.Errorf("%s: faults at %q; want %q", body, got, want)
		}
	}
}

// sortedWords puts the words of a text in order.
func sortedWords(text string) string {
	words := strings.Fields(text)
	slices.Sort(words)
	return strings.Join(words, " ")
}

func TestOrganizationsAreNamed(t *testing.T) {
	named := func(number string) (string, error) {
		if number == "310200107" {
			return "Furulia Handel AS", nil
		}
		return "", nil
	}
	for body, want := range map[string]string{
		`[{"organizationNumber": "310200107"}]`:                   "Furulia Handel AS",
		`[{"organizationNumber": "310200107", "name": "Other"}]`:  "Furulia Handel AS",
		`[{"organizationNumber": "974760673", "name": "Others"}]`: "Others",
		`[{"organizationNumber": "974760673"}]`:                   "",
		`[{"organizationNumber": "974760672", "name": "Others"}]`: "",
		`[{"organizationNumber": 974760673, "name": "Others"}]`:   "",
	} {
		r := &reading{now: testNow}
		list, err := r.organizations(json.RawMessage(body), named)
		if err != nil {
			t.Fatal(err)
		}
		if (len(r.faults) == 0) != (want != "") || want != "" && list[0].Name != want {
			t.Errorf("%s: %+v, faults %v; want %q", body, list, r.faults, want)
		}
	}
}

// TestNews: the version of a list is no news, nor is the order of its hits.
func TestNews(t *testing.T) {
	was := Hit{List: "OFAC", Version: "1", Entry: "7", Name: "TREFELL, Grane", Programs: []string{"LAKE"}, Score: 0.9, Birth: "near"}
	before := []Hit{{List: "OFAC", Entry: "6"}, was}
	for what, c := range map[string]struct {
		edit       func(h *Hit)
		change     string
		attributes string
	}{
		"nothing":       {func(*Hit) {}, "", ""},
		"version":       {func(h *Hit) { h.Version = "2" }, "", ""},
		"another entry": {func(h *Hit) { h.Entry = "8" }, "new", ""},
		"another list":  {func(h *Hit) { h.List = "EU" }, "new", ""},
		"programs":      {func(h *Hit) { h.Programs = []string{"LAKE", "FOREST"} }, "changed", "programs"},
		"two things":    {func(h *Hit) { h.Score, h.Birth = 0.95, "same" }, "changed", "birth score"},
	} {
		hit := was
		c.edit(&hit)
		change, attributes := news(&hit, before)
		if change != c.change || strings.Join(attributes, " ") != c.attributes {
			t.Errorf("%s: %q %v; want %q %s", what, change, attributes, c.change, c.attributes)
		}
	}
}

func FuzzMonitorBodies(f *testing.F) {
	f.Add([]byte(`[{"firstName":"Kari","lastName":"Skogheim","dateOfBirth":"1985-05-17"}]`))
	f.Add([]byte(`{"name":"Customers","webhook":"https://client.example/hook","template":"OFac"}`))
	f.Add([]byte(`[{"organizationNumber":"974760673","name":"x"}]`))
	f.Fuzz(func(t *testing.T, text []byte) {
		if !json.Valid(text) {
			return
		}
		named := func(string) (string, error) { return "", nil }
		people, plans, organizations := &reading{now: testNow}, &reading{now: testNow}, &reading{now: testNow}
		for _, p := range people.people(text) {
			if len(people.faults) == 0 && (p.FirstName == "" || p.LastName == "" || len(p.DateOfBirth) != 10 || p.Reference == told) {
				t.Errorf("%s was taken as %+v", text, p)
			}
		}
		if p := plans.plan(text, []string{"OFac"}, anyAddress); len(plans.faults) == 0 && (p.Name == "" || p.Template != "OFac") {
			t.Errorf("%s was taken as %+v", text, p)
		}
		list, _ := organizations.organizations(text, named)
		for _, p := range list {
			if len(organizations.faults) == 0 && (p.Name == "" || len(p.OrganizationNumber) != 9) {
				t.Errorf("%s was taken as %+v", text, p)
			}
		}
	})
}
