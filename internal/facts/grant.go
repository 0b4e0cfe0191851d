package facts

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/go-jose/go-jose/v4"
)

// JWTBearer is the grant type of a signed assertion (RFC 7523 §2.1).
const JWTBearer = "urn:ietf:params:oauth:grant-type:jwt-bearer"

// GrantClaims are those of a good grant; a member of change that is nil leaves
// one out.
func (e *Env) GrantClaims(client, scope string, change map[string]any) map[string]any {
	e.t.Helper()
	now := e.Now().Unix()
	return changed(map[string]any{
		"iss": e.Client(client).ID, "aud": e.Issuer(), "scope": e.names.ThereWords(scope), "jti": random(), "iat": now, "exp": now + 100,
	}, e.grantWords(change))
}

// grantWords puts what a check says in a grant into the realm's names.
func (e *Env) grantWords(change map[string]any) map[string]any {
	if e.names.there == nil {
		return change
	}
	said := make(map[string]any, len(change))
	for name, value := range change {
		said[e.N(name)] = e.names.Values(value, e.N)
	}
	return said
}

// Grant signs the claims of a grant with the client's own key.
func (e *Env) Grant(client string, claims map[string]any) string {
	e.t.Helper()
	return e.Signed(e.Key(client), "JWT", claims)
}

// GrantSigned signs the claims of a grant with a header of its own.
func (e *Env) GrantSigned(key any, algorithm jose.SignatureAlgorithm, header, claims map[string]any) string {
	e.t.Helper()
	options := new(jose.SignerOptions)
	for name, value := range header {
		options = options.WithHeader(jose.HeaderKey(name), value)
	}
	return e.signed(jose.SigningKey{Algorithm: algorithm, Key: key}, options, claims)
}

// Send posts a signed grant to the token endpoint; the signature is all the
// authentication there is.
func (e *Env) Send(client, assertion string) *Tokens {
	e.t.Helper()
	return e.SendWith(client, assertion, "")
}

// SendWith sends a DPoP header along; "" is none.
func (e *Env) SendWith(client, assertion, proof string) *Tokens {
	e.t.Helper()
	form := url.Values{"grant_type": {JWTBearer}, "assertion": {assertion}}
	status, header, body := e.PostForm(e.Endpoint("token_endpoint"), form, func(r *http.Request) {
		if proof != "" {
			r.Header.Set("DPoP", proof)
		}
	})
	tokens := &Tokens{Status: status, Header: header, Client: client}
	tokens.Body = e.object("token endpoint", body)
	return tokens
}

// Asserted asks for a token by a grant whose claims are changed so.
func (e *Env) Asserted(client, scope string, change map[string]any) *Tokens {
	e.t.Helper()
	return e.Send(client, e.Grant(client, e.GrantClaims(client, scope, change)))
}

// FailedAs demands an error, and that its error_uri names the realm's own code.
func (e *Env) FailedAs(tokens *Tokens, status int, code, own string) {
	e.t.Helper()
	e.Failed(tokens, status, code)
	if uri := tokens.Text("error_uri"); !strings.HasSuffix(uri, "/"+e.N(own)) {
		e.t.Errorf("token endpoint: error_uri %q; want it to end in %s", uri, own)
	}
}
