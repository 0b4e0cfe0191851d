package server

import (
	"encoding/base64"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"github.com/tillit/tillit"
)

// authMethods lists the ways clients prove who they are at this provider
// (OIDC Core §9); discovery publishes it.
var authMethods = []string{
	"client_secret_basic", "client_secret_post", "client_secret_jwt", "private_key_jwt",
	"tls_client_auth", "self_signed_tls_client_auth", "none",
}

// credentials are what a request brings to prove which client it is from.
type credentials struct {
	method string // one of authMethods
	id     tillit.ClientID
	secret string // of the methods that have one; the assertion of those that sign
}

// authenticateClient finds out which client asks, by exactly the method it is
// registered for (RFC 6749 §2.3, OIDC Core §9). public admits clients without
// credentials.
func (p *Provider) authenticateClient(r *http.Request, realm *realm, form params, public bool) (*tillit.Client, error) {
	sent, err := readCredentials(r, form)
	if err != nil {
		return nil, err
	}
	basic := sent.method == "client_secret_basic"
	failed := func(why string, cause error) error {
		refusal := &Error{Code: "invalid_client", Description: why, Basic: basic, Cause: cause}
		if sent.secret == "" {
			return refusal // nothing was guessed
		}
		return p.throttled(r, realm, "client", sent.id, refusal)
	}
	if sent.id == "" {
		return nil, failed("client authentication is missing", nil)
	}
	client, err := p.Store.Client(r.Context(), realm.catalog.Registry, sent.id)
	if errors.Is(err, tillit.ErrNotFound) {
		// The same work as for a known client, so that time tells nothing.
		p.Secrets.CheckSecret(sent.secret, decoySecret, p.now())
		return nil, failed("client authentication failed", nil)
	}
	if err != nil {
		return nil, err
	}
	switch { // what the method is called where a request does not tell
	case sent.method == "none" && client.ByCertificate(), sent.method == "private_key_jwt" && client.ByAssertion():
		sent.method = client.AuthMethod
	}
	switch {
	case !client.Active || realm.catalog.ClientType(client.Type) == nil:
		return nil, failed("client authentication failed", nil)
	case client.Public() && !client.FAPI2():
		if sent.method != "none" || !public {
			return nil, failed("client authentication failed", nil)
		}
		return client, nil
	case sent.method != client.AuthMethod && p.on("auth_method"):
		return nil, failed("the client is registered for another authentication method", nil)
	case !provesItself(client) && p.on("authentication of the profile"):
		return nil, failed("the client's profile wants private_key_jwt or a certificate", nil)
	case client.ByCertificate():
		return client, p.checkCertificate(r, realm, client)
	case client.ByAssertion():
		return client, p.checkAssertion(r.Context(), realm, client, sent.secret)
	case !p.Secrets.CheckSecret(sent.secret, client.Secrets, p.now()):
		return nil, failed("client authentication failed", nil)
	}
	return client, nil
}

// decoySecret is the hash of no secret.
var decoySecret = []tillit.SecretHash{{Method: "sha256", Hash: "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}}

// readCredentials refuses more than one method in a request (RFC 6749 §2.3).
func readCredentials(r *http.Request, form params) (credentials, error) {
	header := r.Header.Get("Authorization")
	c := credentials{method: "none", id: tillit.ClientID(form.Get("client_id"))}
	if form.Get("client_secret") != "" {
		c.method, c.secret = "client_secret_post", form.Get("client_secret")
	}
	if form.Get("client_assertion") != "" || form.Get("client_assertion_type") != "" {
		if c.secret != "" || header != "" {
			return c, refuse("invalid_request", "more than one client authentication method in a request")
		}
		return readAssertion(form)
	}
	if header == "" {
		return c, nil
	}
	scheme, value, _ := strings.Cut(header, " ")
	if !strings.EqualFold(scheme, "Basic") {
		return c, &Error{Code: "invalid_client", Description: "the header Authorization is not of scheme Basic", Basic: true}
	}
	if c.secret != "" {
		return c, refuse("invalid_request", "more than one client authentication method in a request")
	}
	id, secret, ok := decodeBasic(value)
	if !ok {
		return c, &Error{Code: "invalid_client", Description: "the Basic credentials are malformed", Basic: true}
	}
	if c.id != "" && c.id != tillit.ClientID(id) {
		return c, &Error{Code: "invalid_request", Description: "client_id differs from the client that authenticates"}
	}
	return credentials{"client_secret_basic", tillit.ClientID(id), secret}, nil
}

// decodeBasic undoes Base64 and then the form encoding of both halves
// (RFC 6749 §2.3.1).
func decodeBasic(value string) (id, secret string, ok bool) {
	raw, err := base64.StdEncoding.DecodeString(strings.TrimSpace(value))
	if err != nil {
		return "", "", false
	}
	id, secret, ok = strings.Cut(string(raw), ":")
	if !ok {
		return "", "", false
	}
	id, err1 := url.QueryUnescape(id)
	secret, err2 := url.QueryUnescape(secret)
	return id, secret, err1 == nil && err2 == nil && id != "" && visible(id) && visible(secret)
}

// visible reports whether a text is of the letters that identifiers and secrets
// of clients are made of (RFC 6749 Appendix A.1, A.2).
func visible(s string) bool {
	for i := range len(s) {
		if s[i] < 0x20 || s[i] > 0x7e {
			return false
		}
	}
	return true
}
