package server_test

import (
	"net/http"
	"testing"

	"github.com/tillit/tillit/internal/facts"
)

// TestHybridCodeReuse: a code redeemed twice ends what was answered beside it
// too (RFC 6749 §4.1.2).
func TestHybridCodeReuse(t *testing.T) {
	o := open(t, "bankid")
	a := o.Authorize(facts.Request{
		Client: "demo-hybrid", Scope: "openid profile", Manners: facts.Manners{Person: o.Named("kari"), Way: "BID"},
		Params: map[string]string{"response_type": "code token"},
	})
	front := o.Front(a)
	if info := o.UserInfo(front.Access()); info.Status != http.StatusOK {
		t.Fatalf("UserInfo with the token of the authorization endpoint: %d", info.Status)
	}
	o.Succeeded(o.Exchange(a))
	o.Failed(o.Exchange(a), 400, "invalid_grant")
	if info := o.UserInfo(front.Access()); info.Status != http.StatusUnauthorized {
		t.Errorf("UserInfo after the code was reused: %d; want 401", info.Status)
	}
}
