package facts

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
)

// TestPersonEditsContactData: what somebody enters on the account page is what
// UserInfo says from then on. It counts as verified only where it was so before.
func TestPersonEditsContactData(t *testing.T) {
	e := openRealm(t, "bankid")
	person := e.Named("jonas")
	desk := &contactDesk{e: e, browser: e.NewBrowser(), manners: Manners{Person: person, Way: "BID"}}
	if exit := desk.browser.Open(e.Issuer()+"/account", desk.manners); exit.Page == nil {
		t.Fatalf("the account page does not come: %+v", exit)
	}
	before, _ := desk.told()["updated_at"].(float64)

	// The number he has used with the way before is verified, another one is not.
	desk.enters("tinfo.phone", "number", "99100204")
	claims := desk.told()
	e.Equal("a number known to be verified", []any{claims["phone_number"], claims["phone_number_verified"]}, []any{"99100204", true})
	desk.enters("tinfo.phone", "number", "41000001")
	claims = desk.told()
	e.Equal("a number typed in", []any{claims["phone_number"], claims["phone_number_verified"]}, []any{"41000001", false})
	e.Equal("all numbers", fmt.Sprint(claims["all_phone_numbers"]), "[map[number:41000001 number_verified:false] map[number:99100204 number_verified:true]]")
	if after, _ := claims["updated_at"].(float64); after <= before {
		t.Errorf("updated_at is %v and was %v; want the time of the change", after, before)
	}

	desk.enters("tinfo.address", "street_name", "Bjørkealléen", "house_number", "7", "house_letter", "C", "postal_code", "0950", "locality", "Oslo")
	address, _ := desk.told()["address"].(map[string]any)
	e.Equal("address", []any{address["formatted"], address["postal_code"], address["street_address"], address["house_letter"], address["country"]},
		[]any{"Bjørkealléen 7C\n0950 Oslo\nNorway", "0950", "Bjørkealléen 7C", "C", "Norway"})

	// What does not do changes nothing, and stays on the form.
	desk.refused("tinfo.address", "street_name", "Bjørkealléen", "house_number", "7", "house_letter", "", "postal_code", "95", "locality", "Oslo")
	desk.refused("tinfo.address", "street_name", "Bjørkealléen", "house_number", "", "house_letter", "", "postal_code", "0950", "locality", "Oslo")
	desk.refused("tinfo.email", "address", "nobody")
	desk.refused("tinfo.phone", "number", "4100 0001")
	e.Equal("address after refusals", Dig(desk.told(), "address", "house_letter"), "C")

	// Nothing in any field: it is gone, and the claims with it.
	desk.enters("tinfo.email", "address", "")
	desk.enters("tinfo.phone", "number", "")
	claims = desk.told()
	for _, name := range []string{"email", "email_verified", "phone_number", "phone_number_verified"} {
		e.Absent("after removal", claims, name)
	}
	e.Equal("numbers left", fmt.Sprint(claims["all_phone_numbers"]), "[map[number:99100204 number_verified:true]]")
}

// A contactDesk is somebody at their account page.
type contactDesk struct {
	e       *Env
	browser *Browser
	manners Manners
}

// sends fills in one of the forms and gives the page that comes.
func (d *contactDesk) sends(edit string, fields []string) *Page {
	d.e.t.Helper()
	exit := d.browser.Open(d.e.Issuer()+"/account", d.manners)
	at := slices.IndexFunc(exit.Page.forms, func(f form) bool { return f.fields.Get("edit") == edit })
	if at < 0 {
		d.e.t.Fatalf("the account page has no form for %s", edit)
	}
	filled := url.Values{}
	for i := 0; i < len(fields); i += 2 {
		filled.Set(fields[i], fields[i+1])
	}
	exit = d.browser.Continue(d.browser.post(exit.Page, &exit.Page.forms[at], filled, button{"action", "edit"}), d.manners)
	if exit.Page == nil {
		d.e.t.Fatalf("%s: no account page comes after the form: %+v", edit, exit)
	}
	return exit.Page
}

func (d *contactDesk) enters(edit string, fields ...string) {
	d.e.t.Helper()
	if page := d.sends(edit, fields); page.Alert != "" || !strings.Contains(page.URL.RawQuery, "told=edited") {
		d.e.t.Fatalf("%s %v: %q at %s", edit, fields, page.Alert, page.URL)
	}
}

func (d *contactDesk) refused(edit string, fields ...string) {
	d.e.t.Helper()
	if page := d.sends(edit, fields); page.Alert == "" {
		d.e.t.Errorf("%s %v was taken; want a message", edit, fields)
	}
}

// told is what UserInfo says now, asked by a client that the person agrees with.
func (d *contactDesk) told() map[string]any {
	d.e.t.Helper()
	tokens := d.e.Login(Request{Scope: "openid phone email address", Manners: d.manners})
	return d.e.UserInfo(tokens.Access()).Claims
}
