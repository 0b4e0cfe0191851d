package server

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/tillit/tillit"
	"github.com/tillit/tillit/token"
)

// codeLifetime is how long a code can be redeemed (seconds; RFC 6749 §4.1.2
// recommends a short one, FAPI 2.0 at most 60).
const codeLifetime = 60

// answer carries the decision out: one commit stores the code with the grant it
// stands for, what is remembered and the audit record; then the browser goes.
func (p *Provider) answer(w http.ResponseWriter, r *http.Request, a *authorization, i *tillit.Interaction, decision *tillit.Decision) error {
	ctx := r.Context()
	if err := p.spendPushed(ctx, a); err != nil {
		return p.refuseIn(w, r, a, i, err)
	}
	if i == nil {
		// Nothing had to be asked. The request becomes an interaction all the
		// same, so that one verb ends both kinds.
		i = p.unasked(r, a)
		if err := p.Store.SaveInteraction(ctx, i); err != nil {
			return err
		}
	}
	value, err := p.codeValue(ctx, a.realm, i)
	if err != nil {
		return err
	}
	record, err := p.record(ctx, a, "decided", decision)
	if err != nil {
		return err
	}
	var code *tillit.Code
	var fields [][2]string
	if a.ask.Answers("code") {
		code = p.code(a, i, decision, value)
		record.Grant = code.Grant.ID
		fields = append(fields, [2]string{"code", value})
	} else {
		value = ""
	}
	var grant *tillit.Grant
	if a.ask.Answers("token") || a.ask.Answers("id_token") {
		var front [][2]string
		if grant, front, record.JTI, err = p.frontChannel(ctx, a, i, decision, value); err != nil {
			return p.refuseIn(w, r, a, i, err)
		}
		record.Grant = grant.ID
		if code != nil {
			code.Grant.Context.Front = grant.ID
		}
		fields = append(fields, front...)
	}
	err = p.Store.FinishInteraction(ctx, i, code, grant, p.toRemember(a, i), record)
	if errors.Is(err, tillit.ErrStale) {
		return p.back(w, r, a.realm, i)
	}
	if err != nil {
		return err
	}
	return p.respond(w, r, a, fields)
}

// code is the authorization code and the grant it stands for.
func (p *Provider) code(a *authorization, i *tillit.Interaction, decision *tillit.Decision, value string) *tillit.Code {
	return &tillit.Code{
		Realm: a.realm.name, Hash: token.Hash(value), Client: a.client.ID, RedirectURI: a.request.RedirectURI,
		Challenge: a.request.Challenge, Grant: *p.grant(a, i, decision), Expires: p.now() + codeLifetime,
	}
}

func (p *Provider) unasked(r *http.Request, a *authorization) *tillit.Interaction {
	now := p.now()
	i := &tillit.Interaction{
		Realm: a.realm.name, ID: newID(), Browser: a.realm.cookie(r, browserCookie), Purpose: "authorize", Client: a.client.ID,
		Request: json.RawMessage("{}"), Ask: a.ask, Facts: a.facts, Context: a.context, Catalog: a.catalog.Version,
		Created: now, Expires: now + interactionLifetime, Language: p.language(r, a.realm, a.request.UILocales),
	}
	if i.Browser == nil {
		i.Browser = token.Hash(newID())
	}
	if a.person != nil {
		i.Person = a.person.ID
	}
	return i
}

// codeValue makes the code of an interaction. It is derived from a secret of the
// realm, so that a form sent twice gets the same answer twice although only the
// code's hash is kept.
func (p *Provider) codeValue(ctx context.Context, realm *realm, i *tillit.Interaction) (string, error) {
	key, err := p.Secret(ctx, realm.name, "code")
	if err != nil {
		return "", err
	}
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte("authorization code\x00" + realm.name + "\x00" + i.ID))
	return "tc_" + base64.RawURLEncoding.EncodeToString(mac.Sum(nil)), nil
}

// answerAgain answers a form that was sent twice, or a reload after the answer.
// What was issued at once is not kept, and so not answered again; nor is the code
// beside it, which alone would be another answer than the one asked for.
func (p *Provider) answerAgain(w http.ResponseWriter, r *http.Request, a *authorization, i *tillit.Interaction) error {
	answered := &Error{Code: "expired", Description: "this page has already been answered", Status: http.StatusBadRequest}
	if a.ask.Answers("token") || a.ask.Answers("id_token") {
		return answered
	}
	value, err := p.codeValue(r.Context(), a.realm, i)
	if err != nil {
		return err
	}
	code, err := p.Store.Code(r.Context(), a.realm.name, token.Hash(value))
	if errors.Is(err, tillit.ErrNotFound) || err == nil && (code.Spent != 0 || code.Expires <= p.now()) {
		return answered
	}
	if err != nil {
		return err
	}
	return p.respond(w, r, a, [][2]string{{"code", value}})
}

// grant is what the decision comes to, until it is stored with the code.
func (p *Provider) grant(a *authorization, i *tillit.Interaction, decision *tillit.Decision) *tillit.Grant {
	now := p.now()
	g := &tillit.Grant{
		ID: newID(), Realm: a.realm.name, Client: a.client.ID, Person: a.person.ID, Subject: a.facts.SignIn.Subject,
		Session: a.sid, Ask: a.ask, Facts: a.facts, Shape: decision.Shape, Context: a.context, Language: i.Language,
		Catalog: a.catalog.Version, Revision: a.client.Revision, Created: now,
	}
	g.Facts.Access = nil
	if decision.Shape.Whole > 0 && p.on("a grant ends") {
		g.Expires = now + decision.Shape.Whole
	}
	return g
}

// toRemember lists what the person agreed to now and need not be asked again.
func (p *Provider) toRemember(a *authorization, i *tillit.Interaction) []tillit.Remembered {
	var list []tillit.Remembered
	for _, agreement := range a.facts.Consent.Agreed {
		item := tillit.ConsentItem{Name: agreement.Item, Claim: a.catalog.Scope(tillit.ScopeName(agreement.Item)) == nil}
		if agreement.Now && p.remembers(a, item) {
			list = append(list, tillit.Remembered{
				Realm: a.realm.name, Person: a.person.ID, Client: a.client.ID, Agreement: agreement, Language: i.Language,
			})
		}
	}
	return list
}

// respond sends the response to the client in the mode it asked for, with state
// and iss (RFC 9207) on success and failure alike. 303, never 307: the browser
// must not repeat a form at the client (RFC 9700 §4.12).
func (p *Provider) respond(w http.ResponseWriter, r *http.Request, a *authorization, fields [][2]string) error {
	if a.request.State != "" && p.on("state in responses") {
		fields = append(fields, [2]string{"state", a.request.State})
	}
	if p.on("iss in responses") && !strings.HasSuffix(a.request.ResponseMode, "jwt") {
		fields = append(fields, [2]string{"iss", a.realm.issuer})
	}
	mode, signed := strings.CutSuffix(a.request.ResponseMode, "jwt")
	mode = strings.TrimSuffix(mode, ".")
	if signed {
		var err error
		if fields, err = p.signResponse(r.Context(), a, fields); err != nil {
			return err
		}
		if mode == "" {
			mode = defaultMode(a.ask.ResponseType)
		}
	}
	if mode == "form_post" {
		model := FormPost{Action: a.request.RedirectURI}
		for _, field := range fields {
			model.Fields = append(model.Fields, HiddenField{field[0], field[1]})
		}
		return p.page(w, r, a.realm, http.StatusOK, "form_post", p.language(r, a.realm, nil), a.request.RedirectURI, model)
	}
	values := url.Values{}
	for _, field := range fields {
		values.Set(field[0], field[1])
	}
	target := a.request.RedirectURI
	if mode == "fragment" {
		target += "#" + values.Encode()
	} else {
		target = withQuery(target, values)
	}
	w.Header().Set("Location", target)
	w.WriteHeader(http.StatusSeeOther)
	return nil
}

// responseLifetime bounds a signed response (seconds; JARM §2.1 recommends at
// most ten minutes).
const responseLifetime = 600

// signResponse puts the response into one JWT (JARM §2.1). iss, aud and exp
// stand inside; the plain iss parameter is not needed beside it.
func (p *Provider) signResponse(ctx context.Context, a *authorization, fields [][2]string) ([][2]string, error) {
	claims := members{"iss": a.realm.issuer, "aud": string(a.client.ID), "exp": p.now() + responseLifetime}
	for _, field := range fields {
		claims[field[0]] = field[1]
	}
	body, err := json.Marshal(claims)
	if err != nil {
		return nil, err
	}
	signed, err := p.Keys.Sign(ctx, a.realm.name, algorithmOf(a.catalog, a.client, a.client.AuthorizationAlg), "JWT", body)
	return [][2]string{{"response", signed}}, err
}

// defaultMode is where a response goes unless the client says: into the fragment
// where tokens are asked for, else into the query, also for what is not
// understood (OAuth 2.0 Multiple Response Types §2.1).
func defaultMode(responseType string) string {
	if list := words(responseType); slices.Contains(list, "token") || slices.Contains(list, "id_token") {
		return "fragment"
	}
	return "query"
}
