package login

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/tillit/tillit"
)

// A claimant is who somebody claims to be, with what the directory knows of how
// that person signs in: the attribute sign_in. person is nil for an unknown
// name.
//
//	sign_in:
//	  ways: [BID, BIS]     codes of the ways the person has; absent: all. By
//	                       passkeys signs in whoever added one
//	  otp: "123456"        what to type into a way's field, in test realms
//	  acr: …               the level reached, where a way has several
//	  facts: {…}           what expressions read below sign_in
//
// Every other member is a fact too.
type claimant struct {
	person *tillit.Person
	signIn map[string]any
	test   bool
}

// Codes that test realms use where a person has none of their own.
var fixedCodes = map[string]string{"otp": "123456", "pin": "1234"}

func (b *Book) claimant(realm string, person *tillit.Person) (claimant, error) {
	c := claimant{person: person, test: b.test(realm)}
	if person == nil || len(person.Attributes) == 0 {
		return c, nil
	}
	var attributes struct {
		SignIn json.RawMessage `json:"sign_in"`
	}
	if err := json.Unmarshal(person.Attributes, &attributes); err != nil {
		return c, fmt.Errorf("attributes of person %s of realm %s: no JSON object", person.ID, realm)
	}
	if len(attributes.SignIn) == 0 {
		return c, nil
	}
	decoder := json.NewDecoder(bytes.NewReader(attributes.SignIn))
	decoder.UseNumber() // integers stay integers
	if err := decoder.Decode(&c.signIn); err != nil {
		return c, fmt.Errorf("attribute sign_in of person %s of realm %s: no JSON object", person.ID, realm)
	}
	return c, nil
}

// has reports whether the person can use the way.
func (c claimant) has(way string) bool {
	ways, said := c.signIn["ways"].([]any)
	return !said || slices.Contains(ways, any(way))
}

// acr gives the value the sign-in reached: the way's highest unless the
// directory says which.
func (c claimant) acr(way *tillit.Way) string {
	if said, _ := c.signIn["acr"].(string); slices.Contains(way.ACR, said) {
		return said
	}
	if len(way.ACR) == 0 {
		return ""
	}
	return way.ACR[0]
}

// expects gives what has to be typed into a field, "" when nothing is right.
// Fixed codes exist in test realms only.
func (c claimant) expects(field string) string {
	if !c.test || c.person == nil {
		return ""
	}
	if said, ok := c.signIn[field].(string); ok {
		return said
	}
	return fixedCodes[field]
}
