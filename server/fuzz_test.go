package server

import (
	"encoding/base64"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/tillit/tillit"
	"github.com/tillit/tillit/catalog"
	"github.com/tillit/tillit/realms"
)

// FuzzParseParams: what is admitted is text, each parameter once unless it says
// so, and nothing is lost on the way.
func FuzzParseParams(f *testing.F) {
	for _, seed := range []string{
		"", "a=b", "client_id=a&client_id=b", "a=%", "a=%00", "a=%ff", "resource=a&resource=b", "a;b", "=", "&&", "=0&=0", "state=1&state=2&=0&=0", "scope=openid+email", "%66oo=1&foo=2",
		"claims=" + strings.Repeat("x", 20_000), "state=" + strings.Repeat("x", 20_000),
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, encoded string) {
		p, err := parseParams(encoded)
		if err != nil {
			if e := asError(err); e.status() >= 500 || e.Code != "invalid_request" {
				t.Errorf("%q: %v; want invalid_request", encoded, err)
			}
			return
		}
		for name, list := range p.Values {
			if len(list) > 1 && !repeatable[name] && p.repeated == "" {
				t.Errorf("%q: %s stands %d times, unnoticed", encoded, name, len(list))
			}
			for _, value := range list {
				if !utf8.ValidString(name+value) || strings.ContainsRune(name+value, 0) {
					t.Errorf("%q: %q=%q is no text", encoded, name, value)
				}
			}
		}
		again, err := parseParams(p.Encode())
		if err != nil || again.Encode() != p.Encode() {
			t.Errorf("%q: not the same when written and read again: %v", encoded, err)
		}
	})
}

// FuzzDecodeBasic: credentials are visible letters, and come back as they went.
func FuzzDecodeBasic(f *testing.F) {
	for _, seed := range []string{"demo-web:secret", "a%3Ab:c%2B", ":", "a", "%", "\x00:b", "å:b", "a:b:c", " a:b "} {
		f.Add(base64.StdEncoding.EncodeToString([]byte(seed)))
	}
	f.Add("???")
	f.Fuzz(func(t *testing.T, value string) {
		id, secret, ok := decodeBasic(value)
		if !ok {
			return
		}
		if id == "" || !visible(id) || !visible(secret) {
			t.Fatalf("%q: %q %q; want visible letters", value, id, secret)
		}
		again := base64.StdEncoding.EncodeToString([]byte(url.QueryEscape(id) + ":" + url.QueryEscape(secret)))
		if id2, secret2, ok := decodeBasic(again); !ok || id2 != id || secret2 != secret {
			t.Errorf("%q: %q %q came back as %q %q", value, id, secret, id2, secret2)
		}
	})
}

// FuzzReadCredentials: one method or none, and a refusal is the client's fault.
func FuzzReadCredentials(f *testing.F) {
	f.Add("", "client_id=a&client_secret=b")
	f.Add("Basic YTpi", "")
	f.Add("Basic YTpi", "client_secret=c")
	f.Add("Bearer x", "client_id=a")
	f.Add("basic  YTpi ", "client_id=b")
	f.Add("Basic", "client_assertion=x")
	f.Fuzz(func(t *testing.T, header, body string) {
		form, err := parseParams(body)
		if err != nil {
			return
		}
		r := httptest.NewRequest("POST", "/token", nil)
		r.Header["Authorization"] = []string{header}
		c, err := readCredentials(r, form)
		if err != nil {
			if e := asError(err); e.status() != 400 && e.status() != 401 {
				t.Errorf("%q %q: %v; want 400 or 401", header, body, err)
			}
			return
		}
		if header != "" && form.Get("client_secret") != "" {
			t.Errorf("%q %q: two methods were admitted", header, body)
		}
		if c.method == "none" && c.secret != "" {
			t.Errorf("%q %q: a secret without a method", header, body)
		}
	})
}

// FuzzReadLoginHint: a hint picks a way of the realm or none, whatever it says.
func FuzzReadLoginHint(f *testing.F) {
	set, err := catalog.Load(realms.Files())
	if err != nil {
		f.Fatal(err)
	}
	var catalogs []*tillit.Catalog
	for _, name := range set.Realms() {
		catalogs = append(catalogs, catalog.NewHolder(set).Catalog(name, ""))
	}
	for _, seed := range []string{"", ":", "BID", "BID:", "BID:17858504325", "BIM:99100201:200185", ":someone", "someone@example.no", "a:b:c", "\x00", strings.Repeat("x", 300)} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, hint string) {
		for _, c := range catalogs {
			read := readLoginHint(c, hint)
			if read.way != "" && c.Way(read.way) == nil {
				t.Errorf("%q: the way %q is not the realm's", hint, read.way)
			}
			if name := read.named + read.typed; !strings.Contains(hint, name) || len(name) > maxHint || read.named != "" && (read.way == "" || read.typed != "") {
				t.Errorf("%q: %+v does not stand in it", hint, read)
			}
		}
	})
}

// FuzzRegistered: what is admitted beside the registered text differs from it in
// the port of a loopback address and in nothing else.
func FuzzRegistered(f *testing.F) {
	known := []string{"http://127.0.0.1/callback", "http://localhost/callback", "http://[::1]/callback?a=b", "https://app.example/callback", "com.example.app:/callback"}
	for _, uri := range known {
		f.Add(uri)
		f.Add(strings.Replace(uri, "/callback", ":8080/callback", 1))
	}
	for _, seed := range []string{
		"http://127.0.0.1:1@evil.example/callback", "http://127.0.0.1.evil.example/callback", "http://127.0.0.1:/callback", "HTTP://127.0.0.1/callback",
		"http://127.0.0.1:080/callback", "http://127.0.0.1:65536/callback", "http://127.0.0.1/callback#", "http://127.0.0.1/callback?", "http://localhost:80",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, uri string) {
		if !registered(known, uri) || slices.Contains(known, uri) {
			return
		}
		u, err := url.Parse(uri)
		if err != nil {
			t.Fatalf("%q is admitted and no URI: %v", uri, err)
		}
		if u.Scheme != "http" || u.User != nil || u.Fragment != "" || !slices.Contains([]string{"127.0.0.1", "localhost", "::1"}, u.Hostname()) {
			t.Errorf("%q is admitted; want loopback alone to have a free port", uri)
		}
		if !slices.Contains(known, strings.Replace(uri, ":"+u.Port(), "", 1)) && !slices.Contains(known, strings.Replace(uri, "]:"+u.Port(), "]", 1)) {
			t.Errorf("%q is admitted; without its port it is none of %v", uri, known)
		}
	})
}

// FuzzClean: only what RFC 6749 §5.2 admits, and never without end.
func FuzzClean(f *testing.F) {
	for _, seed := range []string{"", "plain", `"\`, "a\r\nb", "blåbær", "\x00\xff", strings.Repeat("a", 1000)} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got := clean(s)
		if len(got) > 300 {
			t.Errorf("%d bytes; want at most 300", len(got))
		}
		for _, r := range got {
			if r < 0x20 || r > 0x7e || r == '"' || r == '\\' {
				t.Errorf("%q became %q, with %q", s, got, r)
			}
		}
	})
}

// FuzzClientMetadata: whatever a client tells of itself is refused with its faults
// or becomes a client that has nothing it may not give itself.
func FuzzClientMetadata(f *testing.F) {
	for _, text := range []string{
		`{"redirect_uris": ["https://app.example/cb"], "scope": "openid email", "client_name#nb": "Appen"}`,
		`{"token_endpoint_auth_method": "private_key_jwt", "jwks": {"keys": [{"kty": "EC"}]}, "grant_types": ["client_credentials"]}`,
		`{"application_type": "native", "redirect_uris": ["com.example:/cb", "http://127.0.0.1/"], "subject_type": "pairwise"}`,
		`{"scope": "bp_nnin_sub", "profile": "fapi2", "secrets": [{"method": "sha256"}], "resource_server": "myservice"}`, `[]`, `{"redirect_uris": {}}`,
	} {
		f.Add(text)
	}
	set, err := catalog.Load(realms.Files())
	if err != nil {
		f.Fatal(err)
	}
	known := set.Catalog("buypass", "")
	p, here := &Provider{Base: "https://id.example"}, &realm{name: "buypass", issuer: "https://id.example/buypass", catalog: known}
	f.Fuzz(func(t *testing.T, text string) {
		m, err := parseMetadata([]byte(text))
		if err != nil {
			return
		}
		client, err := p.described(t.Context(), here, m, nil)
		if err != nil {
			return
		}
		for _, p := range client.Scopes {
			if s := known.Scope(p.Scope); s == nil || s.Eligible != tillit.EligibleAny && s.Eligible != tillit.EligibleSelfService {
				t.Errorf("%q gives itself %s", text, p.Scope)
			}
		}
		if client.Server != "" || client.Secrets != nil || client.Organization != "" || client.PKCEOptional || !client.Active {
			t.Errorf("%q gives itself %+v", text, client)
		}
	})
}
