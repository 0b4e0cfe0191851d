package server_test

import (
	"net/http"
	"testing"

	"github.com/tillit/tillit/internal/facts"
)

// TestResourceAtRedemption: a token request may name some of the resources of its
// grant and no other; a refusal spends nothing (RFC 8707 §2.2).
func TestResourceAtRedemption(t *testing.T) {
	const api = "https://myservice.example/api"
	o := open(t, "buypass")
	web := o.basic("demo-web")
	form := o.redemption(o.ask(facts.Request{Scope: "openid email myservice.data_read"}))
	form.Set("resource", "https://service.example/api")
	told(t, o.do(http.MethodPost, "/token", form.Encode(), "Authorization", web), 400, "invalid_target")
	form.Set("resource", "relative")
	told(t, o.do(http.MethodPost, "/token", form.Encode(), "Authorization", web), 400, "invalid_target")
	form.Set("resource", api)
	got := o.do(http.MethodPost, "/token", form.Encode(), "Authorization", web)
	if got.status != http.StatusOK {
		t.Fatalf("%d %s; want tokens", got.status, got.body)
	}
	claims := o.Decode(got.member("access_token"))
	if claims["aud"] != api || claims["scope"] != "openid email myservice.data_read" {
		t.Errorf("aud %v, scope %v; want the resource named, and the provider's own scopes kept", claims["aud"], claims["scope"])
	}
}
