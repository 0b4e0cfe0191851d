package clients

import (
	"crypto"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/go-jose/go-jose/v4"

	"github.com/tillit/tillit"
	"github.com/tillit/tillit/services/selfservice"
)

const keyObject = "JsonWebKey"

// A set is the keys of a client, each as it was given.
type set struct {
	Keys []map[string]json.RawMessage `json:"keys"`
}

func (s *set) find(kid string) int {
	return slices.IndexFunc(s.Keys, func(key map[string]json.RawMessage) bool { return textOf(key, "kid") == kid })
}

func textOf(key map[string]json.RawMessage, name string) string {
	var text string
	if json.Unmarshal(key[name], &text) != nil {
		return ""
	}
	return text
}

// keysOf reads what a client has.
func keysOf(client *tillit.Client) (*set, error) {
	s := &set{Keys: []map[string]json.RawMessage{}}
	if client.JWKS == "" {
		return s, nil
	}
	return s, json.Unmarshal([]byte(client.JWKS), s)
}

func (a *API) keys(r *http.Request, caller *selfservice.Caller) (any, error) {
	_, client, err := a.find(r, caller)
	if err != nil {
		return nil, err
	}
	return keysOf(client)
}

func (a *API) key(r *http.Request, caller *selfservice.Caller) (any, error) {
	_, client, err := a.find(r, caller)
	if err != nil {
		return nil, err
	}
	held, err := keysOf(client)
	if err != nil {
		return nil, err
	}
	i := held.find(r.PathValue("kid"))
	if i < 0 {
		return nil, noKey()
	}
	return held.Keys[i], nil
}

func noKey() error {
	return selfservice.Refuse(http.StatusNotFound, keyObject, "key_unknown", "kid", "the client has no such key")
}

// setKeys replaces every key of a client.
func (a *API) setKeys(r *http.Request, caller *selfservice.Caller) (any, error) {
	c, client, err := a.find(r, caller)
	if err != nil {
		return nil, err
	}
	text, err := selfservice.Text(r, keyObject)
	if err != nil {
		return nil, err
	}
	var posted set
	if json.Unmarshal(text, &posted) != nil || len(posted.Keys) == 0 {
		return nil, selfservice.Refuse(http.StatusBadRequest, keyObject, "required", "keys", "right would be a JWK Set of at least one key; DELETE takes the last away")
	}
	return a.keepKeys(r, caller, c, client, &posted, posted.Keys)
}

// setKey puts one key in its place, or beside the others.
func (a *API) setKey(r *http.Request, caller *selfservice.Caller) (any, error) {
	c, client, err := a.find(r, caller)
	if err != nil {
		return nil, err
	}
	key, err := selfservice.Body(r, keyObject)
	if err != nil {
		return nil, err
	}
	kid := r.PathValue("kid")
	if said := textOf(key, "kid"); said != "" && said != kid {
		return nil, selfservice.Refuse(http.StatusBadRequest, keyObject, "immutable_field", "kid", "the key has another kid than the address")
	}
	key["kid"], _ = json.Marshal(kid)
	return a.putKey(r, caller, c, client, key)
}

// addKey takes a key in whatever form: a JWK, a public key or a certificate in PEM.
func (a *API) addKey(r *http.Request, caller *selfservice.Caller) (any, error) {
	c, client, err := a.find(r, caller)
	if err != nil {
		return nil, err
	}
	text, err := selfservice.Text(r, keyObject)
	if err != nil {
		return nil, err
	}
	key, err := readKey(text)
	if err != nil {
		return nil, err
	}
	return a.putKey(r, caller, c, client, key)
}

func (a *API) putKey(r *http.Request, caller *selfservice.Caller, c *tillit.Catalog, client *tillit.Client, key map[string]json.RawMessage) (any, error) {
	held, err := keysOf(client)
	if err != nil {
		return nil, err
	}
	if i := held.find(textOf(key, "kid")); i >= 0 {
		held.Keys[i] = key
	} else {
		held.Keys = append(held.Keys, key)
	}
	if _, err := a.keepKeys(r, caller, c, client, held, []map[string]json.RawMessage{key}); err != nil {
		return nil, err
	}
	return key, nil
}

// keepKeys checks what is new among the keys and stores them all.
func (a *API) keepKeys(r *http.Request, caller *selfservice.Caller, c *tillit.Catalog, client *tillit.Client, all *set, fresh []map[string]json.RawMessage) (any, error) {
	kind := c.ClientType(client.Type)
	if kind.MaxKeys > 0 && len(all.Keys) > kind.MaxKeys && a.on("keys are counted") {
		return nil, selfservice.Refuse(http.StatusBadRequest, keyObject, "too_many_keys", "keys", "right would be at most "+strconv.Itoa(kind.MaxKeys)+" keys")
	}
	var faults []tillit.Objection
	for _, key := range fresh {
		if wrong := a.checkKey(kind, key); wrong != nil {
			faults = append(faults, *wrong)
		}
	}
	seen := map[string]bool{}
	for _, key := range all.Keys {
		kid := textOf(key, "kid")
		if seen[kid] {
			faults = append(faults, tillit.Objection{Code: "key_exists", Field: "kid", Message: "two keys have the same kid"})
		}
		seen[kid] = true
	}
	if err := selfservice.Object(keyObject, faults); err != nil {
		return nil, err
	}
	return all, a.storeKeys(r, caller, client, all)
}

func (a *API) storeKeys(r *http.Request, caller *selfservice.Caller, client *tillit.Client, all *set) error {
	changed := *client
	changed.JWKS = ""
	if len(all.Keys) > 0 {
		text, err := json.Marshal(all)
		if err != nil {
			return err
		}
		changed.JWKS = string(text)
	}
	return a.store(r, caller, &changed, "client_keys_changed")
}

func (a *API) dropKeys(r *http.Request, caller *selfservice.Caller) (any, error) {
	_, client, err := a.find(r, caller)
	if err != nil {
		return nil, err
	}
	none := &set{Keys: []map[string]json.RawMessage{}}
	return none, a.storeKeys(r, caller, client, none)
}

func (a *API) dropKey(r *http.Request, caller *selfservice.Caller) (any, error) {
	_, client, err := a.find(r, caller)
	if err != nil {
		return nil, err
	}
	held, err := keysOf(client)
	if err != nil {
		return nil, err
	}
	i := held.find(r.PathValue("kid"))
	if i < 0 {
		return nil, noKey()
	}
	held.Keys = slices.Delete(held.Keys, i, i+1)
	return held, a.storeKeys(r, caller, client, held)
}

var (
	keyID = regexp.MustCompile(`^[A-Za-z0-9._-]{1,255}$`)
	// private are the members of keys that nobody else may ever see.
	private = []string{"d", "p", "q", "dp", "dq", "qi", "oth", "k", "priv"}
	// algorithms that suit the keys of a type.
	algorithms = map[string][]string{"RSA": {"RS256", "RS384", "RS512"}, "EC": {"ES256", "ES384", "ES512"}, "OKP": {"EdDSA"}}
)

// checkKey says what is wrong with a key, and bounds how long it can be used.
func (a *API) checkKey(kind *tillit.ClientType, key map[string]json.RawMessage) *tillit.Objection {
	wrong := func(code, field, message string) *tillit.Objection {
		return &tillit.Objection{Code: code, Field: field, Message: message}
	}
	for _, member := range private {
		if _, there := key[member]; there {
			return wrong("private_key", member, "private key material; right would be the public key alone, and that private key is to be given up")
		}
	}
	kty, algorithm := textOf(key, "kty"), textOf(key, "alg")
	switch {
	case !keyID.MatchString(textOf(key, "kid")):
		return wrong("invalid_value", "kid", "right would be letters, digits, dots, underscores and hyphens")
	case len(kind.KeyTypes) > 0 && !slices.Contains(kind.KeyTypes, kty):
		return wrong("invalid_value", "kty", "right would be one of "+strings.Join(kind.KeyTypes, ", "))
	case textOf(key, "use") != "sig":
		return wrong("invalid_value", "use", "right would be sig")
	case !slices.Contains(algorithms[kty], algorithm):
		return wrong("invalid_value", "alg", "right would be one of "+strings.Join(algorithms[kty], ", "))
	}
	text, err := json.Marshal(key)
	if err != nil {
		return wrong("invalid_value", "keys", "not a JWK")
	}
	var jwk jose.JSONWebKey
	if err := jwk.UnmarshalJSON(text); err != nil || !jwk.Valid() || !jwk.IsPublic() {
		return wrong("invalid_value", "keys", "not a valid public JWK, or its x5c is of another key")
	}
	if public, ok := jwk.Key.(*rsa.PublicKey); ok && (public.N.BitLen() < 2048 || public.N.BitLen() > 8192) {
		return wrong("invalid_value", "n", "right would be 2048 bits or more")
	}
	return a.boundKey(kind, key)
}

// boundKey gives the key an end, at most as far away as the type lets it live.
func (a *API) boundKey(kind *tillit.ClientType, key map[string]json.RawMessage) *tillit.Objection {
	var expires int64
	if raw, said := key["exp"]; said && (json.Unmarshal(raw, &expires) != nil || expires <= 0) {
		return &tillit.Objection{Code: "invalid_value", Field: "exp", Message: "right would be a time in unix seconds"}
	}
	if latest := a.now()/1000 + kind.MaxKeyAge; kind.MaxKeyAge > 0 && (expires == 0 || expires > latest) {
		expires = latest
	}
	if expires > 0 {
		key["exp"] = json.RawMessage(strconv.FormatInt(expires, 10))
	}
	return nil
}

// readKey reads a key in any of its forms and gives it a kid where it has none.
func readKey(text []byte) (map[string]json.RawMessage, error) {
	var key map[string]json.RawMessage
	if json.Unmarshal(text, &key) == nil && key != nil {
		return key, nil
	}
	public, certificate, err := readPEM(text)
	if err != nil {
		return nil, selfservice.Refuse(http.StatusBadRequest, keyObject, "invalid_value", "", "right would be a JWK, or a public key or certificate in PEM")
	}
	jwk := jose.JSONWebKey{Key: public, Use: "sig", Algorithm: "RS256"}
	thumbprint, err := jwk.Thumbprint(crypto.SHA256)
	if err != nil {
		return nil, selfservice.Refuse(http.StatusBadRequest, keyObject, "invalid_value", "", "right would be a key that signatures are checked with")
	}
	jwk.KeyID = base64.RawURLEncoding.EncodeToString(thumbprint)
	plain, err := jwk.MarshalJSON()
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(plain, &key); err != nil {
		return nil, err
	}
	if certificate != nil {
		if key["x5c"], err = json.Marshal([]string{base64.StdEncoding.EncodeToString(certificate)}); err != nil {
			return nil, err
		}
	}
	return key, nil
}

// readPEM gives the public key, and the certificate it came in.
func readPEM(text []byte) (public any, certificate []byte, err error) {
	block, _ := pem.Decode(text)
	if block == nil {
		return nil, nil, errors.New("no PEM")
	}
	switch block.Type {
	case "CERTIFICATE":
		parsed, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, nil, err
		}
		return parsed.PublicKey, block.Bytes, nil
	case "PUBLIC KEY":
		public, err = x509.ParsePKIXPublicKey(block.Bytes)
		return public, nil, err
	case "RSA PUBLIC KEY":
		public, err = x509.ParsePKCS1PublicKey(block.Bytes)
		return public, nil, err
	}
	return nil, nil, errors.New("another kind of PEM")
}
