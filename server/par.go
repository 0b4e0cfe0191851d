package server

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/tillit/tillit"
	"github.com/tillit/tillit/token"
)

// pushed is the purpose of an interaction that holds a pushed request.
const pushed = "pushed"

type pushedRequest struct {
	Query string `json:"query"`
}

// feature reports whether the realm has switched an optional protocol feature on.
func feature(c *tillit.Catalog, name string) bool { return slices.Contains(c.Request.Features, name) }

// pushedAuthorization serves the pushed authorization request endpoint (RFC 9126
// §2). The request is judged whole, now: scope, resource and details included.
func (p *Provider) pushedAuthorization(w http.ResponseWriter, r *http.Request, realm *realm) error {
	if !feature(realm.catalog, "par") {
		return &Error{Code: "not_found", Description: "pushed requests are not part of this realm", Status: http.StatusNotFound}
	}
	form, err := parseForm(r)
	if err != nil {
		return err
	}
	client, err := p.authenticateClient(r, realm, form, true)
	if err != nil {
		return err
	}
	if form.has("request_uri") {
		return refuse("invalid_request", "a pushed request cannot name another one by request_uri")
	}
	form.Set("client_id", string(client.ID))
	jkt, err := p.proofOf(r, realm, client, "", form.Get("dpop_jkt"))
	if err != nil {
		return err
	}
	if jkt != "" {
		form.Set("dpop_jkt", jkt)
	}
	a := &authorization{realm: realm, catalog: realm.catalog, params: form}
	a.ask.Pushed = true
	if err := p.check(r, a); err != nil {
		return err
	}
	a.facts.Now = p.now()
	if err := p.gatherAccess(r.Context(), realm, a.catalog, a.client, &a.ask, &a.facts); err != nil {
		return err
	}
	if decision := p.decide(r.Context(), a.catalog, a.client, &a.ask, &a.facts); decision.Refused != nil {
		return a.realm.refusal(a.catalog, decision.Refused, &a.facts)
	}
	id, err := p.savePushed(r.Context(), realm, client, form)
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusCreated, map[string]any{"request_uri": realm.catalog.Request.PushedPrefix + id, "expires_in": realm.catalog.Request.PushedLifetime})
}

// savePushed keeps the request, for as long as somebody who opened it in time may
// take to answer. Credentials have done their work and stay out.
func (p *Provider) savePushed(ctx context.Context, realm *realm, client *tillit.Client, form params) (string, error) {
	for _, name := range []string{"client_secret", "client_assertion", "client_assertion_type"} {
		form.Del(name)
	}
	stored, err := json.Marshal(pushedRequest{form.Encode()})
	if err != nil {
		return "", err
	}
	now := p.now()
	i := &tillit.Interaction{
		Realm: realm.name, ID: newID() + newID(), Browser: token.Hash(newID()), Purpose: pushed, Client: client.ID, Request: stored,
		Catalog: realm.catalog.Version, Created: now, Expires: now + realm.catalog.Request.PushedLifetime + interactionLifetime,
	}
	return i.ID, p.Store.SaveInteraction(ctx, i)
}

// readPushed puts the pushed parameters in place of those of the request; what
// stands beside request_uri is ignored.
func (p *Provider) readPushed(r *http.Request, a *authorization) error {
	uri := a.params.Get("request_uri")
	id, ours := strings.CutPrefix(uri, a.realm.catalog.Request.PushedPrefix)
	if !ours || !feature(a.realm.catalog, "par") {
		return nil
	}
	wrong := refuse("invalid_request_uri", "the request_uri is not known, has expired or was used")
	i, err := p.Store.Interaction(r.Context(), a.realm.name, id, p.now())
	if errors.Is(err, tillit.ErrNotFound) || err == nil && (i.Purpose != pushed || p.usedUp(a.realm, i)) {
		return wrong
	}
	if err != nil {
		return err
	}
	if a.params.Get("client_id") != string(i.Client) {
		return refuse("invalid_request", "the request_uri belongs to another client")
	}
	var request pushedRequest
	if err := json.Unmarshal(i.Request, &request); err != nil {
		return err
	}
	if a.params, err = parseParams(request.Query); err != nil {
		return err
	}
	a.ask.Pushed, a.request.Pushed = true, id
	return nil
}

// usedUp reports whether a pushed request has come to its end: answered, or never
// opened in time.
func (p *Provider) usedUp(realm *realm, i *tillit.Interaction) bool {
	answered := i.Done != 0 && p.on("a request_uri is used once")
	expired := i.Created+realm.catalog.Request.PushedLifetime <= p.now() && p.on("a request_uri expires")
	return answered || expired
}

// spendPushed uses the request up when the authorization completes: until then a
// reload before signing in still works (RFC 9126 §7.3).
func (p *Provider) spendPushed(ctx context.Context, a *authorization) error {
	if a.request.Pushed == "" || !p.on("a request_uri is used once") {
		return nil
	}
	i, err := p.Store.Interaction(ctx, a.realm.name, a.request.Pushed, 0)
	if err == nil {
		err = p.Store.FinishInteraction(ctx, i, nil, nil, nil, nil)
	}
	if errors.Is(err, tillit.ErrNotFound) || errors.Is(err, tillit.ErrStale) {
		return refuse("invalid_request_uri", "the request_uri was used before")
	}
	return err
}
