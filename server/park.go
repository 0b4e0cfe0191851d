package server

import (
	"encoding/json"
	"net/http"

	"github.com/tillit/tillit"
	"github.com/tillit/tillit/token"
)

// parked is the purpose of an interaction that holds a request from another
// site's form. Browsers withhold our cookies from such a POST; reading it as it
// came would take a signed-in person for a stranger, and setting a cookie would
// throw the old one away. So the request is kept and answered with a redirect
// to itself, before any session is read.
const parked = "parked"

type parkedRequest struct {
	Endpoint string `json:"endpoint"` // authorize, logout
	Query    string `json:"query"`
}

func (p *Provider) park(w http.ResponseWriter, r *http.Request, realm *realm, endpoint string, sent params) error {
	stored, err := json.Marshal(parkedRequest{endpoint, sent.Encode()})
	if err != nil {
		return err
	}
	now := p.now()
	i := &tillit.Interaction{
		Realm: realm.name, ID: newID(), Browser: token.Hash(newID()), Purpose: parked, Client: tillit.ClientID(sent.Get("client_id")),
		Request: stored, Catalog: realm.catalog.Version, Created: now, Expires: now + interactionLifetime,
	}
	if err := p.Store.SaveInteraction(r.Context(), i); err != nil {
		return err
	}
	return p.back(w, r, realm, i)
}

// unpark goes on with the request as if it had just come, cookies and all.
func (p *Provider) unpark(w http.ResponseWriter, r *http.Request, realm *realm, i *tillit.Interaction) error {
	var request parkedRequest
	if err := json.Unmarshal(i.Request, &request); err != nil {
		return err
	}
	sent, err := parseParams(request.Query)
	if err != nil {
		return err
	}
	if r.Method != http.MethodGet {
		return &Error{Code: "invalid_request", Description: "this page takes no form", Status: http.StatusMethodNotAllowed}
	}
	if request.Endpoint == "logout" {
		return p.beginLogout(w, r, realm, sent)
	}
	a := &authorization{realm: realm, catalog: realm.catalog, params: sent}
	if err := p.check(r, a); err != nil {
		return p.refuseAuthorization(w, r, a, err)
	}
	return p.begin(w, r, a)
}
