package facts

import (
	"net/http"
	"strings"

	"github.com/go-jose/go-jose/v4"
)

// algorithms are those a provider may sign with here; none is not among them.
var algorithms = []jose.SignatureAlgorithm{jose.ES256, jose.RS256, jose.PS256, jose.EdDSA}

// Decode checks a token's signature against the realm's keys and gives its
// claims.
func (e *Env) Decode(token string) map[string]any {
	e.t.Helper()
	claims, _ := e.DecodeWith(token)
	return claims
}

// DecodeWith also gives the header of the signature.
func (e *Env) DecodeWith(token string) (claims map[string]any, header jose.Header) {
	e.t.Helper()
	parsed, err := jose.ParseSigned(token, algorithms)
	if err != nil {
		e.t.Fatalf("token of %s: %v", e.realm.Name, err)
	}
	payload, err := parsed.Verify(e.keys())
	if err != nil {
		e.t.Fatalf("token of %s: its signature does not verify with the keys of the realm: %v", e.realm.Name, err)
	}
	return e.object("token", payload), parsed.Signatures[0].Protected
}

// Verifies reports whether a token's signature is by one of the realm's keys.
func (e *Env) Verifies(token string) bool {
	e.t.Helper()
	parsed, err := jose.ParseSigned(token, algorithms)
	if err != nil {
		return false
	}
	_, err = parsed.Verify(e.keys())
	return err == nil
}

func (e *Env) keys() *jose.JSONWebKeySet {
	e.t.Helper()
	status, _, body := e.Get(e.Endpoint("jwks_uri"), "")
	var keys jose.JSONWebKeySet
	if status != http.StatusOK || unmarshal(body, &keys) != nil || len(keys.Keys) == 0 {
		e.t.Fatalf("jwks_uri of %s: %d %.200s; want 200 and keys", e.realm.Name, status, body)
	}
	return &keys
}

// IDClaims gives the claims of an answer's ID Token, having checked what every
// ID Token must have (OIDC Core §2, §3.1.3.7).
func (e *Env) IDClaims(tokens *Tokens) map[string]any {
	e.t.Helper()
	if tokens.ID() == "" {
		e.t.Fatalf("token endpoint: no id_token")
	}
	claims := e.Decode(tokens.ID())
	if claims["iss"] != e.Issuer() {
		e.t.Errorf("ID Token: iss %v; want %s", claims["iss"], e.Issuer())
	}
	if !contains(claims["aud"], tokens.Client) {
		e.t.Errorf("ID Token: aud %v; want %s in it", claims["aud"], tokens.Client)
	}
	for _, name := range []string{"sub", "exp", "iat"} {
		if claims[name] == nil {
			e.t.Errorf("ID Token: no %s", name)
		}
	}
	return claims
}

// AccessClaims gives the claims of an answer's access token.
func (e *Env) AccessClaims(tokens *Tokens) map[string]any {
	e.t.Helper()
	if strings.Count(tokens.Access(), ".") != 2 {
		e.t.Fatalf("token endpoint: access_token is not a JWT")
	}
	return e.Decode(tokens.Access())
}

// contains reports whether a claim that is a string or a list has the text.
func contains(value any, text string) bool {
	switch v := value.(type) {
	case string:
		return v == text
	case []any:
		for _, member := range v {
			if member == text {
				return true
			}
		}
	}
	return false
}
