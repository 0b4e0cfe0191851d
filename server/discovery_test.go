package server_test

import (
	"encoding/json"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/go-jose/go-jose/v4"

	"github.com/tillit/tillit/internal/facts"
)

// TestDiscoveryIsServed: what the metadata promises answers, and nothing in it
// is empty (OIDC Discovery §3, RFC 8414 §2).
func TestDiscoveryIsServed(t *testing.T) {
	for _, realm := range []string{"bankid", "buypass", "idporten", "maskinporten"} {
		t.Run(realm, func(t *testing.T) {
			o := open(t, realm)
			got := o.do(http.MethodGet, "/.well-known/openid-configuration", "", "Origin", "https://app.example")
			inserted := o.do(http.MethodGet, o.base+"/.well-known/oauth-authorization-server/"+realm, "")
			appended := o.do(http.MethodGet, "/.well-known/oauth-authorization-server", "")
			var m, other map[string]any
			if json.Unmarshal([]byte(got.body), &m) != nil || json.Unmarshal([]byte(inserted.body), &other) != nil || !reflect.DeepEqual(m, other) || appended.body != inserted.body {
				t.Fatalf("the three addresses answer differently, or not with JSON: %.300s", got.body)
			}
			if got.header.Get("Access-Control-Allow-Origin") != "*" || got.header.Get("X-Content-Type-Options") != "nosniff" {
				t.Errorf("headers %v; want it readable by scripts", got.header)
			}
			if m["issuer"] != o.Issuer() || m["request_uri_parameter_supported"] != false {
				t.Errorf("issuer %v, request_uri_parameter_supported %v", m["issuer"], m["request_uri_parameter_supported"])
			}
			for name, value := range m {
				if list, ok := value.([]any); ok && len(list) == 0 {
					t.Errorf("%s is an empty list; want it left out (RFC 8414 §3.2)", name)
				}
				if !strings.HasSuffix(name, "_endpoint") && name != "jwks_uri" {
					continue
				}
				address, _ := value.(string)
				if !strings.HasPrefix(address, o.base) {
					continue
				}
				for _, method := range []string{http.MethodGet, http.MethodPost} {
					answered := o.do(method, address, "")
					if answered.status == http.StatusNotFound || answered.status >= 500 {
						t.Errorf("%s: %s %s: %d; want it served", name, method, address, answered.status)
					}
				}
			}
			o.keysServed(t, m)
			if m["authorization_endpoint"] == nil {
				return
			}
			o.modesServed(t, m)
		})
	}
}

// keysServed demands a public key for every signature algorithm promised.
func (o *op) keysServed(t *testing.T, m map[string]any) {
	t.Helper()
	got := o.do(http.MethodGet, m["jwks_uri"].(string), "")
	var set jose.JSONWebKeySet
	if err := json.Unmarshal([]byte(got.body), &set); err != nil {
		t.Fatalf("jwks_uri: %v", err)
	}
	var algorithms []string
	for _, key := range set.Keys {
		switch {
		case !key.IsPublic() || key.KeyID == "":
			t.Errorf("key %q: public %v; want a public key with a name", key.KeyID, key.IsPublic())
		case key.Use == "sig":
			algorithms = append(algorithms, key.Algorithm)
		case key.Use != "enc" || m["request_parameter_supported"] != true:
			t.Errorf("key %q is for %q; want one to verify with, or to encrypt requests to", key.KeyID, key.Use)
		}
	}
	for _, member := range []string{"id_token_signing_alg_values_supported", "userinfo_signing_alg_values_supported"} {
		for _, algorithm := range list(m[member]) {
			if algorithm != "none" && !slices.Contains(algorithms, algorithm) {
				t.Errorf("%s promises %s; the keys are for %v", member, algorithm, algorithms)
			}
		}
	}
	if slices.Contains(list(m["id_token_signing_alg_values_supported"]), "none") {
		t.Errorf("ID Tokens without a signature are promised")
	}
}

// modesServed goes through the promised response modes, prompts and types.
func (o *op) modesServed(t *testing.T, m map[string]any) {
	t.Helper()
	for _, mode := range list(m["response_modes_supported"]) {
		got := o.ask(facts.Request{Scope: "openid", Params: map[string]string{"response_mode": strings.TrimSuffix(strings.TrimSuffix(mode, "jwt"), ".")}})
		if want := strings.TrimSuffix(strings.TrimSuffix(mode, "jwt"), "."); want != "" && got.Mode != want {
			t.Errorf("response_mode %s: answered by %s", want, got.Mode)
		}
	}
	for _, prompt := range list(m["prompt_values_supported"]) {
		a := o.Authorize(facts.Request{Scope: "openid", Params: map[string]string{"prompt": prompt}})
		if want := "login_required"; prompt == "none" && a.Error() != want || prompt != "none" && a.Code() == "" {
			t.Errorf("prompt %s: error %q", prompt, a.Error())
		}
	}
	for _, acr := range list(m["acr_values_supported"]) {
		got := o.do(http.MethodGet, o.Address(o.Prepare(facts.Request{Scope: "openid", Params: map[string]string{"acr_values": acr}}).Sent), "")
		if _, params := got.away(); params.Get("error") != "" {
			t.Errorf("acr_values %s: %s", acr, params.Get("error"))
		}
	}
	if methods := list(m["code_challenge_methods_supported"]); !slices.Equal(methods, []string{"S256"}) {
		t.Errorf("code_challenge_methods_supported %v; want S256 alone", methods)
	}
	for _, hidden := range []string{"internal", ""} {
		if slices.Contains(list(m["scopes_supported"]), hidden) {
			t.Errorf("scopes_supported holds %q", hidden)
		}
	}
	if !slices.Contains(list(m["scopes_supported"]), "openid") {
		t.Errorf("scopes_supported %v; want openid in it", m["scopes_supported"])
	}
}

func list(value any) []string {
	var texts []string
	elements, _ := value.([]any)
	for _, element := range elements {
		text, _ := element.(string)
		texts = append(texts, text)
	}
	return texts
}

// TestScriptsOfOtherOrigins: which answers they may read, and that no
// credentials go along.
func TestScriptsOfOtherOrigins(t *testing.T) {
	o := open(t, "buypass")
	for path, may := range map[string]bool{
		"/token": true, "/userinfo": true, "/revoke": true, "/jwks": true, "/.well-known/openid-configuration": true,
		"/authorize": false, "/introspect": false, "/logout": false, "/account": false, "/par": false, "/interact/x": false,
	} {
		for _, method := range []string{http.MethodOptions, http.MethodGet, http.MethodPost} {
			got := o.do(method, path, "", "Origin", "https://app.example", "Access-Control-Request-Method", "POST")
			if got.status == http.StatusMethodNotAllowed && method != http.MethodOptions {
				continue
			}
			if read := got.header.Get("Access-Control-Allow-Origin") != ""; read != may {
				t.Errorf("%s %s: Access-Control-Allow-Origin %q; want readable: %v", method, path, got.header.Get("Access-Control-Allow-Origin"), may)
			}
			if got.header.Get("Access-Control-Allow-Credentials") != "" {
				t.Errorf("%s %s: credentials are allowed", method, path)
			}
		}
	}
}
