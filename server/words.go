package server

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"strings"

	"github.com/tillit/tillit"
	"github.com/tillit/tillit/token"
)

// refusal turns a decision's refusal into an Error, in the realm's own words
// where it has some.
func (realm *realm) refusal(c *tillit.Catalog, r *tillit.Refusal, facts *tillit.Facts) *Error {
	e := refuse(r.Error, "%s", describe(r))
	e.Reason = r.Reason
	return realm.worded(c, r.Reason, e, strings.NewReplacer(
		"{scope}", r.What, "{consumer}", facts.Acting.Consumer, "{supplier}", facts.Acting.Supplier))
}

// inWords tells a refusal that comes before any decision in the realm's own
// words, where it has some for the key.
func (realm *realm) inWords(key tillit.Reason, e *Error) *Error {
	return realm.worded(realm.catalog, key, e, strings.NewReplacer())
}

func (realm *realm) worded(c *tillit.Catalog, key tillit.Reason, e *Error, names *strings.Replacer) *Error {
	text, ok := c.Errors[key]
	if !ok {
		return e
	}
	if text.Error != "" {
		e.Code = text.Error
	}
	if text.Status != 0 {
		e.Status = text.Status
	}
	if text.Description != "" {
		e.Description = clean(names.Replace(text.Description))
	}
	if text.Code != "" {
		e.URI = realm.errorPageOf(text.Code)
	}
	return e
}

// traced adds what finds the line of log, where the realm tells such a thing to
// clients. The error itself stays as it is: others may hold it.
func (realm *realm) traced(e *Error) *Error {
	name := realm.catalog.Settings.ErrorTrace
	if name == "" {
		return e
	}
	var id [16]byte
	rand.Read(id[:])
	told := *e
	told.Trace = hex.EncodeToString(id[:])
	told.Description += " (" + name + ": " + told.Trace + ")"
	return &told
}

// errorPageOf is where a code of the realm's own is explained.
func (realm *realm) errorPageOf(code string) string { return realm.endpoint("/errors/" + code) }

// grantReasons say under which key a realm words what is wrong with an
// assertion; what is not among them is worded by its own key.
var grantReasons = map[string]tillit.Reason{
	token.Malformed:      "malformed_assertion",
	token.WrongType:      "malformed_assertion",
	token.WrongHeader:    "bad_header",
	token.WrongAlgorithm: "bad_signature",
	token.WrongIssuer:    "unknown_client",
}

// refuseGrant tells why an assertion is not believed (RFC 7521 §4.1.1). What is
// no [token.Refusal] is told already, or a fault of ours.
func (realm *realm) refuseGrant(err error) error {
	var refused *token.Refusal
	if !errors.As(err, &refused) {
		return err
	}
	key, ok := grantReasons[refused.Key]
	if !ok {
		key = tillit.Reason(refused.Key)
	}
	return realm.inWords(key, refuse("invalid_grant", "assertion: %s", refused.Why))
}
