package main

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
)

// A provider is what a client needs to know of a running target.
type provider struct {
	Origin    string
	Discovery string
	Service   credentials // gets tokens for itself
	Web       credentials // signs people in
	Resource  credentials // introspects
	Redirect  string
	Scope     string // of the code flow
	Access    string // scope of client_credentials; "" asks for none
	Offline   string // scope with which refresh tokens are given
	Opaque    bool   // only access tokens of people can be introspected: those of services are not kept
	Person    person

	metadata struct {
		Authorization string `json:"authorization_endpoint"`
		Token         string `json:"token_endpoint"`
		UserInfo      string `json:"userinfo_endpoint"`
		Introspection string `json:"introspection_endpoint"`
	}
}

type credentials struct{ ID, Secret string }

// A worker is one connection; what it holds is its own.
type worker struct {
	p         *provider
	transport http.RoundTripper
	client    *http.Client
	access    string
	refresh   string
}

// An operation is what is counted as one request.
type operation struct {
	name    string
	prepare func(*worker) error
	run     func(*worker) error
}

// operations lists all there are, in the order of the report.
var operations = []operation{
	{"client_credentials", nil, (*worker).clientCredentials},
	{"flow", nil, func(w *worker) error { _, err := w.flow(""); return err }},
	{"refresh", (*worker).signIn, (*worker).renew},
	{"introspection", (*worker).known, (*worker).introspect},
	{"userinfo", (*worker).signIn, (*worker).userinfo},
	{"discovery", nil, func(w *worker) error { return w.get(w.p.Discovery, "", nil) }},
}

// A tokens is an answer of the token endpoint.
type tokens struct {
	Access  string `json:"access_token"`
	Refresh string `json:"refresh_token"`
	ID      string `json:"id_token"`
}

func (w *worker) clientCredentials() error {
	form := url.Values{"grant_type": {"client_credentials"}}
	if w.p.Access != "" {
		form.Set("scope", w.p.Access)
	}
	var got tokens
	if err := w.post(w.p.metadata.Token, w.p.Service, form, &got); err != nil {
		return err
	}
	w.access = got.Access
	return nonempty("access_token", got.Access)
}

// flow signs a person in with a new browser, agrees, and redeems the code (PKCE).
func (w *worker) flow(more string) (*tokens, error) {
	b, err := newBrowser(w.transport, w.p.Origin, w.p.Person)
	if err != nil {
		return nil, err
	}
	verifier := rand.Text() + rand.Text()
	digest := sha256.Sum256([]byte(verifier))
	query := url.Values{
		"response_type": {"code"}, "client_id": {w.p.Web.ID}, "redirect_uri": {w.p.Redirect}, "scope": {strings.TrimSpace(w.p.Scope + " " + more)},
		"state": {rand.Text()}, "nonce": {rand.Text()}, "code_challenge_method": {"S256"},
		"code_challenge": {base64.RawURLEncoding.EncodeToString(digest[:])},
	}
	if more != "" {
		query.Set("prompt", "consent")
	}
	back, err := b.walk(w.p.metadata.Authorization+"?"+query.Encode(), w.p.Redirect)
	if err != nil {
		return nil, err
	}
	if back.Get("state") != query.Get("state") {
		return nil, fmt.Errorf("authorization: the state came back changed")
	}
	got := new(tokens)
	err = w.post(w.p.metadata.Token, w.p.Web, url.Values{
		"grant_type": {"authorization_code"}, "code": {back.Get("code")}, "redirect_uri": {w.p.Redirect}, "code_verifier": {verifier},
	}, got)
	if err == nil {
		err = nonempty("id_token", got.ID)
	}
	return got, err
}

func (w *worker) signIn() error {
	got, err := w.flow(w.p.Offline)
	if err != nil {
		return err
	}
	w.access, w.refresh = got.Access, got.Refresh
	return nil
}

func (w *worker) renew() error {
	var got tokens
	err := w.post(w.p.metadata.Token, w.p.Web, url.Values{"grant_type": {"refresh_token"}, "refresh_token": {w.refresh}}, &got)
	if err != nil {
		return err
	}
	if got.Refresh != "" {
		w.refresh = got.Refresh
	}
	return nonempty("access_token", got.Access)
}

// known gets a token that the provider can be asked about.
func (w *worker) known() error {
	if w.p.Opaque {
		return w.signIn()
	}
	return w.clientCredentials()
}

func (w *worker) introspect() error {
	var got struct{ Active bool }
	err := w.post(w.p.metadata.Introspection, w.p.Resource, url.Values{"token": {w.access}}, &got)
	if err == nil && !got.Active {
		err = fmt.Errorf("introspection: a good token is not active")
	}
	return err
}

func (w *worker) userinfo() error {
	return w.get(w.p.metadata.UserInfo, w.access, nil) // JSON, or a signed JWT
}

func nonempty(name, value string) error {
	if value == "" {
		return fmt.Errorf("the answer has no %s", name)
	}
	return nil
}

func (w *worker) post(address string, who credentials, form url.Values, into any) error {
	req, err := http.NewRequest(http.MethodPost, address, strings.NewReader(form.Encode()))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.SetBasicAuth(url.QueryEscape(who.ID), url.QueryEscape(who.Secret))
	return w.do(req, into)
}

func (w *worker) get(address, token string, into any) error {
	req, err := http.NewRequest(http.MethodGet, address, nil)
	if err != nil {
		return err
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	return w.do(req, into)
}

// do sends a request; nil into: the body is read and not looked at.
func (w *worker) do(req *http.Request, into any) error {
	resp, err := w.client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return err
	}
	if resp.StatusCode != http.StatusOK {
		var refused struct{ Error string }
		_ = json.Unmarshal(body, &refused) // another body than JSON has no code to tell
		return fmt.Errorf("%s: status %d %s", req.URL.Path, resp.StatusCode, refused.Error)
	}
	if into == nil {
		return nonempty("body", string(body))
	}
	return json.Unmarshal(body, into)
}
