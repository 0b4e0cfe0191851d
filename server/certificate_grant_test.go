package server_test

import (
	"encoding/base64"
	"net/http"
	"strings"
	"testing"

	"github.com/tillit/tillit"
	"github.com/tillit/tillit/internal/facts"
)

// byCertificate sends a grant of a client, signed with an organization's
// certificate.
func (o *op) byCertificate(client, of string) *facts.Tokens {
	o.t.Helper()
	key := o.Key(of)
	var chain []string
	for _, c := range key.Certificates {
		chain = append(chain, base64.StdEncoding.EncodeToString(c.Raw))
	}
	claims := o.GrantClaims(client, "skogdata:tresort", nil)
	return o.Send(client, o.GrantSigned(key.Key, "RS256", map[string]any{"x5c": chain}, claims))
}

// TestRevokedCertificateSignsNoMore: what the register says counts at once.
func TestRevokedCertificateSignsNoMore(t *testing.T) {
	o := open(t, "maskinporten")
	o.Succeeded(o.byCertificate("demo-certificate", "demo-certificate"))
	serial := o.Key("demo-certificate").Certificates[0].SerialNumber.String()
	if err := o.house.Store.RevokeCertificate(t.Context(), "maskinporten", serial, o.Now().Unix(), 1, nil); err != nil {
		t.Fatal(err)
	}
	o.FailedAs(o.byCertificate("demo-certificate", "demo-certificate"), 400, "invalid_grant", "MP-120")
}

// TestCertificateIsOfTheClientsOrganization: another organization's certificate is
// good for itself alone.
func TestCertificateIsOfTheClientsOrganization(t *testing.T) {
	o := open(t, "maskinporten")
	client, err := o.house.Store.Client(t.Context(), "idporten", "demo-certificate")
	if err != nil {
		t.Fatal(err)
	}
	moved := *client
	moved.Organization = "310107549"
	if err := o.house.Store.PutClient(t.Context(), "idporten", &moved); err != nil {
		t.Fatal(err)
	}
	o.FailedAs(o.byCertificate("demo-certificate", "demo-certificate"), 400, "invalid_grant", "MP-122")
}

// TestBoundMachineToken: a proof beside the grant binds the token to its key.
func TestBoundMachineToken(t *testing.T) {
	o := open(t, "maskinporten")
	prover := o.NewProver()
	grant := o.Grant("demo-consumer", o.GrantClaims("demo-consumer", "skogdata:tresort", nil))
	tokens := o.Succeeded(o.SendWith("demo-consumer", grant, prover.Proof(http.MethodPost, o.Endpoint("token_endpoint"), "", nil)))
	claims := o.AccessClaims(tokens)
	o.Equal("token_type of the answer", tokens.Text("token_type"), "DPoP")
	o.Equal("token_type of the token", claims["token_type"], "DPoP")
	o.Equal("cnf", facts.Dig(claims, "cnf", "jkt"), prover.Thumbprint())
}

// TestOwnErrorsHaveAPage: error_uri leads to what explains the code.
func TestOwnErrorsHaveAPage(t *testing.T) {
	o := open(t, "maskinporten")
	refused := o.Asserted("demo-provider", "no:such", nil)
	o.FailedAs(refused, 400, "invalid_scope", "MP-200")
	status, _, body := o.Get(refused.Text("error_uri"), "")
	if status != http.StatusOK || !strings.Contains(string(body), `data-error="MP-200"`) || strings.Contains(string(body), "done-mark") {
		t.Errorf("GET error_uri: %d %.300s; want 200 and the code on a page of errors", status, body)
	}
	if status, _, _ := o.Get(o.Issuer()+"/errors/MP-999", ""); status != http.StatusNotFound {
		t.Errorf("GET an unknown code: %d; want 404", status)
	}
}

// TestDelegatedTokenEndsWithItsDelegation: introspection asks anew.
func TestDelegatedTokenEndsWithItsDelegation(t *testing.T) {
	o := open(t, "maskinporten")
	consumer, supplier := o.Client("demo-consumer").Organization, o.Client("demo-supplier").Organization
	for name, withdraw := range map[string]func() error{
		"delegation": func() error {
			return o.house.Store.PutDelegation(t.Context(), delegationOf(consumer, supplier), false, nil)
		},
		"access": func() error {
			return o.house.Store.PutAccess(t.Context(), "idporten", "skogdata:hogstmelding", consumer, false)
		},
	} {
		t.Run(name, func(t *testing.T) {
			tokens := o.Succeeded(o.Asserted("demo-supplier", "skogdata:hogstmelding", map[string]any{"consumer_org": consumer}))
			o.Equal("active before", o.Introspect("demo-supplier", tokens.Access())["active"], true)
			if err := withdraw(); err != nil {
				t.Fatal(err)
			}
			o.Equal("active after", o.Introspect("demo-supplier", tokens.Access())["active"], false)
			o.Equal("status of the next request", o.Asserted("demo-supplier", "skogdata:hogstmelding", map[string]any{"consumer_org": consumer}).Status, 403)
			if err := o.house.Store.PutDelegation(t.Context(), delegationOf(consumer, supplier), true, nil); err != nil {
				t.Fatal(err)
			}
			if err := o.house.Store.PutAccess(t.Context(), "idporten", "skogdata:hogstmelding", consumer, true); err != nil {
				t.Fatal(err)
			}
		})
	}
}

func delegationOf(consumer, supplier string) *tillit.Delegation {
	return &tillit.Delegation{Registry: "idporten", Source: "https://www.altinn.no/", Scope: "skogdata:hogstmelding", Consumer: consumer, Supplier: supplier}
}
