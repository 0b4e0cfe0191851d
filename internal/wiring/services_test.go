package wiring

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/tillit/tillit/token"
)

const shop = `
realm: shop
title: {en: Shop}
environment: test
languages: [en]
servers:
  shelf: {title: {en: Shelf}, service: SERVICE}
scopes:
  openid: {title: {en: Sign in}, eligible: any}
  look: {title: {en: Look}, at: [token], server: shelf}
`

func openShop(t *testing.T, service string) (*House, error) {
	t.Helper()
	key, err := token.ParseMasterKey(strings.Repeat("A", 43))
	if err != nil {
		t.Fatal(err)
	}
	return Open(t.Context(), Config{
		Base: "http://localhost", Stamp: "dev", MasterKey: key, Cheap: true,
		Realms: fstest.MapFS{"shop.yaml": {Data: []byte(strings.ReplaceAll(shop, "SERVICE", service))}},
	})
}

func TestServiceAnswersForServer(t *testing.T) {
	house, err := openShop(t, "{is: data, scopes: {read: look, write: look, delete: look}}")
	if err != nil {
		t.Fatal(err)
	}
	defer house.Close()
	for path, want := range map[string]int{"/shop/api/shelf/data": 401, "/shop/api/shelf/none": 404, "/shop/api/none/data": 404} {
		answer := httptest.NewRecorder()
		house.Handler.ServeHTTP(answer, httptest.NewRequest(http.MethodGet, path, nil))
		if answer.Code != want {
			t.Errorf("GET %s: %d; want %d", path, answer.Code, want)
		}
	}
	if got, want := house.apis("shop")["shelf"], "http://localhost/shop/api/shelf"; got != want {
		t.Errorf("address of shelf %q; want %q", got, want)
	}
}

// What a service guards is told where its challenge says (RFC 9728).
func TestServiceTellsWhatItGuards(t *testing.T) {
	house, err := openShop(t, "{is: data, scopes: {read: look, write: look, delete: look}}")
	if err != nil {
		t.Fatal(err)
	}
	defer house.Close()
	const address = "/.well-known/oauth-protected-resource/shop/api/shelf"
	refused := httptest.NewRecorder()
	house.Handler.ServeHTTP(refused, httptest.NewRequest(http.MethodGet, "/shop/api/shelf/data", nil))
	if challenge := refused.Header().Get("WWW-Authenticate"); !strings.Contains(challenge, `resource_metadata="http://localhost`+address+`"`) {
		t.Errorf("challenge %s", challenge)
	}
	told := httptest.NewRecorder()
	house.Handler.ServeHTTP(told, httptest.NewRequest(http.MethodGet, address, nil))
	for _, part := range []string{`"resource":"http://localhost/shop/api/shelf"`, `"authorization_servers":["http://localhost/shop"]`, `"scopes_supported":["look"]`, `"resource_name":"Shelf"`} {
		if !strings.Contains(told.Body.String(), part) {
			t.Errorf("%d %s; want %s", told.Code, told.Body, part)
		}
	}
}

func TestUnknownServiceIsRefused(t *testing.T) {
	house, err := openShop(t, "cupboard")
	if err == nil {
		house.Close()
		t.Fatal("a service nobody has was accepted")
	}
	for _, part := range []string{"realm shop", "server shelf", `"cupboard"`, "data"} {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("%q does not say %s", err, part)
		}
	}
}
