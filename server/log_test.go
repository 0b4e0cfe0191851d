package server_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"unicode"

	"github.com/tillit/tillit/internal/facts"
)

// TestLogHoldsNoSecrets goes through flows, failed attempts and requests with
// personal values in their addresses, and looks for all of it in the log.
func TestLogHoldsNoSecrets(t *testing.T) {
	for _, realm := range []string{"buypass", "bankid"} {
		t.Run(realm, func(t *testing.T) {
			o := open(t, realm)
			person := o.Person(nil, "email", "phone_number")
			scope := "openid profile email phone"
			b := o.NewBrowser()
			a := o.ask(facts.Request{Scope: scope, Browser: b, Manners: facts.Manners{Person: person}})
			web := o.basic("demo-web")
			got := o.do(http.MethodPost, "/token", o.redemption(a).Encode(), "Authorization", web)
			secrets := map[string]string{
				"password": person.Password, "code": a.Code(), "access token": got.member("access_token"), "ID Token": got.member("id_token"),
				"refresh token": got.member("refresh_token"), "client secret": o.Client("demo-web").Secret, "verifier": verifier,
				"state": a.Sent.Get("state"), "nonce": a.Sent.Get("nonce"),
				"e-mail": text(person.Claims["email"]), "phone": text(person.Claims["phone_number"]), "national number": "24927904493",
				"otp": person.Fields["otp"], "typed secret": "correct horse battery staple",
				"text with control characters": "first\nlevel=ERROR\x1b[31m\x7f\u0085second",
			}
			base, err := url.Parse(o.base)
			if err != nil {
				t.Fatal(err)
			}
			for _, cookie := range b.Cookies(base) {
				secrets["cookie "+cookie.Name] = cookie.Value
			}
			o.misuse(secrets)
			said := o.log.String()
			if !strings.Contains(said, "refused") {
				t.Fatalf("the log says nothing of what was refused: %.500s", said)
			}
			for what, secret := range secrets {
				if len(secret) < 6 && what != "otp" {
					continue
				}
				for _, form := range []string{secret, url.QueryEscape(secret), url.PathEscape(secret)} {
					if at := strings.Index(said, form); at >= 0 && len(form) >= 6 {
						t.Errorf("the log holds the %s: …%.200s", what, said[max(0, at-100):])
						break
					}
				}
			}
			for _, r := range said {
				if unicode.IsControl(r) && r != '\n' {
					t.Fatalf("the log holds the control character %q", r)
				}
			}
			if strings.Contains(said, "level=ERROR") {
				t.Errorf("the log tells of a fault of ours: %.1000s", said[strings.Index(said, "level=ERROR"):])
			}
		})
	}
}

func text(value any) string {
	s, _ := value.(string)
	return s
}

// misuse sends every secret where it does not belong, and everything wrong once.
func (o *op) misuse(secrets map[string]string) {
	o.t.Helper()
	v := o.visitor()
	for _, secret := range secrets {
		for _, parameter := range []string{"login_hint", "state", "id_token_hint", "client_id", "redirect_uri", "scope", "prompt", "max_age", "acr_values", "request", "claims"} {
			sent := o.goodRequest()
			sent.Set(parameter, secret)
			o.do(http.MethodGet, "/authorize?"+sent.Encode(), "")
		}
		for _, endpoint := range []string{"/token", "/introspect", "/revoke", "/logout", "/account"} {
			o.do(http.MethodPost, endpoint, url.Values{
				"grant_type": {"authorization_code"}, "code": {secret}, "client_id": {secret}, "client_secret": {secret}, "token": {secret},
				"refresh_token": {secret}, "id_token_hint": {secret}, "post_logout_redirect_uri": {secret}, secret: {secret},
			}.Encode())
			o.do(http.MethodPost, endpoint, url.Values{"grant_type": {secret}}.Encode(), "Authorization", "Basic "+url.QueryEscape(secret))
			o.do(http.MethodGet, endpoint+"?x="+url.QueryEscape(secret)+"&told="+url.QueryEscape(secret), "", "Authorization", "Bearer "+url.QueryEscape(secret))
		}
		o.do(http.MethodGet, "/"+url.PathEscape(secret), "")
		o.do(http.MethodGet, "/interact/"+url.PathEscape(secret), "")
		o.do(http.MethodGet, o.base+"/"+url.PathEscape(secret)+"/authorize", "")
		address := v.begin()
		page := v.do(http.MethodGet, address, "")
		form := url.Values{"step": {"0"}, "idp": {secret}}
		v.do(http.MethodPost, address, form.Encode())
		form = url.Values{"step": {stepOf(page)}, "username": {secret}, "password": {secret}, "otp": {secret}, "pin": {secret}}
		v.do(http.MethodPost, address, form.Encode())
	}
}

func stepOf(page *answer) string {
	if found := stepField.FindStringSubmatch(page.body); found != nil {
		return found[1]
	}
	return "0"
}

// TestDescriptionsStayClean: whatever is echoed in error_description, only the
// characters of RFC 6749 §5.2 are.
func TestDescriptionsStayClean(t *testing.T) {
	o := open(t, "buypass")
	for _, hostile := range []string{"\"quoted\"", `back\slash`, "line\r\nX-Injected: yes", "tab\t", "blåbær", "\x7f\x1b[31m", "<script>", strings.Repeat("é", 2000)} {
		form := url.Values{"grant_type": {"client_credentials"}, "scope": {hostile}, "resource": {hostile}}
		got := o.do(http.MethodPost, "/token", form.Encode(), "Authorization", o.basic("demo-service"))
		if got.status != http.StatusBadRequest {
			t.Errorf("scope %q: %d; want 400", hostile, got.status)
		}
		decent(t, got.member("error_description"))
		got = o.do(http.MethodPost, "/token", url.Values{hostile: {"1", "2"}}.Encode(), "Authorization", o.basic("demo-service"))
		decent(t, got.member("error_description"))
		got = o.do(http.MethodGet, "/userinfo", "", "Authorization", "Bearer "+url.QueryEscape(hostile))
		if challenge := got.header.Get("WWW-Authenticate"); strings.ContainsAny(challenge, "\r\n\\") || got.header.Get("X-Injected") != "" {
			t.Errorf("challenge %q", challenge)
		}
		sent := o.goodRequest()
		sent.Set(hostile, "1")
		sent.Add(hostile, "2")
		_, params := o.do(http.MethodGet, "/authorize?"+sent.Encode(), "").away()
		decent(t, params.Get("error_description"))
		sent = o.goodRequest()
		sent.Set("scope", "openid "+hostile)
		_, params = o.do(http.MethodGet, "/authorize?"+sent.Encode(), "").away()
		decent(t, params.Get("error_description"))
	}
}
