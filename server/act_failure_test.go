package server_test

import (
	"bytes"
	"net/http"
	"strings"
	"testing"

	"github.com/tillit/tillit"
	"github.com/tillit/tillit/internal/facts"
	"github.com/tillit/tillit/internal/wiring"
	"github.com/tillit/tillit/realms"
)

// TestSigningFails: who loses the certificate on the page signs nothing. The order
// ends as failed, and the client is told in the realm's own words.
func TestSigningFails(t *testing.T) {
	o := open(t, "bankid")
	orders := o.Orders("demo-bank")
	id := orders.Leave("/signdoc", facts.TextOrder("I owe you 4711 kroner."))
	request := facts.Request{
		Client: "demo-bank", Scope: "openid sign", Params: map[string]string{"sign_id": id},
		Manners: facts.Manners{Person: o.Named("kari"), Way: "BID", Until: "sign"},
	}
	a := o.Authorize(request)
	certificates, err := o.house.Store.Certificates(t.Context(), "bankid")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range certificates {
		if c.Kind == tillit.CertificatePerson {
			if err := o.house.Store.RevokeCertificate(t.Context(), "bankid", c.Serial, o.Now().Unix(), 1, nil); err != nil {
				t.Fatal(err)
			}
		}
	}
	request.Until = ""
	exit := a.Browser.Again(a.Page, request.Manners)
	if got := [3]string{exit.Params.Get("error"), exit.Params.Get("error_description"), exit.Params.Get("code")}; got != [3]string{"access_denied", "bankid_error_codes:S001", ""} {
		t.Errorf("the client is told %q", exit.Params)
	}
	orders.State("/signdoc", id, "FAILED")
}

// TestOrdersAreBounded: in what is beside the documents, and in how many wait.
func TestOrdersAreBounded(t *testing.T) {
	files, err := facts.Change(realms.Files(), func(_ string, text []byte) ([]byte, error) {
		return bytes.Replace(text, []byte(`open: "500"`), []byte(`open: "2"`), 1), nil
	})
	if err != nil {
		t.Fatal(err)
	}
	o := openWith(t, "bankid", func(c *wiring.Config) { c.Realms = files })
	orders := o.Orders("demo-bank")
	status, answer := orders.Do(http.MethodPost, "/signdoc", facts.TextOrder(strings.Repeat("much ", 500_000)))
	o.Equal("an order that is too large", status, http.StatusRequestEntityTooLarge)
	if answer["errors"] == nil {
		t.Errorf("413 says %v; want errors", answer)
	}
	first := orders.Leave("/signdoc", facts.TextOrder("one"))
	orders.Leave("/signdoc", facts.TextOrder("two"))
	status, _ = orders.Do(http.MethodPost, "/signdoc", facts.TextOrder("three"))
	o.Equal("the third of two", status, http.StatusTooManyRequests)
	if status, _ := orders.Do(http.MethodDelete, "/signdoc?sign_id="+first, nil); status != http.StatusOK {
		t.Fatalf("DELETE: %d", status)
	}
	orders.Leave("/signdoc", facts.TextOrder("three"))
}
