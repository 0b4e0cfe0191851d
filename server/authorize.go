package server

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"

	"github.com/tillit/tillit"
)

// interactionLifetime bounds how long a person may take (seconds).
const interactionLifetime = 600

// An authorization is one request at the authorization endpoint on its way.
type authorization struct {
	realm   *realm
	catalog *tillit.Catalog // the dialect the request speaks
	client  *tillit.Client
	params  params
	request request
	ask     tillit.Ask
	facts   tillit.Facts
	context tillit.Context
	person  *tillit.Person
	hint    *hint  // id_token_hint, verified
	sealed  bool   // the parameters came encrypted
	sid     string // of the session or sign-in
}

// A request is what the endpoint needs to answer; it is stored with the
// interaction.
type request struct {
	RedirectURI  string   `json:"redirect_uri"`
	ResponseMode string   `json:"response_mode"`
	State        string   `json:"state,omitempty"`
	Nonce        string   `json:"nonce,omitempty"`
	Challenge    string   `json:"code_challenge,omitempty"`
	UILocales    []string `json:"ui_locales,omitempty"`
	Username     string   `json:"username,omitempty"`   // prefilled from login_hint
	HintTyped    bool     `json:"hint_typed,omitempty"` // it came from login_hint, not from a form
	Named        string   `json:"named,omitempty"`      // whom login_hint names for its way
	Hinted       string   `json:"hinted,omitempty"`     // way chosen by login_hint
	Way          string   `json:"way,omitempty"`        // way chosen on the page
	SID          string   `json:"sid,omitempty"`
	Pushed       string   `json:"pushed,omitempty"` // id of the pushed request
	trusted      bool     // the redirect URI may be used
}

// authorize serves the authorization endpoint (OIDC Core §3.1.2), GET and POST.
func (p *Provider) authorize(w http.ResponseWriter, r *http.Request, realm *realm) error {
	sent, err := readAuthorization(r)
	if err != nil {
		return err
	}
	a := &authorization{realm: realm, catalog: realm.catalog, params: sent}
	if err := p.check(r, a); err != nil {
		return p.refuseAuthorization(w, r, a, err)
	}
	if r.Method == http.MethodPost && crossSite(r) {
		return p.park(w, r, a.realm, "authorize", sent) // as it came: a request_uri is still to be used up
	}
	return p.begin(w, r, a)
}

// begin goes on with a request that has passed the checks.
func (p *Provider) begin(w http.ResponseWriter, r *http.Request, a *authorization) error {
	if err := p.gather(r, a); err != nil {
		return p.refuseAuthorization(w, r, a, err)
	}
	return p.proceed(w, r, a, nil)
}

func readAuthorization(r *http.Request) (params, error) {
	if r.Method == http.MethodPost {
		return readForm(r)
	}
	return parseQuery(r)
}

// proceed decides, and shows the page of the first need, answers, or refuses.
// i is the interaction the request is in, nil for one that is not yet kept.
func (p *Provider) proceed(w http.ResponseWriter, r *http.Request, a *authorization, i *tillit.Interaction) error {
	decision := p.decide(r.Context(), a.catalog, a.client, &a.ask, &a.facts)
	switch {
	case decision.Refused != nil:
		p.recordRefusal(r.Context(), a, &decision)
		return p.refuseIn(w, r, a, i, a.realm.refusal(a.catalog, decision.Refused, &a.facts))
	case len(decision.Needs) > 0 && a.ask.Prompts("none"):
		p.recordRefusal(r.Context(), a, &decision)
		return p.refuseIn(w, r, a, i, withoutPage(&decision.Needs[0]))
	case len(decision.Needs) > 0 && i == nil:
		return p.keep(w, r, a, decision.Needs)
	case len(decision.Needs) > 0:
		return p.show(w, r, a, i, &decision, "")
	}
	return p.answer(w, r, a, i, &decision)
}

// withoutPage is the error of prompt=none (OIDC Core §3.1.2.6).
func withoutPage(need *tillit.Need) *Error {
	switch need.Kind {
	case tillit.NeedSignIn:
		return refuse("login_required", "nobody is signed in well enough, and prompt=none forbids asking")
	case tillit.NeedConsent:
		return refuse("consent_required", "the person has not agreed, and prompt=none forbids asking")
	}
	return refuse("interaction_required", "a page must be shown, and prompt=none forbids it")
}

// gather collects the facts: an id_token_hint that signs in, a session, what was
// agreed to earlier, what organizations were let in to.
func (p *Provider) gather(r *http.Request, a *authorization) error {
	ctx := r.Context()
	a.facts.Now = p.now()
	if err := p.gatherAccess(ctx, a.realm, a.catalog, a.client, &a.ask, &a.facts); err != nil {
		return err
	}
	if err := p.gatherHint(ctx, a); err != nil {
		return err
	}
	if a.facts.SignIn == nil && a.catalog.Settings.SingleSignOn != nil {
		if err := p.gatherSession(r, a); err != nil {
			return err
		}
	}
	return p.gatherConsent(ctx, a)
}

// keep stores the request as an interaction and sends the browser to its page.
func (p *Provider) keep(w http.ResponseWriter, r *http.Request, a *authorization, needs []tillit.Need) error {
	browser := p.browser(w, r, a.realm)
	a.request.SID = a.sid
	stored, err := json.Marshal(a.request)
	if err != nil {
		return err
	}
	now := p.now()
	i := &tillit.Interaction{
		Realm: a.realm.name, ID: newID(), Browser: browser, Purpose: "authorize", Client: a.client.ID,
		Request: stored, Ask: a.ask, Facts: a.facts, Context: a.context, Catalog: a.catalog.Version,
		Language: p.language(r, a.realm, a.request.UILocales),
		Created:  now, Expires: now + interactionLifetime,
	}
	if a.person != nil {
		i.Person = a.person.ID
	}
	if err := p.admit(r.Context(), a, i, needs); err != nil {
		return p.refuseIn(w, r, a, nil, err)
	}
	if err := p.Store.SaveInteraction(r.Context(), i); err != nil {
		return err
	}
	http.Redirect(w, r, a.realm.endpoint("/interact/"+i.ID), http.StatusSeeOther)
	return nil
}

// refuseAuthorization tells a refusal by redirect where the redirect URI can be
// trusted, else on a page.
func (p *Provider) refuseAuthorization(w http.ResponseWriter, r *http.Request, a *authorization, err error) error {
	return p.refuseIn(w, r, a, nil, err)
}

func (p *Provider) refuseIn(w http.ResponseWriter, r *http.Request, a *authorization, i *tillit.Interaction, err error) error {
	if !a.request.trusted {
		return err
	}
	e := asError(err)
	p.log(r, a.realm, e)
	if i != nil {
		err := p.Store.FinishInteraction(r.Context(), i, nil, nil, nil, nil)
		if err != nil && !errors.Is(err, tillit.ErrStale) {
			return err
		}
	}
	fields := [][2]string{{"error", e.Code}, {"error_description", e.Description}}
	if e.Code == "server_error" && e.Cause != nil {
		fields = fields[:1]
	}
	return p.respond(w, r, a, fields)
}

// crossSite reports whether another site's page sent the request (Fetch
// metadata; RFC 6265bis same-site cookies are withheld from such POSTs).
func crossSite(r *http.Request) bool {
	site := r.Header.Get("Sec-Fetch-Site")
	return site == "cross-site" || site == "" && r.Header.Get("Origin") != "" && !sameOrigin(r)
}

func sameOrigin(r *http.Request) bool {
	_, host, found := strings.Cut(r.Header.Get("Origin"), "://")
	return found && host == r.Host
}
