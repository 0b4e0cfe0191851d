package facts

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// assertionType is the client_assertion_type of private_key_jwt (RFC 7523 §2.2).
const assertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

// Now is the provider's clock, as far as this Env has moved it.
func (e *Env) Now() time.Time { return time.Now().Add(e.provider.moved) }

// Key is the private key of a demo client that signs.
func (e *Env) Key(client string) jose.JSONWebKey {
	e.t.Helper()
	var keys jose.JSONWebKeySet
	if err := json.Unmarshal(e.Client(client).JWKS, &keys); err != nil || len(keys.Keys) == 0 {
		e.t.Fatalf("client %s: no keys to sign with: %v", client, err)
	}
	return keys.Keys[0]
}

// Signed makes a JWT by a key.
func (e *Env) Signed(key jose.JSONWebKey, typ string, claims map[string]any) string {
	e.t.Helper()
	signing := jose.SigningKey{Algorithm: jose.SignatureAlgorithm(key.Algorithm), Key: key}
	return e.signed(signing, new(jose.SignerOptions).WithType(jose.ContentType(typ)), claims)
}

func (e *Env) signed(key jose.SigningKey, options *jose.SignerOptions, claims map[string]any) string {
	e.t.Helper()
	body, err := json.Marshal(claims)
	if err != nil {
		e.t.Fatalf("claims: %v", err)
	}
	signer, err := jose.NewSigner(key, options)
	if err != nil {
		e.t.Fatalf("signer: %v", err)
	}
	object, err := signer.Sign(body)
	if err != nil {
		e.t.Fatalf("sign: %v", err)
	}
	text, err := object.CompactSerialize()
	if err != nil {
		e.t.Fatalf("serialize: %v", err)
	}
	return text
}

// AssertionClaims are those of a good client assertion; a member of change that
// is nil leaves one out (RFC 7523 §3).
func (e *Env) AssertionClaims(client string, change map[string]any) map[string]any {
	e.t.Helper()
	now := e.Now().Unix()
	id := e.Client(client).ID
	return changed(map[string]any{"iss": id, "sub": id, "aud": e.Issuer(), "jti": random(), "iat": now, "exp": now + 60}, change)
}

// Assertion is a client's proof of who it is by its key (OIDC Core §9).
func (e *Env) Assertion(client string, change map[string]any) string {
	e.t.Helper()
	return e.Signed(e.Key(client), "client-authentication+jwt", e.AssertionClaims(client, change))
}

// WithAssertion adds an assertion to a form.
func WithAssertion(form url.Values, assertion string) url.Values {
	form = cloned(form)
	form.Set("client_assertion_type", assertionType)
	form.Set("client_assertion", assertion)
	return form
}

// RequestObject signs parameters as a request object (RFC 9101 §4).
func (e *Env) RequestObject(client string, params url.Values, change map[string]any) string {
	e.t.Helper()
	return e.Signed(e.Key(client), "oauth-authz-req+jwt", e.ObjectClaims(client, params, change))
}

// Encrypted encrypts a JWT to the realm's key for that (RFC 7519 §5.2).
func (e *Env) Encrypted(text string) string {
	e.t.Helper()
	for _, key := range e.keys().Keys {
		if key.Use != "enc" {
			continue
		}
		algorithm := jose.ECDH_ES
		if _, ok := key.Key.(*rsa.PublicKey); ok {
			algorithm = jose.RSA_OAEP_256
		}
		options := (&jose.EncrypterOptions{}).WithContentType("JWT")
		recipient := jose.Recipient{Algorithm: algorithm, Key: key.Key, KeyID: key.KeyID}
		encrypter, err := jose.NewEncrypter(jose.A256GCM, recipient, options)
		if err != nil {
			e.t.Fatalf("encrypter: %v", err)
		}
		object, err := encrypter.Encrypt([]byte(text))
		if err != nil {
			e.t.Fatalf("encrypt: %v", err)
		}
		compact, err := object.CompactSerialize()
		if err != nil {
			e.t.Fatalf("serialize: %v", err)
		}
		return compact
	}
	e.t.Fatalf("jwks_uri of %s: no key to encrypt to", e.realm.Name)
	return ""
}

// ObjectClaims are those of a good request object.
func (e *Env) ObjectClaims(client string, params url.Values, change map[string]any) map[string]any {
	e.t.Helper()
	now := e.Now().Unix()
	claims := map[string]any{"iss": e.Client(client).ID, "aud": e.Issuer(), "iat": now, "nbf": now, "exp": now + 300, "jti": random()}
	for name, values := range params {
		claims[name] = values[0]
	}
	return changed(claims, change)
}

func changed(claims, change map[string]any) map[string]any {
	for name, value := range change {
		if value == nil {
			delete(claims, name)
			continue
		}
		claims[name] = value
	}
	return claims
}

// A Prover holds a key and proves it, request by request (DPoP, RFC 9449).
type Prover struct {
	e   *Env
	key *ecdsa.PrivateKey
}

// NewProver makes a key.
func (e *Env) NewProver() *Prover {
	e.t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		e.t.Fatalf("key: %v", err)
	}
	return &Prover{e, key}
}

// Thumbprint names the key (RFC 7638).
func (p *Prover) Thumbprint() string {
	p.e.t.Helper()
	sum, err := (&jose.JSONWebKey{Key: p.key.Public()}).Thumbprint(crypto.SHA256)
	if err != nil {
		p.e.t.Fatalf("thumbprint: %v", err)
	}
	return base64.RawURLEncoding.EncodeToString(sum)
}

// Proof is for one request, and for the access token that goes with it.
func (p *Prover) Proof(method, address, access string, change map[string]any) string {
	p.e.t.Helper()
	claims := map[string]any{"jti": random(), "htm": method, "htu": address, "iat": p.e.Now().Unix()}
	if access != "" {
		sum := sha256.Sum256([]byte(access))
		claims["ath"] = base64.RawURLEncoding.EncodeToString(sum[:])
	}
	options := &jose.SignerOptions{EmbedJWK: true}
	return p.e.signed(jose.SigningKey{Algorithm: jose.ES256, Key: p.key}, options.WithType("dpop+jwt"), changed(claims, change))
}

// TokenProved posts a form to the token endpoint with a proof of the key.
func (e *Env) TokenProved(client string, form url.Values, p *Prover) *Tokens {
	e.t.Helper()
	return e.TokenWith(client, form, p.Proof(http.MethodPost, e.Endpoint("token_endpoint"), "", nil))
}

// TokenWith posts a form to the token endpoint with a DPoP header; "" is none.
func (e *Env) TokenWith(client string, form url.Values, proof string) *Tokens {
	e.t.Helper()
	form, authenticate := e.authenticated(client, form)
	if details := form.Get("authorization_details"); details != "" {
		form.Set("authorization_details", e.names.ThereDetails(details))
	}
	status, header, body := e.PostForm(e.Endpoint("token_endpoint"), form, func(r *http.Request) {
		if authenticate != nil {
			authenticate(r)
		}
		if proof != "" {
			r.Header.Set("DPoP", proof)
		}
	})
	tokens := &Tokens{Status: status, Header: header, Client: client}
	tokens.Body = e.object("token endpoint", body)
	return tokens
}

// UserInfoBy calls UserInfo with a scheme and a DPoP header.
func (e *Env) UserInfoBy(scheme, access, proof string) *UserInfo {
	e.t.Helper()
	req := e.request(http.MethodGet, e.Endpoint("userinfo_endpoint"), nil)
	req.Header.Set("Authorization", scheme+" "+access)
	if proof != "" {
		req.Header.Set("DPoP", proof)
	}
	return e.userInfo(req)
}
