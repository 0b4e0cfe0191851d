package login

import (
	"net/url"
	"slices"

	"github.com/tillit/tillit"
)

// codeField is where the code from the e-mail is typed.
const codeField = "otp"

// emailCode is a user name and the code that was sent to the person's address.
// No e-mail is sent here: in test realms the code is fixed, and elsewhere the
// method does not exist.
type emailCode struct{ password }

func (emailCode) testOnly() bool { return true }

func (emailCode) fields(way *tillit.Way) []string {
	if slices.Contains(way.Fields, codeField) {
		return way.Fields
	}
	return append([]string{codeField}, way.Fields...)
}

func (m emailCode) factors(way *tillit.Way) []string { return multiple(m.fields(way)) }

func (m emailCode) missing(way *tillit.Way, form url.Values) bool {
	return lacks(form, usernameField) || lacks(form, m.fields(way)...)
}

func (m emailCode) proves(_ *Book, c claimant, way *tillit.Way, form url.Values) bool {
	return typesCodes(c, m.fields(way), form)
}
