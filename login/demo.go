package login

import "github.com/tillit/tillit"

// A Demo is a person whose password is no secret. Name is what the page shows,
// empty for the user name.
type Demo struct {
	Person         tillit.Person
	Name, Password string
}

// DemoPeople lists who can sign in with the way, in a test realm; elsewhere, and
// without [Config].Demo, nobody.
func (b *Book) DemoPeople(realm string, way *tillit.Way) []tillit.DemoPerson {
	m, err := b.method(realm, way)
	if err != nil || b.Demo == nil || !b.test(realm) || b.ByKey(way) { // a key cannot be told
		return nil
	}
	var people []tillit.DemoPerson
	for _, d := range b.Demo(realm) {
		c, err := b.claimant(realm, &d.Person)
		if err != nil || d.Person.Disabled || !c.has(way.Code) {
			continue // who cannot sign in is not offered
		}
		people = append(people, c.demo(d, m.fields(way)))
	}
	return people
}

func (c claimant) demo(d Demo, fields []string) tillit.DemoPerson {
	p := tillit.DemoPerson{Username: d.Person.Username, Name: d.Name, Password: d.Password, Extra: map[string]string{}}
	if p.Name == "" {
		p.Name = p.Username
	}
	for _, field := range fields {
		p.Extra[field] = c.expects(field)
	}
	return p
}
