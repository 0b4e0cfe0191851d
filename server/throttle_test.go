package server_test

import (
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"
)

// Twenty wrong secrets a minute are refused as such, further ones are told to
// wait; the right secret is taken all the while.
func TestWrongSecretsAreThrottled(t *testing.T) {
	o := open(t, "buypass")
	o.house.Provider.Attempts = o.house.Store
	from := netip.MustParseAddr("203.0.113.9")
	o.house.Provider.Address = func(*http.Request) netip.Addr { return from }
	body := "grant_type=client_credentials&scope=service-api"
	wrong := func(id string) *answer {
		return o.do(http.MethodPost, "/token", body, "Authorization", "Basic "+basicOf(o, id, "wrong"))
	}
	right := func() *answer {
		return o.do(http.MethodPost, "/token", body, "Authorization", o.basic("demo-service"))
	}
	for i := range 20 {
		if a := wrong("demo-service"); a.status != http.StatusUnauthorized || a.member("error") != "invalid_client" {
			t.Fatalf("wrong secret no. %d: %d %s; want 401 invalid_client", i+1, a.status, a.body)
		}
	}
	a := wrong("demo-service")
	if a.status != http.StatusTooManyRequests || a.member("error") != "invalid_client" {
		t.Errorf("one more: %d %s; want 429 invalid_client", a.status, a.body)
	}
	if wait, err := strconv.Atoi(a.header.Get("Retry-After")); err != nil || wait < 1 || wait > 60 {
		t.Errorf("Retry-After is %q; want 1 to 60", a.header.Get("Retry-After"))
	}
	if a := right(); a.status != http.StatusOK {
		t.Errorf("the right secret: %d %s; want 200", a.status, a.body)
	}
	if a := wrong("demo-web"); a.status != http.StatusUnauthorized {
		t.Errorf("another client: %d; want 401", a.status)
	}
	from = netip.MustParseAddr("203.0.113.10")
	if a := wrong("demo-service"); a.status != http.StatusUnauthorized {
		t.Errorf("another address: %d; want 401", a.status)
	}
	from = netip.MustParseAddr("203.0.113.9")
	o.house.Advance(61 * time.Second)
	if a := wrong("demo-service"); a.status != http.StatusUnauthorized {
		t.Errorf("a minute later: %d; want 401", a.status)
	}
	metrics := o.do(http.MethodGet, o.base+"/metrics", "")
	for _, want := range []string{
		`tillit_throttled_total{realm="buypass",what="client"} 1`,
		`tillit_tokens_issued_total{grant_type="client_credentials",realm="buypass"} 1`,
		`tillit_errors_total{error="invalid_client",realm="buypass"} `,
		`tillit_http_requests_total{endpoint="POST /{realm}/token",realm="buypass",status="4xx"} `,
		`tillit_catalog_info{realm="buypass",version="`,
	} {
		if !strings.Contains(metrics.body, want) {
			t.Errorf("no %s in the metrics", want)
		}
	}
}

// Addresses of one IPv6 network are one.
func TestWrongSecretsOfOneNetwork(t *testing.T) {
	o := open(t, "buypass")
	o.house.Provider.Attempts = o.house.Store
	last := 0
	o.house.Provider.Address = func(*http.Request) netip.Addr {
		last++
		return netip.MustParseAddr(fmt.Sprintf("2001:db8:1:2::%x", last))
	}
	status := 0
	for range 21 {
		status = o.do(http.MethodPost, "/revoke", "token=x", "Authorization", "Basic "+basicOf(o, "demo-web", "wrong")).status
	}
	if status != http.StatusTooManyRequests {
		t.Errorf("after 21 wrong secrets: %d; want 429", status)
	}
}

func TestWrongCodesAreThrottled(t *testing.T) {
	o := open(t, "buypass")
	o.house.Provider.Attempts = o.house.Store
	var a *answer
	for i := range 21 {
		form := url.Values{"grant_type": {"authorization_code"}, "code": {fmt.Sprint("guess", i)}, "redirect_uri": {"http://127.0.0.1/callback"}}
		a = o.do(http.MethodPost, "/token", form.Encode(), "Authorization", o.basic("demo-web"))
		if i < 20 && a.status != http.StatusBadRequest {
			t.Fatalf("wrong code no. %d: %d %s; want 400", i+1, a.status, a.body)
		}
	}
	if a.status != http.StatusTooManyRequests || a.member("error") != "invalid_grant" || a.header.Get("Retry-After") == "" {
		t.Errorf("one more: %d %s; want 429 invalid_grant with Retry-After", a.status, a.body)
	}
}

func basicOf(o *op, id, secret string) string {
	req := o.request(http.MethodGet, "/", "")
	req.SetBasicAuth(url.QueryEscape(o.Client(id).ID), secret)
	return strings.TrimPrefix(req.Header.Get("Authorization"), "Basic ")
}
