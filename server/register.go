package server

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"slices"
	"strings"

	"github.com/tillit/tillit"
	"github.com/tillit/tillit/token"
)

// maxMetadata bounds what a client tells of itself, in bytes.
const maxMetadata = 64 << 10

// register serves the client registration endpoint (RFC 7591, OpenID Connect
// Registration): whoever holds an initial token that the operator gave registers
// as many clients as it says, with nothing that has to be given by somebody else.
func (p *Provider) register(w http.ResponseWriter, r *http.Request, realm *realm) error {
	if !feature(realm.catalog, "registration") {
		return notRegistering()
	}
	_, initial, err := bearer(r)
	if err != nil {
		return err
	}
	now := p.now()
	err = p.Store.InitialToken(r.Context(), realm.name, token.Hash(initial), now)
	if errors.Is(err, tillit.ErrNotFound) {
		return spentInitial()
	}
	if err != nil {
		return err
	}
	m, err := readMetadata(r)
	if err != nil {
		return p.refuseMetadata(w, r, realm, err)
	}
	client, err := p.described(r.Context(), realm, m, nil)
	if err != nil {
		return p.refuseMetadata(w, r, realm, err)
	}
	secret, err := p.giveSecret(realm, client)
	if err != nil {
		return err
	}
	value, hash := token.NewSecret(token.Registration, rand.Reader)
	registration := &tillit.Registration{Client: client.ID, Realm: realm.name, Hash: hash, Created: now}
	record := &tillit.AuditRecord{Realm: realm.name, Time: now, Event: "client_registered", Client: client.ID}
	err = p.Store.RegisterClient(r.Context(), realm.catalog.Registry, client, registration, token.Hash(initial), record)
	if errors.Is(err, tillit.ErrSpent) {
		return spentInitial()
	}
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusCreated, p.registered(realm, client, registration, value, secret))
}

func notRegistering() error {
	return &Error{Code: "not_found", Description: "clients do not register themselves in this realm", Status: http.StatusNotFound}
}

func spentInitial() error {
	return &Error{Code: "invalid_token", Description: "the initial access token is not known, used up or expired"}
}

// manageClient serves the client configuration endpoint (RFC 7592): a client that
// registered itself reads, changes or removes its registration.
func (p *Provider) manageClient(w http.ResponseWriter, r *http.Request, realm *realm) error {
	if !feature(realm.catalog, "registration") {
		return notRegistering()
	}
	client, registration, value, err := p.ownRegistration(r, realm)
	if err != nil {
		return err
	}
	switch r.Method {
	case http.MethodPut:
		return p.changeRegistration(w, r, realm, client, registration, value)
	case http.MethodDelete:
		record := &tillit.AuditRecord{Realm: realm.name, Time: p.now(), Event: "client_removed", Client: client.ID}
		if err := p.Store.RemoveRegistered(r.Context(), realm.catalog.Registry, client.ID, record); err != nil && !errors.Is(err, tillit.ErrNotFound) {
			return err
		}
		w.WriteHeader(http.StatusNoContent)
		return nil
	}
	return writeJSON(w, http.StatusOK, p.registered(realm, client, registration, value, ""))
}

// ownRegistration finds the client whose registration access token came along. One
// that is gone, or never was, reads like a wrong token (RFC 7592 §2.1).
func (p *Provider) ownRegistration(r *http.Request, realm *realm) (*tillit.Client, *tillit.Registration, string, error) {
	_, value, err := bearer(r)
	if err != nil {
		return nil, nil, "", err
	}
	refused := &Error{Code: "invalid_token", Description: "the registration access token is not one of this client"}
	id := tillit.ClientID(r.PathValue("client"))
	registration, err := p.Store.Registration(r.Context(), realm.catalog.Registry, realm.name, id)
	if errors.Is(err, tillit.ErrNotFound) {
		return nil, nil, "", refused
	}
	if err != nil {
		return nil, nil, "", err
	}
	if subtle.ConstantTimeCompare(registration.Hash, token.Hash(value)) != 1 && p.on("a registration is its client's alone") {
		return nil, nil, "", refused
	}
	client, err := p.Store.Client(r.Context(), realm.catalog.Registry, id)
	if errors.Is(err, tillit.ErrNotFound) || err == nil && (!client.Active || realm.catalog.ClientType(client.Type) == nil) {
		return nil, nil, "", refused
	}
	return client, registration, value, err
}

// changeRegistration replaces the whole of what the client told of itself: what is
// left out is gone (RFC 7592 §2.2). What others gave it stays.
func (p *Provider) changeRegistration(w http.ResponseWriter, r *http.Request, realm *realm, old *tillit.Client, registration *tillit.Registration, value string) error {
	m, err := readMetadata(r)
	if err != nil {
		return p.refuseMetadata(w, r, realm, err)
	}
	var wrong []Finding
	if m.ClientID != string(old.ID) {
		wrong = append(wrong, Finding{"client_id", "it is not the client's", string(old.ID)})
	}
	for _, name := range []string{"registration_access_token", "registration_client_uri", "client_secret_expires_at", "client_id_issued_at"} {
		if m.sent[name] {
			wrong = append(wrong, Finding{name, "it is the provider's to give", "to leave it out"})
		}
	}
	if m.ClientSecret != "" && !p.Secrets.CheckSecret(m.ClientSecret, old.Secrets, p.now()) {
		wrong = append(wrong, Finding{"client_secret", "it is not the client's; a client does not choose its secret", "to leave it out"})
	}
	if len(wrong) > 0 {
		return p.refuseMetadata(w, r, realm, &metadataError{wrong})
	}
	client, err := p.described(r.Context(), realm, m, old)
	if err != nil {
		return p.refuseMetadata(w, r, realm, err)
	}
	secret := ""
	if client.AuthMethod != old.AuthMethod {
		client.Secrets = nil
		if secret, err = p.giveSecret(realm, client); err != nil {
			return err
		}
	}
	record := &tillit.AuditRecord{Realm: realm.name, Time: p.now(), Event: "client_changed", Client: client.ID}
	err = p.Store.ReplaceClient(r.Context(), realm.catalog.Registry, client, record)
	if errors.Is(err, tillit.ErrStale) {
		return &Error{Code: "temporarily_unavailable", Description: "the client was changed at the same time, try again", Cause: err}
	}
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, p.registered(realm, client, registration, value, secret))
}

// giveSecret makes the secret of a client that has one, and notes what is kept of
// it: its hash, or where HMACs are made with it, itself, sealed.
func (p *Provider) giveSecret(realm *realm, client *tillit.Client) (string, error) {
	if !strings.HasPrefix(client.AuthMethod, "client_secret_") {
		return "", nil
	}
	secret, _ := token.NewSecret(token.Client, rand.Reader)
	keep := p.Secrets.HashSecret
	if client.AuthMethod == "client_secret_jwt" {
		keep = func(secret string) (tillit.SecretHash, error) {
			return p.SealSecret(realm.catalog.Registry, client.ID, secret)
		}
	}
	kept, err := keep(secret)
	client.Secrets = []tillit.SecretHash{kept}
	return secret, err
}

// A metadataError is everything that is wrong with what a client tells of itself.
type metadataError struct{ faults []Finding }

func (e *metadataError) Error() string {
	texts := make([]string, len(e.faults))
	for i, f := range e.faults {
		texts[i] = f.String()
	}
	return strings.Join(texts, "; ")
}

// refuseMetadata tells every fault, the first kind as the error (RFC 7591 §3.2.2).
func (p *Provider) refuseMetadata(w http.ResponseWriter, r *http.Request, realm *realm, err error) error {
	var wrong *metadataError
	if !errors.As(err, &wrong) {
		return err
	}
	code := "invalid_client_metadata"
	if slices.ContainsFunc(wrong.faults, func(f Finding) bool { return strings.HasPrefix(f.Path, "redirect_uris") }) {
		code = "invalid_redirect_uri"
	}
	p.log(r, realm, refuse(code, "%s", wrong))
	return writeJSON(w, http.StatusBadRequest, map[string]any{"error": code, "error_description": clean(wrong.Error()), "faults": wrong.faults})
}

// readMetadata reads the JSON object of a registration. Members that nobody here
// knows are ignored (RFC 7591 §2).
func readMetadata(r *http.Request) (*metadata, error) {
	malformed := func(message, right string) error { return &metadataError{[]Finding{{"", message, right}}} }
	mediaType, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || mediaType != "application/json" {
		return nil, malformed("the body is not application/json", "a JSON object")
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, maxMetadata+1))
	if err != nil || len(body) > maxMetadata {
		return nil, malformed("the body cannot be read or is too large", "at most 64 KiB")
	}
	return parseMetadata(body)
}

func parseMetadata(body []byte) (*metadata, error) {
	var all map[string]json.RawMessage
	if err := json.Unmarshal(body, &all); err != nil || all == nil || !isText(string(body)) {
		return nil, &metadataError{[]Finding{{"", "the body is no JSON object", `{"redirect_uris": […], …}`}}}
	}
	m := &metadata{sent: make(map[string]bool, len(all))}
	var wrong []Finding
	for name, raw := range all {
		m.sent[name] = true
		into := m.member(name)
		if into == nil {
			continue
		}
		if err := json.Unmarshal(raw, into); err != nil {
			wrong = append(wrong, Finding{name, "it is of another kind", kindOf(into)})
		}
	}
	if len(wrong) > 0 {
		slices.SortFunc(wrong, func(a, b Finding) int { return strings.Compare(a.Path, b.Path) })
		return nil, &metadataError{wrong}
	}
	return m, nil
}

func kindOf(into any) string {
	switch into.(type) {
	case *[]string:
		return "a list of strings"
	case *bool:
		return "true or false"
	}
	return "a string"
}
