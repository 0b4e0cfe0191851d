package rs

import (
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// A refusal is an answer of RFC 6750 §3, RFC 9449 §7.1 or RFC 9470 §3.
type refusal struct {
	status      int
	code        string // "" when the request brought no credentials (RFC 6750 §3.1)
	description string
	scope       []string
	acr         []string
	maxAge      time.Duration
	scheme      string // of the challenge; "": Bearer
	nonce       string // that the next proof is to bear
}

func noCredentials() *refusal { return &refusal{status: http.StatusUnauthorized} }

func invalidRequest(right string) *refusal {
	return &refusal{status: http.StatusBadRequest, code: "invalid_request", description: "right would be: " + right}
}

// invalidToken says no more than the code: which check failed is for the log of
// whoever holds the token.
func invalidToken() *refusal {
	return &refusal{status: http.StatusUnauthorized, code: "invalid_token", description: "expired, revoked, or not for this API"}
}

func invalidProof() *refusal {
	return &refusal{status: http.StatusUnauthorized, code: "invalid_dpop_proof", description: "one DPoP header is needed, new, for this request and this token"}
}

// useNonce asks for the same again, with a nonce in the proof (RFC 9449 §9).
func useNonce(nonce string) *refusal {
	return &refusal{status: http.StatusUnauthorized, code: "use_dpop_nonce", description: "the proof needs the nonce of the header DPoP-Nonce", nonce: nonce}
}

func insufficientScope(scopes []string) *refusal {
	return &refusal{status: http.StatusForbidden, code: "insufficient_scope", description: "the token lacks a scope", scope: scopes}
}

// stepUp asks for a sign-in of another kind or a newer one (RFC 9470 §3).
func stepUp(route *Route) *refusal {
	return &refusal{
		status: http.StatusUnauthorized, code: "insufficient_user_authentication",
		description: "the person must sign in again, as the challenge says", acr: route.ACR, maxAge: route.MaxAge,
	}
}

// by makes the challenge one of the scheme that the request used.
func (f *refusal) by(scheme string) *refusal {
	f.scheme = scheme
	return f
}

func unavailable() *refusal {
	return &refusal{status: http.StatusServiceUnavailable, code: "temporarily_unavailable", description: "tokens cannot be checked now"}
}

func (g *Guard) write(w http.ResponseWriter, f *refusal) {
	h := w.Header()
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cache-Control", "no-store")
	if f.status == http.StatusServiceUnavailable {
		h.Set("Retry-After", "5")
	} else {
		h["Www-Authenticate"] = g.challenges(f)
	}
	if f.nonce != "" {
		h.Set("DPoP-Nonce", f.nonce)
	}
	if f.code == "" {
		w.WriteHeader(f.status)
		return
	}
	h.Set("Content-Type", "application/json")
	w.WriteHeader(f.status)
	// The caller may have gone; there is nobody else to tell.
	_ = json.NewEncoder(w).Encode(map[string]string{"error": f.code, "error_description": f.description})
}

// challenges writes WWW-Authenticate: one for each scheme when there were no
// credentials, else one of the scheme that was used.
func (g *Guard) challenges(f *refusal) []string {
	switch {
	case f.code == "" && g.Proof != nil:
		return []string{g.challenge(f, schemeBearer), g.challenge(f, schemeDPoP)}
	case f.scheme == "":
		return []string{g.challenge(f, schemeBearer)}
	}
	return []string{g.challenge(f, f.scheme)}
}

func (g *Guard) challenge(f *refusal, scheme string) string {
	c := challenge{text: scheme}
	c.add("realm", g.Audience)
	c.add("error", f.code)
	c.add("error_description", f.description)
	c.add("scope", strings.Join(f.scope, " "))
	c.add("acr_values", strings.Join(f.acr, " "))
	if seconds := int64(f.maxAge / time.Second); seconds > 0 {
		c.add("max_age", strconv.FormatInt(seconds, 10))
	}
	if scheme == schemeDPoP {
		c.add("algs", joined(proofAlgorithms))
	}
	if g.Resource != "" {
		c.add("resource_metadata", g.metadataAddress())
	}
	return c.text
}

// A challenge grows by parameters that have a value.
type challenge struct{ text string }

func (c *challenge) add(name, value string) {
	if value == "" {
		return
	}
	separator := " "
	if strings.Contains(c.text, " ") {
		separator = ", "
	}
	c.text += separator + name + `="` + quotable.Replace(value) + `"`
}

// quotable lets no value of a configuration end the quoted text it stands in.
var quotable = strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\r", "", "\n", "")
