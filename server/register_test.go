package server_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tillit/tillit/internal/facts"
	"github.com/tillit/tillit/internal/wiring"
	"github.com/tillit/tillit/realms"
	"github.com/tillit/tillit/token"
)

// registering opens a realm in which clients register themselves, and an initial
// token for so many.
func registering(t *testing.T, uses int64) *op {
	t.Helper()
	edited, err := facts.Edit(realms.Files(), "buypass", "features: [par, request_object, dpop]", "features: [par, request_object, registration, dpop]", false)
	if err == nil {
		edited, err = facts.Edit(edited, "buypass", "private_key_jwt, tls_client_auth]", "private_key_jwt, client_secret_jwt, tls_client_auth]", false)
	}
	if err != nil {
		t.Fatal(err)
	}
	o := openWith(t, "buypass", func(c *wiring.Config) { c.Realms = edited })
	if err := o.house.Store.SaveInitialToken(t.Context(), "buypass", token.Hash("ti_initial"), uses, o.Now().Unix()+3600); err != nil {
		t.Fatal(err)
	}
	return o
}

func (o *op) json(method, path, by, body string) *answer {
	o.t.Helper()
	header := []string{"Content-Type", "application/json"}
	if by != "" {
		header = append(header, "Authorization", "Bearer "+by)
	}
	return o.do(method, path, body, header...)
}

func (a *answer) object(t *testing.T) map[string]any {
	t.Helper()
	var object map[string]any
	if err := json.Unmarshal([]byte(a.body), &object); err != nil {
		t.Fatalf("%d %s: %v", a.status, a.body, err)
	}
	return object
}

// TestRegistration: a client registers itself, works, reads and changes what it
// said, and leaves (RFC 7591, RFC 7592).
func TestRegistration(t *testing.T) {
	o := registering(t, 5)
	if o.Metadata()["registration_endpoint"] != o.Issuer()+"/register" {
		t.Error("the registration endpoint is not published")
	}
	got := o.json(http.MethodPost, "/register", "ti_initial", `{"redirect_uris": ["https://app.example/cb?x=1"], "client_name": "App", "client_name#nb": "Appen",
		"grant_types": ["authorization_code", "refresh_token", "client_credentials"], "scope": "openid email", "unknown": {"a": 1}, "contacts": ["drift@example.com"]}`)
	if got.status != http.StatusCreated {
		t.Fatalf("%d %s; want 201", got.status, got.body)
	}
	client := got.object(t)
	for member, want := range map[string]any{
		"client_name": "Appen", "token_endpoint_auth_method": "client_secret_basic", "application_type": "web", "scope": "openid email", "client_secret_expires_at": 0.0,
		"registration_client_uri": o.Issuer() + "/register/" + client["client_id"].(string),
	} {
		if client[member] != want {
			t.Errorf("%s is %v; want %v", member, client[member], want)
		}
	}
	if client["unknown"] != nil || client["client_secret"] == nil || client["client_id_issued_at"] == nil || len(client["response_types"].([]any)) != 1 {
		t.Errorf("%s", got.body)
	}
	id, secret, own := client["client_id"].(string), client["client_secret"].(string), client["registration_access_token"].(string)

	// Its scope is the most it may ever ask for, whatever every client may have.
	as := o.request(http.MethodGet, "/", "")
	as.SetBasicAuth(id, secret)
	ask := func(scope string) *answer {
		params := url.Values{"client_id": {id}, "redirect_uri": {"https://app.example/cb?x=1"}, "response_type": {"code"}, "scope": {scope}, "code_challenge": {challenge()}, "code_challenge_method": {"S256"}}
		return o.do(http.MethodPost, "/par", params.Encode(), "Authorization", as.Header.Get("Authorization"))
	}
	if got := ask("openid email"); got.status != http.StatusCreated {
		t.Errorf("%d %s; want 201", got.status, got.body)
	}
	told(t, ask("openid profile"), 400, "invalid_scope")
	told(t, ask("openid email myservice.data_read"), 400, "invalid_scope")

	path := "/register/" + id
	read := o.json(http.MethodGet, path, own, "")
	if read.status != http.StatusOK || read.object(t)["client_secret"] != nil || read.member("registration_access_token") != own {
		t.Errorf("%d %s; want what is kept", read.status, read.body)
	}
	for _, wrong := range []string{"", "tm_of_nobody", "ti_initial", secret} {
		for _, method := range []string{http.MethodGet, http.MethodPut, http.MethodDelete} {
			if got := o.json(method, path, wrong, "{}"); got.status != http.StatusUnauthorized {
				t.Errorf("%s with %q: %d; want 401", method, wrong, got.status)
			}
		}
	}
	changed := o.json(http.MethodPut, path, own, `{"client_id": "`+id+`", "client_secret": "`+secret+`", "redirect_uris": ["https://app.example/new"]}`)
	if changed.status != http.StatusOK || changed.member("client_name") != "" || changed.object(t)["contacts"] != nil || changed.object(t)["client_secret"] != nil {
		t.Errorf("%d %s; want what was left out gone, and the secret as it was", changed.status, changed.body)
	}
	if changed.member("scope") != "openid" {
		t.Errorf("scope %q; want what every client may have where none is named", changed.member("scope"))
	}
	for _, body := range []string{`{"redirect_uris": ["https://app.example/new"]}`, `{"client_id": "another", "redirect_uris": ["https://app.example/new"]}`,
		`{"client_id": "` + id + `", "redirect_uris": ["https://app.example/new"], "registration_access_token": "x"}`,
		`{"client_id": "` + id + `", "redirect_uris": ["https://app.example/new"], "client_secret": "of my own choice"}`} {
		if got := o.json(http.MethodPut, path, own, body); got.status != http.StatusBadRequest {
			t.Errorf("%s: %d; want 400", body, got.status)
		}
	}
	narrow := o.json(http.MethodPut, path, own, `{"client_id": "`+id+`", "redirect_uris": ["https://app.example/cb?x=1"], "scope": "email"}`)
	if narrow.status != http.StatusOK || narrow.member("scope") != "email" {
		t.Errorf("%d %s; want the scope as it was asked for", narrow.status, narrow.body)
	}
	told(t, ask("openid email"), 400, "invalid_scope") // openid is every client's, but not one's that said otherwise
	moved := o.json(http.MethodPut, path, own, `{"client_id": "`+id+`", "redirect_uris": ["https://app.example/new"], "token_endpoint_auth_method": "client_secret_jwt"}`)
	if moved.status != http.StatusOK || moved.member("client_secret") == "" || moved.member("client_secret") == secret {
		t.Errorf("%d %s; want a secret for the new method", moved.status, moved.body)
	}
	if got := o.json(http.MethodDelete, path, own, ""); got.status != http.StatusNoContent {
		t.Errorf("%d %s; want 204", got.status, got.body)
	}
	if got := o.json(http.MethodGet, path, own, ""); got.status != http.StatusUnauthorized {
		t.Errorf("after it left: %d; want 401", got.status)
	}
}

// TestRegistrationRefusals: every fault is told, and nothing is used up by them.
func TestRegistrationRefusals(t *testing.T) {
	o := registering(t, 1)
	for name, c := range map[string]struct {
		body, error string
		faults      []string // paths, all of them
	}{
		"nothing":         {`{}`, "invalid_redirect_uri", []string{"redirect_uris"}},
		"no object":       {`[]`, "invalid_client_metadata", []string{""}},
		"of another kind": {`{"redirect_uris": "https://app.example/", "contacts": 7}`, "invalid_redirect_uri", []string{"contacts", "redirect_uris"}},
		"redirect URIs": {`{"redirect_uris": ["https://app.example/#f", "http://app.example/", "http://localhost/cb", "com.example:/cb"]}`, "invalid_redirect_uri",
			[]string{"redirect_uris[0]", "redirect_uris[1]", "redirect_uris[2]", "redirect_uris[3]"}},
		"several": {`{"redirect_uris": ["https://app.example/"], "jwks": {"keys": []}, "jwks_uri": "http://app.example/keys", "grant_types": ["authorization_code", "password"], "subject_type": "odd", "logo_uri": "javascript:x"}`,
			"invalid_client_metadata", []string{"grant_types[1]", "jwks", "jwks_uri", "jwks_uri", "logo_uri", "subject_type"}},
		"a method without its keys":     {`{"redirect_uris": ["https://app.example/"], "token_endpoint_auth_method": "private_key_jwt"}`, "invalid_client_metadata", []string{"jwks"}},
		"a method that is off":          {`{"redirect_uris": ["https://app.example/"], "token_endpoint_auth_method": "tls_client_auth", "tls_client_auth_san_dns": "a"}`, "invalid_client_metadata", []string{"token_endpoint_auth_method"}},
		"a scope of somebody's":         {`{"redirect_uris": ["https://app.example/"], "scope": "openid bp_nnin_sub"}`, "invalid_client_metadata", []string{"scope"}},
		"a scope that nobody knows":     {`{"redirect_uris": ["https://app.example/"], "scope": "openid odd"}`, "invalid_client_metadata", []string{"scope"}},
		"a malformed scope":             {`{"redirect_uris": ["https://app.example/"], "scope": "a\"b"}`, "invalid_client_metadata", []string{"scope"}},
		"tokens without the grant":      {`{"redirect_uris": ["https://app.example/"], "response_types": ["id_token"]}`, "invalid_client_metadata", []string{"grant_types", "response_types[0]"}},
		"several hosts, pairwise":       {`{"redirect_uris": ["https://a.example/", "https://b.example/"], "subject_type": "pairwise"}`, "invalid_client_metadata", []string{"sector_identifier_uri"}},
		"a login address in plain HTTP": {`{"redirect_uris": ["https://app.example/"], "initiate_login_uri": "http://app.example/login"}`, "invalid_client_metadata", []string{"initiate_login_uri"}},
	} {
		t.Run(name, func(t *testing.T) {
			got := o.json(http.MethodPost, "/register", "ti_initial", c.body)
			if got.status != http.StatusBadRequest || got.member("error") != c.error {
				t.Fatalf("%d %s; want 400 %s", got.status, got.body, c.error)
			}
			decent(t, got.member("error_description"))
			var paths []string
			for _, fault := range got.object(t)["faults"].([]any) {
				paths = append(paths, fault.(map[string]any)["path"].(string))
			}
			if slices.Sort(paths); !slices.Equal(paths, c.faults) {
				t.Errorf("faults of %v; want %v: %s", paths, c.faults, got.body)
			}
		})
	}
	good := `{"redirect_uris": ["https://app.example/"]}`
	for _, by := range []string{"", "ti_other"} {
		if got := o.json(http.MethodPost, "/register", by, good); got.status != http.StatusUnauthorized {
			t.Errorf("by %q: %d; want 401", by, got.status)
		}
	}
	if got := o.json(http.MethodPost, "/register", "ti_initial", good); got.status != http.StatusCreated {
		t.Errorf("%d %s; want 201", got.status, got.body)
	}
	if got := o.json(http.MethodPost, "/register", "ti_initial", good); got.status != http.StatusUnauthorized {
		t.Errorf("used up: %d; want 401", got.status)
	}
	late := registering(t, 9)
	late.Advance(2 * time.Hour)
	if got := late.json(http.MethodPost, "/register", "ti_initial", good); got.status != http.StatusUnauthorized {
		t.Errorf("expired: %d; want 401", got.status)
	}
	shut := open(t, "buypass")
	if got := shut.json(http.MethodPost, "/register", "ti_initial", good); got.status != http.StatusNotFound || shut.Metadata()["registration_endpoint"] != nil {
		t.Errorf("where it is off: %d; want 404 and nothing published", got.status)
	}
}

// TestSectorOfRegistration: the list at sector_identifier_uri holds every redirect
// URI, and its host is the sector (OIDC Core §8.1, Registration §5).
func TestSectorOfRegistration(t *testing.T) {
	o := registering(t, 9)
	place := newPlace(t, `["https://a.example/", "https://b.example/"]`)
	body := func(uris string) string {
		return `{"redirect_uris": [` + uris + `], "subject_type": "pairwise", "sector_identifier_uri": "` + place.URL + `"}`
	}
	got := o.json(http.MethodPost, "/register", "ti_initial", body(`"https://a.example/", "https://b.example/"`))
	if got.status != http.StatusCreated || got.member("sector_identifier_uri") != place.URL {
		t.Errorf("%d %s; want 201", got.status, got.body)
	}
	got = o.json(http.MethodPost, "/register", "ti_initial", body(`"https://a.example/", "https://c.example/"`))
	if got.status != http.StatusBadRequest || got.member("error") != "invalid_redirect_uri" {
		t.Errorf("%d %s; want invalid_redirect_uri", got.status, got.body)
	}
	place.put(`{"not": "a list"}`)
	got = o.json(http.MethodPost, "/register", "ti_initial", body(`"https://a.example/"`))
	if got.status != http.StatusBadRequest || got.member("error") != "invalid_client_metadata" {
		t.Errorf("%d %s; want invalid_client_metadata", got.status, got.body)
	}
}

// TestCrossOriginScripts: scripts of other origins read what public clients need
// and nothing else.
func TestCrossOriginScripts(t *testing.T) {
	o := open(t, "buypass")
	for path, want := range map[string]bool{
		"/token": true, "/userinfo": true, "/.well-known/openid-configuration": true, "/jwks": true, "/revoke": true,
		"/authorize": false, "/par": false, "/introspect": false, "/logout": false, "/account": false, "/register": false,
	} {
		method := http.MethodPost
		if strings.HasPrefix(path, "/.well") || path == "/jwks" {
			method = http.MethodGet
		}
		got := o.do(method, path, "", "Origin", "https://spa.example")
		if allowed := got.header.Get("Access-Control-Allow-Origin") == "*"; allowed != want || got.header.Get("Access-Control-Allow-Credentials") != "" {
			t.Errorf("%s: readable by scripts: %t; want %t, and never with credentials", path, allowed, want)
		}
		preflight := o.do(http.MethodOptions, path, "", "Origin", "https://spa.example", "Access-Control-Request-Method", method, "Access-Control-Request-Headers", "authorization, dpop")
		headers := strings.ToLower(preflight.header.Get("Access-Control-Allow-Headers"))
		if allowed := preflight.status == http.StatusNoContent && strings.Contains(headers, "dpop") && strings.Contains(headers, "authorization"); allowed != want {
			t.Errorf("%s: preflight %d %q; want it allowed: %t", path, preflight.status, headers, want)
		}
	}
}
