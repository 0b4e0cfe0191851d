package dev

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/tillit/tillit"
	"github.com/tillit/tillit/internal/demo"
)

// maxForm bounds a form of the playground, in bytes.
const maxForm = 64 << 10

// start begins a run: an authorization request in the browser, or a token
// request at once where no person takes part.
func (p *playground) start(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	if err := r.ParseForm(); err != nil {
		p.tell(w, http.StatusBadRequest, message{Heading: "The form cannot be read", Text: "Go back and try again."})
		return
	}
	realm, client, err := p.client(r.PostForm.Get("realm"), r.PostForm.Get("client"))
	if err != nil {
		p.tell(w, http.StatusNotFound, message{Heading: "Unknown client", Text: err.Error()})
		return
	}
	m, err := discover(r.Context(), p.HTTP, realm.Issuer)
	if err != nil {
		p.fault(w, "Discovery failed", err)
		return
	}
	began, err := p.begin(w, r, realm, client)
	if err != nil {
		p.fault(w, "No randomness", err)
		return
	}
	if !slices.Contains(client.GrantTypes, "authorization_code") {
		form := url.Values{"grant_type": {"client_credentials"}}
		if scope := tillit.JoinScopes(began.Asked); scope != "" {
			form.Set("scope", scope)
		}
		p.settle(r, began, m, client, form)
		http.Redirect(w, r, "/dev/result?run="+began.ID, http.StatusSeeOther)
		return
	}
	query, err := authorizationRequest(r.PostForm, began, client, p.Base)
	if err != nil {
		p.tell(w, http.StatusBadRequest, message{Heading: "This cannot be asked", Text: err.Error()})
		return
	}
	began.Request = address(m.Authorization, query)
	p.runs.put(began)
	http.Redirect(w, r, began.Request, http.StatusSeeOther)
}

// begin makes a run with a state, a nonce and a verifier of its own.
func (p *playground) begin(w http.ResponseWriter, r *http.Request, realm demo.FixtureRealm, client demo.FixtureClient) (*run, error) {
	browser, err := p.browser(w, r)
	if err != nil {
		return nil, err
	}
	made := make([]string, 4)
	for i := range made {
		if made[i], err = secret(p.Random); err != nil {
			return nil, err
		}
	}
	return &run{
		ID: made[0], State: made[1], Nonce: made[2], Verifier: made[3], Browser: browser,
		Realm: realm.Name, Client: client.ID, Asked: asked(r.PostForm), Began: p.Now(),
	}, nil
}

// asked gives the ticked scopes and those typed, each once.
func asked(form url.Values) []tillit.ScopeName {
	var list []tillit.ScopeName
	for _, name := range append(slices.Clone(form["scope"]), strings.Fields(form.Get("further"))...) {
		if scope := tillit.ScopeName(name); !slices.Contains(list, scope) {
			list = append(list, scope)
		}
	}
	return list
}

func authorizationRequest(form url.Values, r *run, client demo.FixtureClient, base string) (url.Values, error) {
	query := url.Values{
		"response_type": {"code"}, "client_id": {string(client.ID)}, "redirect_uri": {base + "/callback"},
		"state": {r.State}, "nonce": {r.Nonce},
		"code_challenge": {challenge(r.Verifier)}, "code_challenge_method": {"S256"},
	}
	if scope := tillit.JoinScopes(r.Asked); scope != "" {
		query.Set("scope", scope)
	}
	if prompt := strings.Join(form["prompt"], " "); prompt != "" {
		query.Set("prompt", prompt)
	}
	for _, name := range []string{"acr_values", "ui_locales"} {
		if value := form.Get(name); value != "" {
			query.Set(name, value)
		}
	}
	if age := strings.TrimSpace(form.Get("max_age")); age != "" {
		if n, err := strconv.ParseInt(age, 10, 64); err != nil || n < 0 {
			return nil, errors.New("max_age: right would be a whole number of seconds, 0 or more")
		}
		query.Set("max_age", age)
	}
	if len(form["claim"]) > 0 {
		claims, err := claimsParameter(form["claim"])
		if err != nil {
			return nil, err
		}
		query.Set("claims", claims)
	}
	return query, nil
}

// claimsParameter asks for claims singly, at UserInfo (OIDC Core §5.5).
func claimsParameter(names []string) (string, error) {
	members := map[string]any{}
	for _, name := range names {
		members[name] = nil
	}
	text, err := json.Marshal(map[string]any{"userinfo": members})
	return string(text), err
}

// address adds a query to an endpoint that may have one already (RFC 6749 §3.1).
func address(endpoint string, query url.Values) string {
	separator := "?"
	if strings.Contains(endpoint, "?") {
		separator = "&"
	}
	return endpoint + separator + query.Encode()
}
