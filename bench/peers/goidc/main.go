// Command goidc is a small provider on the library luikyv/go-oidc, as a peer of
// the load generator: the library's own store in memory (nothing is durable, and
// it keeps 100 entries of a kind), ES256, a page to sign in and one for consent.
//
//	goidc PORT
package main

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"fmt"
	"log"
	"net/http"
	"os"
	"time"

	"github.com/luikyv/go-oidc/pkg/goidc"
	"github.com/luikyv/go-oidc/pkg/provider"
)

const secret = "peer-secret-of-the-load-generator"

func main() {
	if len(os.Args) != 2 {
		log.Fatal("usage: goidc PORT")
	}
	port := os.Args[1]
	issuer := "http://localhost:" + port
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		log.Fatal(err)
	}
	keys := goidc.JSONWebKeySet{Keys: []goidc.JSONWebKey{{KeyID: "bench", Key: key, Algorithm: "ES256", Use: "sig"}}}
	op, err := provider.New(issuer, nil, func(context.Context) (goidc.JSONWebKeySet, error) { return keys, nil },
		provider.WithScopes(goidc.ScopeOpenID, goidc.ScopeProfile, goidc.ScopeOfflineAccess),
		provider.WithIDTokenSignatureAlgs(goidc.ES256),
		provider.WithSecretBasicAuthn(),
		provider.WithClientCredentialsGrant(),
		provider.WithAuthCodeGrant(nil, goidc.ResponseTypeCode),
		provider.WithRefreshTokenGrant(nil),
		provider.WithRefreshTokenRotation(),
		provider.WithPKCERequired(goidc.CodeChallengeMethodSHA256),
		provider.WithTokenIntrospection(func(context.Context, *goidc.Client, goidc.TokenInfo) bool { return true }),
		provider.WithTokenOptions(func(context.Context, *goidc.Grant, *goidc.Client) goidc.TokenOptions {
			return goidc.NewJWTTokenOptions(goidc.ES256, 600)
		}),
		provider.WithUserInfoClaims(func(context.Context, *goidc.Grant) map[string]any {
			return map[string]any{"name": "Kari Skogheim", "given_name": "Kari", "family_name": "Skogheim"}
		}),
		provider.WithPolicies(policy(issuer)),
		provider.WithStaticClients(
			client("service", goidc.GrantClientCredentials),
			client("web", goidc.GrantAuthorizationCode, goidc.GrantRefreshToken),
		),
	)
	if err != nil {
		log.Fatal(err)
	}
	server := &http.Server{Addr: "127.0.0.1:" + port, Handler: op.Handler(), ReadHeaderTimeout: 10 * time.Second}
	log.Fatal(server.ListenAndServe())
}

func client(id string, grants ...goidc.GrantType) *goidc.Client {
	c := &goidc.Client{ID: id, Secret: secret}
	c.GrantTypes, c.TokenAuthnMethod = grants, goidc.AuthnMethodSecretBasic
	c.TokenIntrospectionAuthnMethod = goidc.AuthnMethodSecretBasic
	c.ScopeIDs = "openid profile offline_access"
	if grants[0] == goidc.GrantAuthorizationCode {
		c.RedirectURIs, c.ResponseTypes = []string{"https://client.example/callback"}, []goidc.ResponseType{goidc.ResponseTypeCode}
	}
	return c
}

// policy signs anybody in who knows the password, and asks for consent.
func policy(issuer string) goidc.AuthnPolicy {
	page := func(w http.ResponseWriter, session *goidc.AuthnSession, fields string) (goidc.Status, error) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		fmt.Fprintf(w, `<!doctype html><title>peer</title><form method="post" action="%s/authorize/%s">%s</form>`, issuer, session.ID, fields)
		return goidc.StatusPending, nil
	}
	return goidc.NewPolicy("pages",
		func(*http.Request, *goidc.AuthnSession, *goidc.Client) bool { return true },
		func(w http.ResponseWriter, r *http.Request, session *goidc.AuthnSession, _ *goidc.Client) (goidc.Status, error) {
			switch {
			case session.Subject == "" && r.PostFormValue("password") != "password":
				return page(w, session, `<input name="username"><input type="password" name="password"><button name="action" value="login">Sign in</button>`)
			case session.Subject == "":
				session.Subject = r.PostFormValue("username")
				return page(w, session, `<button name="action" value="allow">Allow</button>`)
			case r.PostFormValue("action") != "allow":
				return goidc.StatusFailure, fmt.Errorf("consent not given")
			}
			session.GrantedScopes = session.Scopes
			return goidc.StatusSuccess, nil
		})
}
