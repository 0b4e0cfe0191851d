package rs_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/tillit/tillit/rs"
)

// An API with two doors: one asks for a scope, one for a fresh sign-in of a high
// level too.
func Example() {
	issuer := "https://op.example/forest"
	guard := &rs.Guard{
		Issuer:   issuer,
		Audience: "https://trees.example",
		Keys:     &rs.IssuerKeys{Issuer: issuer},
		Resource: "https://trees.example",
		Name:     "Trees",
	}
	mux := http.NewServeMux()
	mux.Handle("GET /trees", guard.Require("tree.read")(http.HandlerFunc(list)))
	mux.Handle("DELETE /trees", guard.Protect(rs.Route{
		Scopes: []string{"tree.fell"}, ACR: []string{"high"}, MaxAge: 10 * time.Minute,
	})(http.HandlerFunc(list)))
	mux.Handle("GET "+guard.MetadataPath(), guard.Metadata())

	w := httptest.NewRecorder()
	mux.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/trees", nil))
	fmt.Println(w.Code, w.Header().Get("WWW-Authenticate"))
	w = httptest.NewRecorder()
	mux.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/.well-known/oauth-protected-resource", nil))
	fmt.Print(w.Body)
	// Output:
	// 401 Bearer realm="https://trees.example", resource_metadata="https://trees.example/.well-known/oauth-protected-resource"
	// {"resource":"https://trees.example","authorization_servers":["https://op.example/forest"],"scopes_supported":["tree.fell","tree.read"],"bearer_methods_supported":["header"],"resource_name":"Trees"}
}

func list(w http.ResponseWriter, r *http.Request) {
	fmt.Fprintln(w, "trees for", rs.FromContext(r.Context()).Subject)
}

// Tokens that say nothing to the API are asked about; an answer is believed for
// ten seconds.
func ExampleIntrospection() {
	issuer := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintln(w, `{"active":true,"aud":"https://trees.example","scope":"tree.read","sub":"bjarne"}`)
	}))
	defer issuer.Close()
	guard := &rs.Guard{
		Issuer:   issuer.URL,
		Audience: "https://trees.example",
		Introspector: &rs.Introspection{
			Endpoint: issuer.URL + "/introspect", Client: "trees", Secret: "secret of the API", MaxAge: 10 * time.Second,
		},
	}
	r := httptest.NewRequest(http.MethodGet, "/trees", nil)
	r.Header.Set("Authorization", "Bearer a-handle")
	w := httptest.NewRecorder()
	guard.Require("tree.read")(http.HandlerFunc(list)).ServeHTTP(w, r)
	fmt.Print(w.Body)
	// Output: trees for bjarne
}

// Tokens bound to a key are taken with a proof of that key, once.
func ExampleDPoP() {
	guard := &rs.Guard{Issuer: "https://op.example", Audience: "trees", Keys: &rs.IssuerKeys{Issuer: "https://op.example"}, Proof: (&rs.DPoP{}).Check}
	w := httptest.NewRecorder()
	guard.Require("tree.read")(http.HandlerFunc(list)).ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/trees", nil))
	for _, challenge := range w.Header().Values("WWW-Authenticate") {
		fmt.Println(challenge)
	}
	// Output:
	// Bearer realm="trees"
	// DPoP realm="trees", algs="ES256 ES384 RS256 PS256 EdDSA"
}
